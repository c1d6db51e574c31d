"""Check `content` of metrics: what each name's values add up to, and each value where not."""

import uuid
from collections import Counter
from collections.abc import Callable, Iterable

from django.db import connection

from legacy_import.verify.canonical import METRIC_TEXT, hash_of, metric_hash, metric_text
from legacy_import.verify.conversations import CONTENT
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.rows import MetricRow
from legacy_import.verify.stored import IMPORTED

SUMS = f"""
    SELECT m.metric_name, count(*), sum({hash_of(METRIC_TEXT)})
    FROM bot_metrics AS m WHERE m.bot_id = %s AND {IMPORTED} GROUP BY 1
"""
TEXTS = f"""
    SELECT {METRIC_TEXT} FROM bot_metrics AS m
    WHERE m.bot_id = %s AND m.metric_name = %s AND {IMPORTED}
"""

Reread = Callable[[str], Iterable[tuple[str, MetricRow]]]


class Measurements:
    """Those of one bot, from all of its files."""

    def __init__(self, bot_id: uuid.UUID, findings: Findings) -> None:
        self.bot_id = bot_id
        self.findings = findings
        self.sums: dict[str, list[int]] = {}

    def add(self, row: MetricRow) -> None:
        sums = self.sums.setdefault(row.metric_name, [0, 0])
        sums[0] += 1
        sums[1] += metric_hash(row)

    def compare(self, reread: Reread) -> None:
        """`reread` gives the source's rows of one name again, with their files."""
        with connection.cursor() as cursor:
            cursor.execute(SUMS, [self.bot_id])
            found = {name: [count, int(total)] for name, count, total in cursor.fetchall()}
        self.findings.count(CONTENT, "metrics", sum(count for count, _ in self.sums.values()))
        for name in sorted(self.sums.keys() | found.keys()):
            if self.sums.get(name) != found.get(name):
                self._compare_values(name, reread)

    def _compare_values(self, name: str, reread: Reread) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TEXTS, [self.bot_id, name])
            left = Counter(text for (text,) in cursor)
        for file, row in reread(name):
            text = metric_text(row)
            if left[text]:
                left[text] -= 1
            else:
                self.findings.add(
                    CONTENT, file, "the metric is missing or differs", row.place, name, text, None
                )
        for text in +left:
            self.findings.add(
                CONTENT, "bot_metrics", "a row that no record explains", None, name, None, text
            )
