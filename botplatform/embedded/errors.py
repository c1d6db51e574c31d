import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USE_DATABASE_URL = "set DATABASE_URL to a PostgreSQL 15 or newer"


class EmbeddedServerError(Exception):
    """The message is for people: what happened and what to do."""


class StillStartingError(EmbeddedServerError):
    """The server is on its way, only not in time."""


def tell(message: str) -> None:
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turns what the operating system refused into a message about the folder."""
    try:
        yield
    except OSError as error:
        place = error.filename or folder
        advice = {
            errno.ENOSPC: "Free some disk space and try again.",
            errno.EDQUOT: "Free some disk space and try again.",
            errno.EACCES: "Run as the user who owns it, or choose a folder you can write to.",
            errno.EPERM: "Run as the user who owns it, or choose a folder you can write to.",
            errno.EROFS: "Choose a folder on a disk that can be written to.",
        }.get(error.errno or 0, f"Or {USE_DATABASE_URL}.")
        raise EmbeddedServerError(
            f"The embedded PostgreSQL cannot use {folder}: {error.strerror} ({place}). {advice}"
        ) from error
