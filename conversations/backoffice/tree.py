"""A JSON value as a tree to read: however large, a page of it."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MOST_NODES = 1000
MOST_CHILDREN = 100
DEEPEST = 20
LONGEST_TEXT = 2000


@dataclass
class Node:
    name: str
    text: str = ""
    # What an object or a list holds, said in its summary.
    holds: str = ""
    children: list["Node"] = field(default_factory=list)
    # How much is not shown.
    more: str = ""


def tree(value: Any) -> Node:
    return _Tree().node("", value, 1)


class _Tree:
    def __init__(self) -> None:
        self.left = MOST_NODES

    def node(self, name: str, value: Any, depth: int) -> Node:
        self.left -= 1
        if not isinstance(value, dict | list):
            return _leaf(name, value if isinstance(value, str) else json.dumps(value))
        if depth > DEEPEST:
            return _leaf(name, json.dumps(value, ensure_ascii=False))
        pairs = (
            list(value.items())
            if isinstance(value, dict)
            else [(str(n), item) for n, item in enumerate(value, 1)]
        )
        found = Node(_short(name)[0], holds=_holds(value))
        for key, item in pairs[:MOST_CHILDREN]:
            if self.left <= 0:
                break
            found.children.append(self.node(key, item, depth + 1))
        if hidden := len(pairs) - len(found.children):
            found.more = ngettext("%(n)s more", "%(n)s more", hidden) % {"n": hidden}
        return found


def _holds(value: dict | list) -> str:
    if isinstance(value, dict):
        return ngettext("%(n)s key", "%(n)s keys", len(value)) % {"n": len(value)}
    return ngettext("%(n)s item", "%(n)s items", len(value)) % {"n": len(value)}


def _leaf(name: str, text: str) -> Node:
    text, hidden = _short(text)
    more = _("%(n)s more characters") % {"n": hidden} if hidden else ""
    return Node(_short(name)[0], text=text, more=more)


def _short(text: str) -> tuple[str, int]:
    return text[:LONGEST_TEXT], max(len(text) - LONGEST_TEXT, 0)
