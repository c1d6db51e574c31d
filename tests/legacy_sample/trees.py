import hashlib
import json
import stat
from pathlib import Path
from typing import Any

from botplatform.demo.fleet import Size
from botplatform.legacy_sample.dirt.scene import FIRST_ID
from botplatform.legacy_sample.fleet import Order
from botplatform.legacy_sample.tree import make_sample

SMALL = Size(bots=2, conversations=12, messages=240)


def made(root: Path, *dirt: str, **changes: Any) -> Path:
    order = {"size": SMALL, "dialect": "mixed", "seed": 1, "dirt": dirt, **changes}
    make_sample(root, Order(**order))
    return root


def everything_in(root: Path) -> dict[str, Any]:
    """Path -> what lies there, times included."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        mode = path.lstat().st_mode
        if stat.S_ISREG(mode):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path.relative_to(root))] = (content, path.stat().st_mtime_ns)
        else:
            target = str(path.readlink()) if stat.S_ISLNK(mode) else ""
            found[str(path.relative_to(root))] = (stat.S_IFMT(mode), target)
    return found


def dirty_files(root: Path, folder: str) -> dict[str, bytes]:
    """The files of `folder` that a kind of dirt added."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob(f"{folder}/**/*"))
        if path.is_file() and _number(path) >= FIRST_ID
    }


def dirty_conversations(root: Path) -> list[Any]:
    """Their messages, where they are JSON."""
    parsed = [json.loads(content) for content in dirty_files(root, "conversations").values()]
    return [one["messages"] if isinstance(one, dict) else one for one in parsed]


def dirty_profiles(root: Path) -> list[Any]:
    return [json.loads(content) for content in dirty_files(root, "girls_data").values()]


def _number(path: Path) -> int:
    digits = "".join(filter(str.isdecimal, path.name)) or "0"
    return max(int(digits), *(int(part) for part in path.parts if part.isdecimal()), 0)
