"""The bots a tree is about, and what its bots.json says of them: made where they are missing.

A known bot keeps what it has. One without a token gets the one that bots.json has, and what else
it lacks: it may have been made while that file could not be read.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from legacy_import.refusal import ImportRefused
from legacy_import.runs.options import Options
from legacy_import.runs.outcome import SHOWN, Outcome
from legacy_import.source.codes import MEANINGS
from legacy_import.source.inventory import TOO_FRESH
from legacy_import.source.opening import FileChanged
from legacy_import.source.reading import read
from legacy_import.source.records import BotEntry, Reject, SourceFile
from tenants.context import maintenance_context
from tenants.models import Bot
from tenants.tokens import Token

# What a bot without a token gets with it, where it has none of it.
LACKING = ("username", "owner_telegram_id", "config")
TOKEN = ("telegram_token", "token_fingerprint", "token_masked")


def lowered(names: Collection[str]) -> dict[str, str]:
    """By PostgreSQL, which compares bots' names: Python has other rules for some letters."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, lower(name) FROM unnest(%s::text[]) AS name", [list(names)])
        return dict(cursor.fetchall())


def known(names: Collection[str]) -> dict[str, Bot]:
    """By the name asked for, in any case."""
    lower = lowered(names)
    with maintenance_context():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT lower(name), id FROM bots WHERE lower(name) = ANY (%s)",
                [list(lower.values())],
            )
            ids = dict(cursor.fetchall())
        bots = {bot.pk: bot for bot in Bot.objects.filter(pk__in=ids.values())}
    return {name: bots[ids[key]] for name, key in lower.items() if key in ids}


@dataclass
class Roster:
    """Bots as they are to be; nothing is saved before `save`."""

    # Those with files here.
    names: list[str]
    bots: dict[str, Bot] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    # Columns of known bots that are to change.
    changes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        return [name for name, bot in self.bots.items() if bot._state.adding]

    def known_id(self, name: str) -> uuid.UUID | None:
        bot = self.bots[name]
        return None if bot._state.adding else bot.pk

    def save(self) -> dict[str, uuid.UUID]:
        for name in self.missing:
            self._save(name, force_insert=True)
        for name, columns in self.changes.items():
            self._save(name, update_fields=columns)
        return {name: self.bots[name].pk for name in self.names}

    def _save(self, name: str, **how: Any) -> None:
        bot = self.bots[name]
        try:
            with maintenance_context():
                bot.save(**how)
        except IntegrityError as error:
            cause = error.__cause__
            constraint = isinstance(cause, psycopg.Error) and cause.diag.constraint_name
            if constraint == "bots_name_unique":  # somebody else made it meanwhile
                self.bots[name] = known([name])[name]
            elif constraint == "bots_token_unique":
                self.remarks.append(f"{name}: another bot got its token meanwhile.")
                bot.clear_token()
                bot.status = Bot.Status.INACTIVE
                self._save(name, **how)
            else:
                raise


def roster(options: Options, names: list[str], files: list[SourceFile], outcome: Outcome) -> Roster:
    """Of the bots with these names, and of those that bots.json names as well."""
    found = Roster(list(names))
    lower = lowered(names)
    named_so = Counter(lower.values())
    if alike := [name for name in lower if named_so[lower[name]] > 1]:
        named = ", ".join(sorted(alike)[:SHOWN])
        raise ImportRefused(
            f"Folders are named alike but for capitals, as bots cannot be: {named}. Rename them."
        )
    entries: dict[str, tuple[str, BotEntry]] = {}
    for path, entry in _entries(options, files, found, outcome):
        key = lowered([entry.name])[entry.name]
        earlier = entries.get(key)
        if earlier and replace(earlier[1], place=entry.place) != entry:
            found.remarks.append(f"{path}: {entry.name} stands in it again; the last one counts.")
        entries[key] = path, entry
    wanted = {key: name for name, key in lower.items()}
    if entries and options.bot is not None and not entries.keys() & wanted.keys():
        others = ", ".join(sorted(entry.name for _, entry in entries.values())[:SHOWN])
        found.remarks.append(f"{options.bot}: not among the bots described here, but {others}.")
    for key, (path, entry) in entries.items():
        if key not in wanted and options.bot is None:
            wanted[key] = entry.name
            found.remarks.append(f"{path}: {entry.name} has no folder here, and no files then.")
    there = known(wanted.values())
    tokens: dict[str, str] = {}
    for key, name in wanted.items():
        bot = found.bots[name] = there.get(name) or Bot(name=name)
        if key in entries:
            _describe(found, outcome, name, bot, tokens, *entries[key])
    return found


