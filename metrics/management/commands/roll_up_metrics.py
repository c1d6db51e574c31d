import json
import logging
import os
import time
from argparse import ArgumentTypeError
from dataclasses import asdict
from datetime import date
from math import ceil
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connection

from metrics.rollups.days import EARLIEST
from metrics.rollups.roll_up import RolledUp, bots_to_roll_up, roll_up

PROGRESS_SECONDS = 2.0
PARENT_SECONDS = 1.0
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Sums up the days of each bot that changed since the last time: late, deleted and edited "
        "messages included. May be killed, run again, and run twice at once. The first time, and "
        "after a change of METRICS_TIME_ZONE, all days."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=_date, metavar="DATE", help="again from this day on, as 2025-03-30"
        )
        parser.add_argument("--watch", type=float, metavar="SECONDS", help="again every so often")
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="watch until this process, its parent, ends"
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, **options: Any) -> None:
        since, pause = options["since"], options["watch"]
        if pause is not None and not pause > 0:
            raise CommandError("--watch: more than 0 seconds.")
        try:
            if pause is not None:
                self._watch(since, pause, options)
            else:
                self._pass(since, options)
        except KeyboardInterrupt:
            if pause is None:
                done = "The bots that were done are rolled up; the same command goes on from there."
                raise CommandError(done, returncode=130) from None

    def _watch(self, since: date | None, pause: float, options: dict[str, Any]) -> None:
        parent = options["parent"]
        # Whose end is seen soon.
        step = pause if parent is None else min(pause, PARENT_SECONDS)
        while True:
            try:
                self._pass(since, options)
                since = None
            except (DatabaseError, InterfaceError):
                log.exception("The pass failed; the next one tries again.")
                connection.close()
            for _ in range(ceil(pause / step)):
                if parent not in (None, os.getppid()):
                    return
                time.sleep(step)

    def _pass(self, since: date | None, options: dict[str, Any]) -> None:
        started = said = time.monotonic()
        bots = bots_to_roll_up()
        done: list[RolledUp] = []
        for rolled_up in roll_up(bots, since):
            done.append(rolled_up)
            if options["verbosity"] > 1:
                self.stderr.write(_line(rolled_up))
            elif options["verbosity"] and time.monotonic() > said + PROGRESS_SECONDS:
                said = time.monotonic()
                self.stderr.write(f"{len(done)} of {len(bots)} bots")
        seconds = time.monotonic() - started
        if options["format"] == "json":
            figures = {"seconds": seconds, "bots": [asdict(rolled_up) for rolled_up in done]}
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
        elif options["verbosity"]:
            self.stdout.write(_report(done, seconds))


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a day such as 2025-03-30.") from None
    if day < EARLIEST:
        raise ArgumentTypeError(f"no day before {EARLIEST} is summed up.")
    return day


def _line(rolled_up: RolledUp) -> str:
    if rolled_up.busy:
        return f"{rolled_up.name}: left to another roll-up that is at it"
    return (
        f"{rolled_up.name}: {rolled_up.days:,} days, {rolled_up.changed:,} of them changed, "
        f"{rolled_up.messages:,} messages in {rolled_up.seconds:.1f} s"
    )


def _report(done: list[RolledUp], seconds: float) -> str:
    days, changed, messages = (
        sum(getattr(each, name) for each in done) for name in ("days", "changed", "messages")
    )
    lines = [
        f"{len(done):,} bots: {days:,} days summed up, {changed:,} of them changed; "
        f"{messages:,} messages in {seconds:.1f} s"
    ]
    lines += [_line(each) for each in done if each.busy]
    return "\n".join(lines)
