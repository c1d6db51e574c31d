"""The bots a tree is about, made where they are missing."""

import uuid
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models.functions import Lower

from legacy_import.source.records import BotEntry
from tenants.context import maintenance_context
from tenants.models import Bot


def existing(names: Iterable[str]) -> dict[str, uuid.UUID]:
    """By the name asked for, in any case."""
    wanted = {name.lower(): name for name in names}
    with maintenance_context():
        rows = Bot.objects.annotate(lower=Lower("name")).filter(lower__in=list(wanted))
        return {wanted[row.name.lower()]: row.pk for row in rows}


def make(
    names: Sequence[str], entries: Iterable[BotEntry]
) -> tuple[dict[str, uuid.UUID], list[str]]:
    """All bots by name, and what could not be taken over: never with the token itself."""
    problems: list[str] = []
    by_name = {entry.name.lower(): entry for entry in entries}
    bots = existing(names)
    for name in names:
        if name not in bots:
            bots[name] = _make(name, by_name.get(name.lower()), problems)
    return bots, problems


def _make(name: str, entry: BotEntry | None, problems: list[str]) -> uuid.UUID:
    bot = Bot(name=name)
    if entry:
        bot.username = entry.username
        bot.owner_telegram_id = entry.owner_telegram_id
        bot.status = entry.status
        bot.config = entry.config
        problems += (
            f"{name}: a token stood in its config at {note.where}; it is masked there."
            for note in entry.notes
            if note.code == "token-masked"
        )
        try:
            if entry.telegram_token:
                bot.set_token(entry.telegram_token)
        except ValidationError:
            problems.append(f"{name}: its token has no token's form; set it in the back office.")
    try:
        with maintenance_context():
            bot.save(force_insert=True)
    except IntegrityError:
        if not bot.token_fingerprint:
            raise
        problems.append(f"{name}: another bot has its token; set it in the back office.")
        bot.clear_token()
        with maintenance_context():
            bot.save(force_insert=True)
    return bot.pk
