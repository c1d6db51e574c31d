"""Which partitions and indexes the statements of the ORM really touch."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

PARTITION = re.compile(r"(?P<table>\w+)_p(?P<remainder>\d+)\Z")
EXPLAINED = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


@dataclass
class Plans:
    """What a block of Python sent: statements, and once it is over their plans."""

    statements: list[str] = field(default_factory=list)
    roots: list[dict[str, Any]] = field(default_factory=list)

    def nodes(self) -> Iterator[dict[str, Any]]:
        for root in self.roots:
            yield from _nodes(root)

    @property
    def partitions(self) -> dict[str, set[str]]:
        """Table -> partitions in any plan, those removed at the start of execution left out."""
        touched = defaultdict(set)
        for node in self.nodes():
            if found := PARTITION.match(node.get("Relation Name", "")):
                touched[found["table"]].add(found["remainder"])
        return dict(touched)

    @property
    def indexes(self) -> set[str]:
        return {node["Index Name"] for node in self.nodes() if "Index Name" in node}


@contextmanager
def plans() -> Iterator[Plans]:
    """Explained after the block, so the rows a statement looked for may be gone: plans only."""
    found = Plans()
    with CaptureQueriesContext(connection) as queries:
        yield found
    found.statements = [
        query["sql"] for query in queries if query["sql"].lstrip("( \n").startswith(EXPLAINED)
    ]
    found.roots = [explain(statement) for statement in found.statements]


def explain(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        # Without parameters: the statement holds its values, and perhaps a %.
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", None)
        [(plan,)] = cursor.fetchall()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    root: dict[str, Any] = plan[0]["Plan"]
    return root


def narrow(root: dict[str, Any]) -> bool:
    """No tenant table is in the plan with more than one partition."""
    return all(len(partitions) == 1 for partitions in Plans(roots=[root]).partitions.values())


def one_partition(found: Plans) -> bool:
    """Every tenant table of the plans is there with one partition, and all are siblings."""
    remainders = set().union(*found.partitions.values())
    return bool(found.partitions) and len(remainders) == 1


def partitions_used() -> Counter[str]:
    """How often this transaction scanned or wrote each partition, triggers and keys included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, seq_scan + coalesce(idx_scan, 0) + n_tup_ins + n_tup_upd + n_tup_del"
            " FROM pg_stat_xact_user_tables WHERE relname ~ '_p[0-9]+$'"
        )
        return Counter(dict(cursor.fetchall()))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)
