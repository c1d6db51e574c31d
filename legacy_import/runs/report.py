"""What a run did, for people and for programs."""

from typing import Any

from django.utils import timezone

from legacy_import.batches.counts import KINDS
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
        "left_for_next_pass": report.outcome.left.first,
        "left_files": report.outcome.left.number,
        "kinds": {
            kind: {name: getattr(report.counts[kind], name) for name in (*FIELDS, "vanished")}
            for kind in KINDS
        },
        "rejects": report.outcome.rejects.first,
        "only_in_backups": dict(report.outcome.only_in_backups.first),
        "problems": report.problems,
        "seconds": round(report.seconds, 3),
        "rows_per_second": report.rows_per_second,
        "peak_rss_mb": report.peak_rss_mb,
    }


def as_line(report: Report) -> str:
    """Of a pass that had nothing to do."""
    number = report.outcome.left.number
    left = f", {number:,} changed just now" if number else ""
    return (
        f"{timezone.now():%Y-%m-%d %H:%M:%S} UTC: nothing new in {report.outcome.files:,} files"
        f"{left} ({report.seconds:.1f} s)"
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
    if left := outcome.left.number:
        lines.append(f"{left:,} files changed just now: left for the next pass.")
    if (missed := outcome.only_in_backups).number:
        lines.append(
            f"{outcome.messages_only_in_backups:,} messages of {missed.number:,} conversations "
            f"are only in backups, such as {missed.first[0][0]}. --salvage-backups imports them."
        )
    lines += report.problems
    lines += (
        f"Rejected: {reject['file']}, record {reject['position']}: {reject['code']}"
        for reject in outcome.rejects.first
    )
    if more := outcome.rejects.number - len(outcome.rejects.first):
        lines.append(f"... and {more:,} more.")
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
