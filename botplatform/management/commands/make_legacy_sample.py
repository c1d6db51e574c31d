import json
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from botplatform.demo.fleet import DemoError, Size
from botplatform.legacy_sample.dialects import DIALECTS
from botplatform.legacy_sample.dirt import KINDS, chosen_kinds
from botplatform.legacy_sample.fleet import UNTIL, Order, checked_names
from botplatform.legacy_sample.tree import Made, make_sample

BOTS, CHATS_A_BOT, MESSAGES_A_CHAT = 2, 15, 33
PROGRESS_FROM = 50_000


class Command(BaseCommand):
    help = (
        "Writes a sample tree of legacy JSON files, to try the import on. Needs no database. "
        "The same numbers and seed make the same bytes. Kinds of dirt: " + ", ".join(KINDS) + "."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("dest", type=Path, help="a new or empty folder")
        who = parser.add_mutually_exclusive_group()
        who.add_argument(
            "--bot",
            action="append",
            metavar="NAME",
            help="one: DEST is this bot's tree; several: each gets a folder in DEST",
        )
        who.add_argument("--bots", type=int, default=BOTS, help="made up; default: %(default)s")
        parser.add_argument(
            "--conversations", type=int, help=f"of all bots; default: {CHATS_A_BOT} a bot"
        )
        parser.add_argument(
            "--messages", type=int, help=f"of all bots; default: {MESSAGES_A_CHAT} a conversation"
        )
        parser.add_argument(
            "--dirt",
            nargs="?",
            const="all",
            default="",
            metavar="KINDS",
            help="add files with dirt of these kinds, separated by commas; default: all kinds",
        )
        parser.add_argument("--dialect", choices=DIALECTS, default="mixed")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--until",
            type=_moment,
            default=UNTIL,
            metavar="TIME",
            help="when the bots stopped, such as 2025-09-01 or 2025-09-01T12:30, in UTC; "
            "default: %(default)s",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, dest: Path, **options: Any) -> None:
        try:
            order = _order(options)
            quiet = order.size.messages < PROGRESS_FROM or options["verbosity"] == 0
            with tqdm(
                total=order.size.messages, unit=" messages", unit_scale=True, disable=quiet or None
            ) as bar:
                made = make_sample(dest, order, bar.update)
        except DemoError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                f"The sample is incomplete: {error.strerror}. Delete {dest}."
            ) from error
        if options["format"] == "json":
            self.stdout.write(json.dumps(asdict(made), ensure_ascii=False))
        elif options["verbosity"] > 0:
            self._print(dest, order, made)

    def _print(self, dest: Path, order: Order, made: Made) -> None:
        self.stdout.write(
            f"{len(made.names):,} bots, {made.profiles:,} profiles, {made.conversations:,} "
            f"conversations, {made.messages:,} messages in {made.files:,} files "
            f"({made.bytes / 1e6:,.1f} MB)"
            + (f"; dirt: {', '.join(order.dirt)}, not counted" if order.dirt else "")
        )
        which = f'--bot "{made.names[0]}"' if order.one_tree else "--all-bots"
        self.stdout.write(f"Next: manage.py import_legacy_json {dest} {which}")


def _order(options: dict[str, Any]) -> Order:
    names = checked_names(options["bot"] or ())
    bots = len(names) or options["bots"]
    conversations, messages = options["conversations"], options["messages"]
    if conversations is None:
        conversations = bots * CHATS_A_BOT
    if messages is None:
        messages = conversations * MESSAGES_A_CHAT
    return Order(
        Size(bots, conversations, messages),
        options["dialect"],
        options["seed"],
        names,
        chosen_kinds(options["dirt"]),
        options["until"],
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no time such as 2025-09-01T12:30") from None
