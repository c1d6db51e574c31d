"""What a run did, for people and for programs."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from django.utils import timezone

from legacy_import.batches.counts import KINDS
from legacy_import.runs.counters import NAMED
from legacy_import.runs.outcome import First
from legacy_import.runs.run import Report

FIELDS = ("source", "inserted", "unchanged", "changed", "repaired", "rejected")
ROW = "{:14}" + " {:>11}" * len(FIELDS)


def as_json(report: Report) -> dict[str, Any]:
    return {
        "run_id": report.run_id,
        "status": "done",
        "dry_run": report.dry_run,
        "bots": report.bots,
        "files": report.outcome.files,
        "unchanged_files": report.outcome.unchanged_files,
        "left_for_next_pass": report.outcome.left.kept,
        "left_files": report.outcome.left.number,
        "files_of_erased_people": report.outcome.erased.number,
        "entries_of_erased_people": report.outcome.erased_entries.number,
        "new_bots": report.new_bots,
        "kinds": {
            kind: {name: getattr(report.counts[kind], name) for name in (*FIELDS, "vanished")}
            for kind in KINDS
        },
        "rejects": report.outcome.rejects,
        "vanished_files": report.vanished.number,
        "vanished": report.vanished.kept,
        "only_in_backups": dict(report.outcome.only_in_backups.kept),
        "counters_that_disagree": report.counters.as_json(),
        "source_tz": report.source_tz,
        "remarks": report.remarks,
        "seconds": round(report.seconds, 3),
        "rows_per_second": report.rows_per_second,
        "peak_rss_mb": report.peak_rss_mb,
    }


def as_line(report: Report) -> str:
    """Of a pass that had nothing to do."""
    also = [
        f", {number:,} {what}"
        for number, what in (
            (report.outcome.left.number, "changed just now"),
            (report.counts.total("rejected"), "rejected as before"),
            (report.vanished.number, "files gone"),
        )
        if number
    ]
    return (
        f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC: nothing new in {report.outcome.files:,} files"
        f"{''.join(also)} ({report.seconds:.1f} s)"
    )


def as_text(report: Report) -> str:
    counts, outcome = report.counts, report.outcome
    lines = [ROW.format("", *FIELDS)]
    for kind in KINDS:
        if counts[kind].source:
            numbers = (f"{getattr(counts[kind], name):,}" for name in FIELDS)
            lines.append(ROW.format(kind, *numbers))
    totals = {name: counts.total(name) for name in FIELDS}
    counts.require_balance("all files")
    lines.append(
        "{source:,} source = {inserted:,} inserted + {unchanged:,} unchanged + {changed:,} changed"
        " + {rejected:,} rejected".format(**totals)
    )
    if vanished := counts.total("vanished"):
        lines.append(f"{vanished:,} records are no longer in their files; their rows stay.")
    if outcome.left.number:
        lines.append(f"{outcome.left.number:,} files changed just now: left for the next pass.")
        lines += _listed(outcome.left, "Left: {}".format)
    if outcome.erased.number:
        lines.append(f"{outcome.erased.number:,} files of erased people: left out. Delete them.")
        lines += _listed(outcome.erased, "Of erased people: {}".format)
    if number := outcome.erased_entries.number:
        lines.append(f"{number:,} entries of erased people: left out. Take them out of their file.")
        lines += _listed(
            outcome.erased_entries, lambda one: "Of erased people: {}, {}".format(*one)
        )
    if report.vanished.number:
        lines.append(
            f"{report.vanished.number:,} files that were imported are gone; their rows stay."
        )
        lines += _listed(report.vanished, "Gone: {}".format)
    if outcome.only_in_backups.number:
        lines.append(
            f"{outcome.messages_in_backups:,} messages of {outcome.only_in_backups.number:,} "
            "conversations are only in backups. --salvage-backups imports them."
        )
        lines += _listed(outcome.only_in_backups, lambda one: f"In backups: {one[0]}, {one[1]:,}")
    if disagreeing := report.counters.number:
        first = ", ".join(map(str, report.counters.first[:NAMED]))
        lines.append(
            f"{disagreeing:,} counters of profiles disagree with the messages there are, and are "
            f"kept as they are: {first}."
        )
    if counts["metrics"].source:
        lines.append(f"Times without a zone in metrics.json are those of {report.source_tz}.")
    if report.new_bots:
        made = "Bots it would make" if report.dry_run else "Bots made"
        lines.append(f"{made}: {', '.join(report.new_bots)}.")
    lines += report.remarks
    rejected = replace(outcome.rejected, number=totals["rejected"])
    lines += _listed(rejected, lambda one: "Rejected: {}, record {}: {}".format(*one))
    lines.append(
        f"{len(report.bots):,} bots, {outcome.files:,} files ({outcome.unchanged_files:,} as "
        f"before) in {report.seconds:.1f} s ({report.rows_per_second:,} rows/s, "
        f"{report.peak_rss_mb:.0f} MB)"
    )
    if report.dry_run:
        lines.append("Nothing was written. Next: the same without --dry-run")
    else:
        lines.append(f"Run {report.run_id}. Next: manage.py import_status {report.run_id}")
    return "\n".join(lines)


def _listed(first: First, line: Callable[[Any], str]) -> Iterator[str]:
    yield from map(line, first.kept)
    if (more := first.number - len(first.kept)) > 0:
        yield f"... and {more:,} more."
