import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any, Protocol

from legacy_import.runs.outcome import SHOWN
from legacy_import.source.records import Kind, SourceFile

# What a path in the ledger's index may take.
LONGEST_PATH = 1000
KEPT_OF_LONGER = 125
ONLY = {
    "profiles": {Kind.PROFILES, Kind.PROFILE},
    "conversations": {Kind.CONVERSATION},
    "metrics": {Kind.METRICS},
    "backups": {Kind.BACKUP},
}


@dataclass(frozen=True)
class Options:
    root: Path
    # None for all bots of the tree.
    bot: str | None = None
    dry_run: bool = False
    only: frozenset[str] = frozenset()
    workers: int = 1
    source_tz: tzinfo = UTC
    min_age: float = 5.0
    store_backups: bool = True
    salvage_backups: bool = False
    # A pass that finds nothing to do leaves no run in the ledger.
    watching: bool = False
    # How many of each kind are listed: rejects, files left for the next pass, vanished ones.
    listed: int = SHOWN

    def wants(self, kind: Kind) -> bool:
        return not self.only or any(kind in ONLY[name] for name in self.only)


@dataclass(frozen=True)
class BotTree:
    """The files of one bot; the ledger knows them by their paths in its own tree."""

    name: str
    # Of the tree within the root; "" when it is the root.
    folder: str
    # None where a dry run would make the bot.
    bot_id: uuid.UUID | None = None
    run: Any = None

    def path(self, file: SourceFile) -> str:
        path = file.path.removeprefix(f"{self.folder}/") if self.folder else file.path
        if len(path.encode()) <= LONGEST_PATH:
            return path
        return f"{path[:KEPT_OF_LONGER]}…{uuid.uuid5(uuid.NAMESPACE_URL, path)}"

    def from_root(self, path: str) -> str | None:
        """Of a path in the ledger; None where that has not all of it."""
        if path[KEPT_OF_LONGER : KEPT_OF_LONGER + 1] == "…":
            return None
        return f"{self.folder}/{path}" if self.folder else path


class Progress(Protocol):
    def begin(self, size: int) -> None: ...

    def advance(self, size: int) -> None: ...


@dataclass
class Silent:
    """Progress that nobody watches."""

    begin: Callable[[int], None] = field(default=lambda size: None)
    advance: Callable[[int], None] = field(default=lambda size: None)
