from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Protocol

from legacy_import.source.records import Kind

ONLY = {
    "profiles": {Kind.PROFILES, Kind.PROFILE},
    "conversations": {Kind.CONVERSATION},
    "metrics": {Kind.METRICS},
    "backups": {Kind.BACKUP},
}


class ImportRefused(Exception):
    """Says what is wrong and what to do; nothing was changed."""


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

    def wants(self, kind: Kind) -> bool:
        return not self.only or any(kind in ONLY[name] for name in self.only)


class Progress(Protocol):
    def begin(self, size: int) -> None: ...

    def advance(self, size: int) -> None: ...


@dataclass
class Silent:
    """Progress that nobody watches."""

    begin: Callable[[int], None] = field(default=lambda size: None)
    advance: Callable[[int], None] = field(default=lambda size: None)
