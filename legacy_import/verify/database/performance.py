"""Check `performance`: a bot's hot reads on this data, how long they take and what they touch."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from statistics import quantiles
from typing import Any

from django.db import DataError, connection

from legacy_import.verify.checks import PERFORMANCE
from legacy_import.verify.findings import Findings

RUNS = 40
# Of a read that seemed too slow: it may have been the machine's moment.
RUNS_AGAIN = 200
REQUIRED_MS, OURS_MS = 100.0, 5.0
# A smaller partition is rightly read as a whole.
INDEXED_FROM_PAGES = 200
LARGEST = """
    SELECT id, last_position FROM conversations WHERE bot_id = %(bot)s
    ORDER BY message_count DESC LIMIT 1
"""
READS = {
    "inbox": """
        SELECT * FROM conversations WHERE bot_id = %(bot)s
        ORDER BY last_message_at DESC, id LIMIT 50""",
    "last page": """
        SELECT * FROM messages WHERE bot_id = %(bot)s AND conversation_id = %(chat)s
        ORDER BY position DESC LIMIT 50""",
    "page in the middle": """
        SELECT * FROM messages WHERE bot_id = %(bot)s AND conversation_id = %(chat)s
            AND position < %(middle)s
        ORDER BY position DESC LIMIT 50""",
    "person": """
        SELECT * FROM profiles WHERE bot_id = %(bot)s AND telegram_id = %(person)s""",
    "metric over time": """
        SELECT * FROM bot_metrics WHERE bot_id = %(bot)s AND metric_name = %(metric)s
        ORDER BY recorded_at DESC LIMIT 100""",
}
EXAMPLES = """
    SELECT (SELECT telegram_id FROM profiles WHERE bot_id = %(bot)s LIMIT 1),
        (SELECT metric_name FROM bot_metrics WHERE bot_id = %(bot)s LIMIT 1)
"""
PAGES = "SELECT relpages FROM pg_class WHERE oid = %s::regclass"
SKEW = """
    SELECT count(*), pg_size_pretty(min(size)), pg_size_pretty(max(size)),
        max(size) / greatest(avg(size), 1)
    FROM (
        SELECT pg_total_relation_size(inhrelid) AS size FROM pg_inherits
        WHERE inhparent = 'messages'::regclass) AS partition
"""


class Reads:
    """Of all bots together."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.milliseconds: dict[str, list[float]] = {}
        # By the read's name, a bot's each.
        self.values: dict[str, list[dict[str, Any]]] = {}

    def measure(self, bot_id: uuid.UUID, bot: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(LARGEST, {"bot": bot_id})
            chat, last = cursor.fetchone() or (None, 0)
            cursor.execute(EXAMPLES, {"bot": bot_id})
            person, metric = cursor.fetchone()
            values = {"bot": bot_id, "chat": chat, "middle": last // 2}
            values |= {"person": person, "metric": metric}
            for name, read in READS.items():
                if any(f"%({key})s" in read and value is None for key, value in values.items()):
                    continue  # the bot has none
                self._check_plan(cursor, bot, name, read, values)
                self.values.setdefault(name, []).append(values)
                self.milliseconds.setdefault(name, []).extend(_times(cursor, read, values, RUNS))

    def _check_plan(
        self, cursor: Any, bot: str, name: str, read: str, values: dict[str, Any]
    ) -> None:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {read}", values)
        (plan,) = cursor.fetchone()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        scans = list(_scans(plan[0]["Plan"]))
        tables = {table for _, table in scans}
        if len(tables) > 1:
            self.findings.add(PERFORMANCE, bot, f"{name} reads {len(tables)} partitions")
        for scan, table in scans:
            cursor.execute(PAGES, [table])
            if scan == "Seq Scan" and cursor.fetchone()[0] > INDEXED_FROM_PAGES:
                self.findings.add(PERFORMANCE, bot, f"{name} uses no index of {table}")

    def report(self) -> None:
        for name, times in self.milliseconds.items():
            p50, p95 = _percentiles(times)
            again = ""
            if p95 > REQUIRED_MS:
                again = f" (measured again after {p95:.1f} ms)"
                times = self._again(name)
                p50, p95 = _percentiles(times)
            figure = f"× {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms{again}"
            if p95 > OURS_MS:
                figure += f" (more than our {OURS_MS:.0f})"
            self.findings.count(PERFORMANCE, figure, len(times))
            if p95 > REQUIRED_MS:
                what = f"{name} takes {p95:.0f} ms at p95; required are {REQUIRED_MS:.0f}"
                self.findings.add(PERFORMANCE, "hot reads", what)

    def _again(self, name: str) -> list[float]:
        with connection.cursor() as cursor:
            return [
                taken
                for values in self.values[name]
                for taken in _times(cursor, READS[name], values, RUNS_AGAIN)
            ]


def report_partitions(findings: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SKEW)
        partitions, smallest, largest, skew = cursor.fetchone()
    sizes = f"partitions of messages, {smallest} to {largest}"
    figure = f"{sizes} (the largest is {skew:.1f} times the mean)"
    findings.count(PERFORMANCE, figure, partitions)


def _times(cursor: Any, read: str, values: dict[str, Any], runs: int) -> list[float]:
    """In milliseconds, once what it reads has been read before."""
    times = []
    for _ in range(1 + runs):
        started = time.perf_counter()
        cursor.execute(read, values)
        with suppress(DataError):  # a time that Python cannot hold is for other checks to tell
            cursor.fetchall()
        times.append((time.perf_counter() - started) * 1_000)
    return times[1:]


def _percentiles(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=20)
    return cuts[9], cuts[18]


def _scans(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if "Relation Name" in node:
        yield node["Node Type"], node["Relation Name"]
    for inner in node.get("Plans", ()):
        yield from _scans(inner)
