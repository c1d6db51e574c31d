"""The importer against raw COPY, which is the limit, and against what one would write by hand."""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.core.management import call_command
from django.db import connection
from django.utils.dateparse import parse_datetime

from conversations.models import Conversation, Message
from legacy_import.runs.options import Options, Silent
from legacy_import.runs.run import Report, import_tree
from legacy_import.verify.alone import verified_alone
from tenants.context import bot_context, maintenance_context
from tenants.models import Bot

TABLES = ("profiles", "conversations", "messages", "bot_metrics")
COLUMNS = (
    "id, bot_id, conversation_id, position, telegram_message_id, sender_type, sender_id, content,"
    " message_type, metadata, sent_at"
)
# Of the files, one in so many for the slow scripts: their rates do not depend on it.
BULK_SAMPLED, SAMPLED = 5, 50
INSERT_ONE = (
    "INSERT INTO messages (id, bot_id, conversation_id, position, telegram_message_id,"
    " sender_type, content, sent_at) VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, %s, %s)"
)

Say = Callable[[str], object]


@dataclass(frozen=True)
class Row:
    what: str
    workers: int
    messages: int
    seconds: float
    peak_mb: float | None = None

    @property
    def rate(self) -> float:
        return self.messages / self.seconds


def bench(messages: int, files: int, bots: int, say: Say) -> Iterator[Row]:
    with _database(), tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        say(f"Writing {messages:,} messages into {files:,} files.")
        call_command(
            "make_legacy_sample", str(root), bots=bots, conversations=files, messages=messages,
            seed=1, verbosity=0,
        )  # fmt: skip
        first = _import(root, 1)
        total = first.counts["messages"].inserted
        again = _import(root, 1)
        say("Copying the rows out, for raw COPY.")
        pieces = _copy_out(Path(folder), 2)
        for workers in (1, 2):
            _empty("messages")
            yield Row("raw \\copy", workers, total, _copy_in(pieces, workers))
            _empty(*TABLES, "import_runs")
            report = _import(root, workers)
            yield Row("import_legacy_json", workers, total, report.seconds, report.peak_rss_mb)
        wrong, seconds, peak = verified_alone(root)
        # A database made for this is not provisioned, and a busy machine is slow.
        if found := wrong.keys() - {"isolation", "performance"}:
            raise AssertionError(f"The import differs from the files: {', '.join(sorted(found))}.")
        yield Row("verify_migration", 1, total, seconds, peak)
        yield Row("the same again", 1, total, again.seconds, again.peak_rss_mb)
        paths = sorted(root.glob("*/conversations/*.json"))
        _empty(*TABLES, "import_runs")
        some = paths[::BULK_SAMPLED]
        started = time.perf_counter()
        sent = _bulk_create(some)
        yield Row("bulk_create script", 1, sent, time.perf_counter() - started)
        _empty(*TABLES)
        some = paths[::SAMPLED]
        started = time.perf_counter()
        sent = asyncio.run(_one_by_one(some, _bots()))
        yield Row("row by row script", 1, sent, time.perf_counter() - started)


@contextmanager
def _database() -> Iterator[None]:
    own = connection.settings_dict["NAME"]
    name = f"{own}_bench_import"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        suffix = connection.creation.sql_table_creation_suffix()
        cursor.execute(f'CREATE DATABASE "{name}" {suffix}')
    try:
        _lead_to(name)
        call_command("migrate", verbosity=0)
        yield
    finally:
        _lead_to(own)
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _lead_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _import(root: Path, workers: int) -> Report:
    return import_tree(Options(root, workers=workers), Silent())


def _empty(*tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def _copy_out(folder: Path, pieces: int) -> list[Path]:
    """Conversation by conversation, as they were imported."""
    paths = [folder / f"{n}.copy" for n in range(pieces)]
    for n, path in enumerate(paths):
        rows = (
            f"SELECT {COLUMNS} FROM messages"
            f" WHERE abs(hashtext(conversation_id::text)) % {pieces} = {n}"
            " ORDER BY conversation_id, position"
        )
        with (
            path.open("wb") as out,
            connection.cursor() as cursor,
            cursor.copy(f"COPY ({rows}) TO STDOUT") as copy,
        ):
            for block in copy:
                out.write(block)
    return paths


def _copy_in(paths: list[Path], workers: int) -> float:
    """As psql's \\copy does; each worker commits once."""
    settings = connection.settings_dict
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    target: dict[str, Any] = {to: settings[name] for name, to in names.items() if settings[name]}
    if settings["PORT"]:
        target["port"] = settings["PORT"]

    def load(some: list[Path]) -> None:
        with psycopg.connect(**target) as session, session.cursor() as cursor:
            for path in some:
                copying = cursor.copy(f"COPY messages ({COLUMNS}) FROM STDIN")
                with copying as copy, path.open("rb") as lines:
                    while block := lines.read(1 << 18):
                        copy.write(block)

    started = time.perf_counter()
    with ThreadPoolExecutor(workers) as threads:
        list(threads.map(load, [paths[n::workers] for n in range(workers)]))
    return time.perf_counter() - started


def _messages(path: Path) -> Iterator[dict[str, Any]]:
    """What a script would take from a clean file of either dialect."""
    content = json.loads(path.read_bytes())
    for n, each in enumerate(content["messages"] if isinstance(content, dict) else content, 1):
        sender = {"in": "user", "out": "bot"}.get(each.get("direction"), each.get("sender"))
        yield {
            "position": n,
            "telegram_message_id": each.get("id"),
            "sender_type": sender if sender in ("user", "bot", "system") else "user",
            "content": str(each.get("content", each.get("text"))),
            "sent_at": _time(each.get("timestamp") or each.get("ts")),
        }


def _time(text: str) -> Any:
    return parse_datetime(text.replace("Z", "+00:00"))


def _bots() -> dict[str, Any]:
    with maintenance_context():
        return {bot.name: bot.pk for bot in Bot.objects.all()}


def _bulk_create(paths: list[Path]) -> int:
    bots, sent = _bots(), 0
    for path in paths:
        bot_id = bots[path.parent.parent.name]
        with bot_context(bot_id):
            chat = Conversation.objects.create(bot_id=bot_id, chat_id=int(path.stem))
            Message.objects.bulk_create(
                [
                    Message(bot_id=bot_id, conversation_id=chat.pk, **values)
                    for values in _messages(path)
                ],
                batch_size=1000,
            )
            sent += chat.messages.count()
    return sent


async def _one_by_one(paths: list[Path], bots: dict[str, Any]) -> int:
    """Awaits each message's INSERT, which commits by itself."""
    sent = 0
    settings = connection.settings_dict
    session = await psycopg.AsyncConnection.connect(
        dbname=settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        host=settings["HOST"],
        port=settings["PORT"] or None,
        autocommit=True,
    )
    async with session:
        for path in paths:
            bot_id = bots[path.parent.parent.name]
            created = await session.execute(
                "INSERT INTO conversations (id, bot_id, chat_id)"
                " VALUES (gen_random_uuid(), %s, %s) RETURNING id",
                [bot_id, int(path.stem)],
            )
            [chat] = await created.fetchone() or [None]
            for values in _messages(path):
                await session.execute(INSERT_ONE, [bot_id, chat, *values.values()])
                sent += 1
    return sent
