"""What a tree holds, before anything is done, and what it no longer holds."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection

from legacy_import.models import ImportFile
from legacy_import.refusal import ImportRefused
from legacy_import.runs import ledger
from legacy_import.runs.options import BotTree, Options
from legacy_import.runs.outcome import First
from legacy_import.source.inventory import inventory, is_gone
from legacy_import.source.records import Kind, SourceFile
from tenants.context import maintenance_context

TOGETHER = """
    SELECT DISTINCT bots.name FROM import_runs AS run JOIN bots ON bots.id = run.bot_id
    WHERE action = 'import' AND run.status <> 'undone' AND NOT run.bot_id = ANY (%(bots)s)
    AND number IN (
        SELECT number FROM import_runs WHERE bot_id = ANY (%(bots)s) AND action = 'import'
    )
    ORDER BY bots.name
"""


@dataclass
class Survey:
    # The bots' names, and those that are to be made.
    bots: list[str] = field(default_factory=list)
    new_bots: list[str] = field(default_factory=list)
    # What is asked for: of all files, and of each bot.
    files: int = 0
    size: int = 0
    files_of: dict[str | None, int] = field(default_factory=dict)
    # Bots that have a metrics.json with something in it.
    measured: set[str | None] = field(default_factory=set)
    # bots.json and config.json.
    lists_of_bots: list[SourceFile] = field(default_factory=list)


# Raises to stop the import before it has done anything.
Agreement = Callable[[Survey], None]


def survey(options: Options) -> Survey:
    found = Survey()
    for file in inventory(options.root, options.bot, min_age=options.min_age):
        if file.kind == Kind.BOTS:
            found.lists_of_bots.append(file)
            continue
        found.files_of[file.bot] = found.files_of.get(file.bot, 0) + 1
        if file.kind == Kind.METRICS and file.size:
            found.measured.add(file.bot)
        if options.wants(file.kind):
            found.files += 1
            found.size += file.size
    return found


def require_zone(options: Options, name: str, bot_id: uuid.UUID | None) -> None:
    """In another zone the same file has other times, which would be other metrics."""
    if bot_id is None or not options.wants(Kind.METRICS):
        return
    with maintenance_context():
        known = ImportFile.objects.filter(bot=bot_id, kind=Kind.METRICS, status="done", size__gt=0)
        latest = known.order_by("-pk").values_list("header__source_tz", "run__number").first()
    zone, run = latest or (None, None)
    if zone and zone != str(options.source_tz):
        raise ImportRefused(
            f"metrics.json of {name} was imported with --source-tz {zone}, by run {run}. Give the "
            f"same, or undo that with `manage.py rollback_import {run}` first."
        )


def require_files(found: Survey, name: str, bot_id: uuid.UUID | None) -> None:
    if found.files_of.get(name) or bot_id is None:
        return
    with maintenance_context():
        files = ImportFile.objects.filter(bot=bot_id).exclude(status=ImportFile.Status.UNDONE)
        number = files.values("path").distinct().count()
    if number:
        raise ImportRefused(
            f"{name}: its tree has no file any more, and {number:,} files of it were imported. "
            "Is the disk mounted? Nothing was changed."
        )


def absent(bot_ids: list[uuid.UUID]) -> list[str]:
    """Bots that were imported together with these, from the same tree, and are no longer in it."""
    with maintenance_context(), connection.cursor() as cursor:
        cursor.execute(TOGETHER, {"bots": bot_ids})
        return [name for (name,) in cursor]


def vanished(options: Options, tree: BotTree, first: First) -> None:
    """Files that the ledger has and the tree has no more."""
    kinds = [kind.value for kind in Kind if options.wants(kind)]
    for known in ledger.paths(tree.bot_id, kinds) if tree.bot_id else ():
        path = tree.from_root(known)
        if path and is_gone(options.root, path):
            first.add(path)
