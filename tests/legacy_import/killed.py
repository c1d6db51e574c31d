"""Imports a tree as a command would, and is killed before its n-th SQL statement, or after a while.

python -m tests.legacy_import.killed DATABASE ROOT --at N | --after SECONDS
"""

import json
import os
import signal
import sys
import threading
import time
from itertools import count
from pathlib import Path
from typing import Any

import django


def main(database: str, root: str, how: str, number: str) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from django.db import connection
    from django.db.backends.signals import connection_created

    from legacy_import.batches import backups, batch, plan
    from legacy_import.runs.options import Options, Silent
    from legacy_import.runs.run import import_tree

    connection.settings_dict.update(json.loads(database))
    plan.MOST_BYTES = batch.MOST_BYTES = 30_000
    backups.BYTES_PART = 5_000
    statements = count(1)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def counted(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if how == "--at" and next(statements) == int(number):
            die()
        return execute(sql, params, many, context)

    def watch(connection: Any, **_: Any) -> None:
        connection.execute_wrappers.append(counted)

    connection_created.connect(watch)
    if how == "--after":
        threading.Thread(target=lambda: (time.sleep(float(number)), die()), daemon=True).start()
    report = import_tree(Options(Path(root), bot="Emma", min_age=0), Silent())
    print(report.counts.total("inserted"), report.peak_rss_mb, next(statements))


if __name__ == "__main__":
    main(*sys.argv[1:])
