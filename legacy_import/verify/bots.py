"""Checks `content` and `json` of the bots that bots.json describes."""

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.functions import Lower

from legacy_import.verify.checks import ACCOUNTING, CONTENT, JSON
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.bots import BotRow, bot_rows
from legacy_import.verify.source.tree import File
from legacy_import.verify.values.same import same_json
from tenants.models import Bot
from tenants.tokens import Token

# A bot that was there before its first import is not the file's.
IS_ITS_OWN = """coalesce(created_at < (
    SELECT min(started_at) - interval '1 hour' FROM import_runs WHERE bot_id = bots.id), true)"""
STORED = f"""
    SELECT username, owner_telegram_id, status, token_fingerprint, token_masked, config::text,
        {IS_ITS_OWN}
    FROM bots WHERE id = %s
"""
# Of a bot that no list describes: whether an import may have got its values from one.
DESCRIBED = f"""
    SELECT EXISTS (
        SELECT FROM bots WHERE id = %s AND NOT {IS_ITS_OWN}
            AND (username, coalesce(owner_telegram_id, 0), status, token_masked, config)
                <> ('', 0, 'inactive', '', '{{}}'))
"""
NOT_DESCRIBED = (
    "no bots.json or config.json that can be read describes it: its user name, owner, status, "
    "settings and token were compared with nothing"
)
DIFFERS = "differs (the bot keeps what it has: mend that in the back office, or the file)"


def compare_bots(
    root: Path,
    files: Iterable[File],
    bots: Mapping[str, uuid.UUID],
    all_bots: bool,
    findings: Findings,
) -> None:
    """What is said of a bot last counts; the list beside the folders comes after those in them.

    Of all bots an import makes also those that have no folder.
    """
    by_name = {name.lower(): bot_id for name, bot_id in bots.items()}
    if all_bots:
        others = Bot.objects.annotate(lower=Lower("name")).values_list("lower", "pk")
        by_name = dict(others) | by_name
    said: dict[uuid.UUID, tuple[File, BotRow]] = {}
    for file in sorted(files, key=lambda file: file.bot is None):
        for row in bot_rows(root, file):
            if isinstance(row, str):
                findings.note(file.printable, row)
            elif bot_id := by_name.get(row.name.lower()):
                said[bot_id] = file, row
            elif all_bots:
                what = f"{row.name} is not in the database"
                findings.add(ACCOUNTING, file.printable, what, row.place)
    for bot_id, (file, row) in said.items():
        findings.count(CONTENT, "bots")
        findings.count(JSON, "bots")
        _compare(file, row, bot_id, findings)
    for name, bot_id in bots.items():
        if bot_id not in said and _was_described(bot_id):
            findings.note(name, NOT_DESCRIBED)


def _was_described(bot_id: uuid.UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(DESCRIBED, [bot_id])
        return bool(cursor.fetchone()[0])


def _compare(file: File, row: BotRow, bot_id: uuid.UUID, findings: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(STORED, [bot_id])
        *values, config, is_its_own = cursor.fetchone()
    differs: list[tuple[str, str, Any, Any]]
    token = _token(row)
    others = Bot.objects.exclude(pk=bot_id)
    if token and others.filter(token_fingerprint=token.fingerprint).exists():
        findings.note(file.printable, f"{row.name}'s token is another bot's, and was not taken")
        token = None
    # Without a token no bot is active.
    status = "inactive" if row.status == "active" and not token else row.status
    # Nobody's id is 0.
    of_token = (token.fingerprint, token.masked) if token else (None, "")
    expected = (_username(row), row.owner_telegram_id or None, status, *of_token)
    names = ("username", "owner_telegram_id", "status", "telegram_token", "token_masked")
    fields = list(zip(names, expected, values, strict=True))
    differs = [(CONTENT, *one) for one in fields if one[1] != one[2]]
    if not same_json(row.config, config):
        differs.append((JSON, "config", row.config, config))
    for check, name, wanted, found in differs:
        if is_its_own:
            what = f"{row.name}'s {name} is another: the bot was there before"
            findings.note(file.printable, what)
        elif name == "telegram_token":
            findings.add(check, file.printable, f"{name} {DIFFERS}", row.place)
        else:
            findings.add(check, file.printable, DIFFERS, row.place, name, wanted, found)


def _username(row: BotRow) -> str:
    try:
        Bot._meta.get_field("username").run_validators(row.username)
    except ValidationError:
        return ""
    return row.username


def _token(row: BotRow) -> Token | None:
    try:
        return Token.parse(row.token) if row.token else None
    except ValidationError:
        return None  # has no token's form, and was not taken
