"""A database of its own for the bench, beside the one of the project."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from botplatform.demo.fleet import Size
from botplatform.demo.seed import seed_demo
from conversations.models import Conversation, Message
from tenants.context import bot_context, maintenance_context
from tenants.models import Bot, BotAccess

UNTIL = datetime(2025, 9, 1, tzinfo=UTC)
STAFF_BOTS = 5
RARE_WORD, RARE_MESSAGES = "синхрофазотрон", 10
STAFF, SUPERUSER = "bench_staff", "bench_superuser"

Say = Callable[[str], object]


@contextmanager
def bench_database(size: Size, keep: bool, say: Say) -> Iterator[None]:
    """The default connection leads to it inside the block. `keep` leaves it for the next run."""
    own = connection.settings_dict["NAME"]
    name = f"{own}_bench_{size.bots}_{size.messages}"
    suffix = connection.creation.sql_table_creation_suffix()
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        exists = cursor.fetchone() is not None
        if exists and not keep:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        if not (exists and keep):
            cursor.execute(f'CREATE DATABASE "{name}" {suffix}')
    complete = exists and keep
    try:
        _lead_to(name)
        if not complete:
            _fill(size, say)
            complete = True
        yield
    finally:
        _lead_to(own)
        if not (keep and complete):
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _lead_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _fill(size: Size, say: Say) -> None:
    call_command("migrate", verbosity=0)
    say(f"Loading {size.messages:,} messages of {size.bots} bots.")
    loaded = seed_demo(size, 1, UNTIL)
    say(f"Loaded {loaded.rows.total():,} rows in {loaded.seconds:.0f} s.")
    staff = User.objects.create(username=STAFF, is_staff=True)
    User.objects.create(username=SUPERUSER, is_staff=True, is_superuser=True)
    with maintenance_context():
        bots = list(Bot.objects.order_by("pk"))
        BotAccess.objects.bulk_create(
            BotAccess(user=staff, bot=bot, role="viewer") for bot in bots[:STAFF_BOTS]
        )
    for bot in bots:
        with bot_context(bot.pk):
            chat = Conversation.objects.order_by("pk").first()
            Message.objects.bulk_create(
                Message(conversation=chat, bot_id=bot.pk, sender_type="user", content=RARE_WORD)
                for _ in range(RARE_MESSAGES)
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
