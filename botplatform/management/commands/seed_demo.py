import json
import secrets
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from botplatform.demo.fleet import DemoError, Size
from botplatform.demo.seed import DemoInterrupted, Loaded, seed_demo

BOTS, CHATS_A_BOT, MESSAGES_A_CHAT = 4, 15, 33
# With --seed the data must not depend on today.
SEEDED_UNTIL = datetime(2025, 9, 1, tzinfo=UTC)
PROGRESS_FROM = 50_000
NEXT = "manage.py start"


class Command(BaseCommand):
    help = (
        "Adds a demo fleet: Russian and English bots, people, conversations and metrics of the "
        "90 days before now. It comes whole or not at all, and beside what is there: a bot whose "
        'name is taken becomes "Emma · 2".'
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bots", type=int, default=BOTS, help="default: %(default)s")
        parser.add_argument(
            "--conversations",
            type=int,
            help=f"of the whole fleet, spread unevenly; default: {CHATS_A_BOT} a bot",
        )
        parser.add_argument(
            "--messages",
            type=int,
            help="of the whole fleet, spread unevenly: most conversations are short, a few very "
            f"long; default: {MESSAGES_A_CHAT} a conversation",
        )
        parser.add_argument(
            "--seed",
            type=int,
            help="the same seed and numbers make the same rows, once in a database; their last "
            f"day is then the one before {SEEDED_UNTIL:%Y-%m-%d}, whenever they are made",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument(
            "--no-input",
            action="store_true",
            help="in production, add the demo without asking",
        )

    def handle(self, **options: Any) -> None:
        try:
            size = _size(options)
            _confirm(size, no_input=options["no_input"])
            seed, until = options["seed"], SEEDED_UNTIL
            if seed is None:
                seed, until = secrets.randbits(64), timezone.now().replace(microsecond=0)
            quiet = size.messages < PROGRESS_FROM or options["verbosity"] == 0
            # Without a terminal tqdm keeps silent when `disable` is None.
            with tqdm(
                total=size.messages, unit=" messages", unit_scale=True, disable=quiet or None
            ) as bar:
                loaded = seed_demo(size, seed, until, bar.update)
        except DemoError as error:
            raise CommandError(str(error)) from error
        except DemoInterrupted as interrupted:
            raise CommandError(f"Interrupted. {interrupted}", returncode=130) from None
        if options["format"] == "json":
            self.stdout.write(json.dumps(_figures(loaded), ensure_ascii=False))
        elif options["verbosity"] > 0:
            self._print(loaded)

    def _print(self, loaded: Loaded) -> None:
        rows = loaded.rows
        self.stdout.write(
            f"{rows['bots']:,} bots, {rows['profiles']:,} profiles, "
            f"{rows['conversations']:,} conversations, {rows['messages']:,} messages, "
            f"{rows['bot_metrics']:,} metrics in {loaded.seconds:.1f} s "
            f"({loaded.rows_per_second:,} rows/s)"
        )
        self.stdout.write(f"Next: {NEXT}")


def _size(options: dict[str, Any]) -> Size:
    bots, conversations, messages = (options[n] for n in ("bots", "conversations", "messages"))
    if conversations is None:
        conversations = bots * CHATS_A_BOT
    if messages is None:
        messages = conversations * MESSAGES_A_CHAT
    return Size(bots, conversations, messages)


def _confirm(size: Size, no_input: bool) -> None:
    if no_input or not settings.PRODUCTION:
        return
    if not sys.stdin.isatty():
        raise DemoError("This is production: say --no-input to add a demo fleet to it.")
    question = f"This is production. Add {size.bots:,} demo bots to it? [y/N] "
    if input(question).strip().lower() not in ("y", "yes"):
        raise DemoError("Nothing was added.")


def _figures(loaded: Loaded) -> dict[str, Any]:
    rows = loaded.rows
    return {
        "bots": rows["bots"],
        "profiles": rows["profiles"],
        "conversations": rows["conversations"],
        "messages": rows["messages"],
        "metrics": rows["bot_metrics"],
        "names": loaded.names,
        "seconds": round(loaded.seconds, 3),
        "rows_per_second": loaded.rows_per_second,
        "next": NEXT,
    }
