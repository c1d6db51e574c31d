"""A process that imports slices of files; nothing here needs Django before `begin`."""

import os
import re
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import django

from legacy_import.runs.options import BotTree, Options
from legacy_import.source.records import SourceFile

_advanced: Any = None
_sessions: dict[str, Any] = {}


def begin(database: dict[str, Any], parent: int, advanced: Any) -> None:
    global _advanced
    _advanced = advanced
    # Ctrl-C is the parent's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    django.setup()
    from django.db import connection

    connection.settings_dict.update(database)


def work(tree: BotTree, options: Options, files: list[SourceFile]) -> tuple[Any, float]:
    """Returns when all of it is committed: what became of it, and the memory used at most."""
    from django.db import Error

    from legacy_import.runs.failures import failure
    from legacy_import.runs.session import open_session

    if tree.name not in _sessions:
        _close_sessions()
        _sessions[tree.name] = open_session(tree, options, _advance)
    session = _sessions[tree.name]
    try:
        session.feed(files)
        return session.drain(), peak_rss_mb()
    except Error as error:
        _close_sessions()
        # What caused an exception does not reach the other process.
        raise failure(error) or error from error
    except BaseException:
        _close_sessions()
        raise


def _close_sessions() -> None:
    while _sessions:
        _sessions.popitem()[1].close()


def peak_rss_mb() -> float:
    """Of this process; getrusage would begin with that of the process that started it."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux
        unit = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    peak = re.search(r"VmHWM:\s*([0-9]+)", status)
    return int(peak[1]) / 1024 if peak else 0.0


def _advance(size: int) -> None:
    with _advanced.get_lock():
        _advanced.value += size


def _end_with(parent: int) -> None:
    """Also when the parent was killed."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