def _describe(
    found: Roster,
    outcome: Outcome,
    name: str,
    bot: Bot,
    tokens: dict[str, str],
    path: str,
    entry: BotEntry,
) -> None:
    token = _token(found, outcome, name, path, entry)
    if bot.token_fingerprint:
        if token and token.fingerprint != bot.token_fingerprint:
            found.remarks.append(f"{name}: {path} has another token than the bot, which keeps its.")
        return
    if token and _is_taken(token, name, tokens):
        found.remarks.append(f"{name}: another bot has its token; set it in the back office.")
        outcome.refuse(path, entry.place, "token-taken")
        token = None
    new = bot._state.adding
    if not new and not token:
        return
    changed = [column for column in LACKING if not getattr(bot, column) and getattr(entry, column)]
    for column in changed:
        setattr(bot, column, getattr(entry, column))
    try:
        Bot._meta.get_field("username").run_validators(bot.username)
    except ValidationError:
        found.remarks.append(f"{name}: its user name has no user name's form; it is left out.")
        bot.username = ""
    if entry.status != bot.status == Bot.Status.INACTIVE:
        if token or entry.status != Bot.Status.ACTIVE:
            bot.status = entry.status
            changed.append("status")
        else:
            found.remarks.append(f"{name}: inactive, because it has no token.")
    if token:
        bot.set_token(token.reveal())
        changed += TOKEN
    if not new:
        found.changes[name] = changed
        found.remarks.append(f"{name}: had no token, and gets what {path} says.")
    for note in entry.notes:
        if note.code == "token-masked":
            said = f"a token stood in its config at {note.where}; it is masked there."
        else:
            said = f"{note.where}: {MEANINGS[note.code]}"
        found.remarks.append(f"{name}: {said}")


def _token(found: Roster, outcome: Outcome, name: str, path: str, entry: BotEntry) -> Token | None:
    if not entry.telegram_token:
        return None
    try:
        return Token.parse(entry.telegram_token)
    except ValidationError:
        found.remarks.append(f"{name}: its token has no token's form; set it in the back office.")
        outcome.refuse(path, entry.place, "not-a-token")
        return None


def _is_taken(token: Token, name: str, tokens: dict[str, str]) -> bool:
    if tokens.setdefault(token.fingerprint, name) != name:
        return True
    with maintenance_context():
        taken: bool = Bot.objects.filter(token_fingerprint=token.fingerprint).exists()
    return taken


def _entries(
    options: Options, files: list[SourceFile], found: Roster, outcome: Outcome
) -> Iterator[tuple[str, BotEntry]]:
    for file in sorted(files, key=lambda file: file.bot is None):  # the root's come last, and win
        if file.problem == TOO_FRESH:
            outcome.left.add(file.path)
            continue
        rejected = None
        try:
            reading = read(options.root, file)
            for record in reading.records:
                if isinstance(record, BotEntry):
                    yield file.path, record
                elif isinstance(record, Reject) and record.place != rejected:
                    rejected = record.place  # it may come in pieces
                    outcome.refuse(file.path, record.place, record.code)
        except FileChanged:
            outcome.left.add(file.path)
        else:
            found.remarks += (f"{file.path}: {MEANINGS[note.code]}" for note in reading.notes)
