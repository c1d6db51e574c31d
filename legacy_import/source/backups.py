"""Which backups could fill in what is missing in a damaged conversation."""

import os
from pathlib import Path

from legacy_import.source.records import SourceFile

NAMED = 3


def backups_beside(root: Path, file: SourceFile) -> str:
    """The latest of them, for people; nothing where there are none."""
    tree = Path(file.path).parent.parent
    folder = tree / "backups" / str(file.key)
    if (root / folder).is_symlink() or (root / folder.parent).is_symlink():
        return ""
    try:
        names = sorted(name for name in os.listdir(root / folder) if name.endswith(".json"))
    except OSError:
        return ""
    latest = [f"{folder}/{name}" for name in reversed(names) if name.isprintable()][:NAMED]
    more = f" and {len(names) - len(latest)} more" if len(names) > len(latest) else ""
    return f"Backups: {', '.join(latest)}{more}" if latest else ""
