"""Check `time-zones`: a zone taken wrongly moves many times by the same hours, one spike."""

from collections import Counter
from datetime import timedelta

from legacy_import.verify.checks import TIME_ZONES
from legacy_import.verify.findings import Findings, moment

QUARTER = 15 * 60 * 1_000_000
MOST_SHOWN = 5
Range = tuple[int, int]


class TimeZones:
    """Of one bot: from when to when its messages are, and by how much its times differ."""

    def __init__(self, bot: str, findings: Findings) -> None:
        self.bot = bot
        self.findings = findings
        self.of_files: Range | None = None
        self.of_rows: Range | None = None
        # Rows of messages that files no longer have reach farther than the files.
        self.comparable = True
        self.differences: Counter[int] = Counter()

    def add(self, of_file: Range | None, of_rows: Range | None, comparable: bool) -> None:
        self.of_files = _both(self.of_files, of_file)
        self.of_rows = _both(self.of_rows, of_rows)
        self.comparable = self.comparable and comparable

    def compared(self, expected: int | None, found: int | None) -> None:
        if expected is not None and found is not None and expected != found:
            self.differences[found - expected] += 1

    def report(self) -> None:
        if self.of_files is None:
            return
        self.findings.count(TIME_ZONES, f"bot's times: {self.bot} {_shown(self.of_files)}")
        if self.comparable and self.of_rows != self.of_files:
            found = None if self.of_rows is None else _shown(self.of_rows)
            what = "the first or last time differs"
            expected = _shown(self.of_files)
            self.findings.add(TIME_ZONES, self.bot, what, None, "sent_at", expected, found)
        for difference, count in self.differences.most_common(MOST_SHOWN):
            off = ("-" if difference < 0 else "+") + str(timedelta(microseconds=abs(difference)))
            self.findings.count(TIME_ZONES, f"times of {self.bot} off by {off}", count)
            if difference % QUARTER == 0:
                what = f"{count:,} times are off by {off}, as in another time zone"
                self.findings.add(TIME_ZONES, self.bot, what)


def _both(one: Range | None, other: Range | None) -> Range | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _shown(times: Range) -> str:
    return " to ".join(map(moment, times))
