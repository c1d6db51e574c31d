"""What a run did, for people and for programs."""

from typing import Any

from legacy_import.batches.counts import KINDS
from legacy_import.runs.counters import NAMED
from legacy_import.runs.run import Report

FIELDS = ("source", "inserted", "unchanged", "changed", "repaired", "rejected")
ROW = "{:14}" + " {:>11}" * len(FIELDS)


def as_json(report: Report, most_rejects: int) -> dict[str, Any]:
    return {
        "run_id": report.run_id,
        "status": "done",
        "dry_run": report.dry_run,
        "bots": report.bots,
        "files": report.outcome.files,
        "unchanged_files": report.outcome.unchanged_files,
        "left_for_next_pass": report.outcome.left,
        "kinds": {
            kind: {name: getattr(report.counts[kind], name) for name in (*FIELDS, "vanished")}
            for kind in KINDS
        },
        "rejects": report.outcome.rejects[:most_rejects],
        "only_in_backups": report.outcome.only_in_backups,
        "counters_that_disagree": report.counters.as_json(),
        "source_tz": report.source_tz,
        "problems": report.problems,
        "seconds": round(report.seconds, 3),
        "rows_per_second": report.rows_per_second,
        "peak_rss_mb": report.peak_rss_mb,
    }


def as_text(report: Report, most_rejects: int) -> str:
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
    if outcome.left:
        lines.append(f"{len(outcome.left):,} files changed just now: left for the next pass.")
    if more_in_backups := outcome.only_in_backups:
        lines.append(
            f"{sum(more_in_backups.values()):,} messages of {len(more_in_backups):,} conversations "
            f"are only in backups, such as {next(iter(more_in_backups))}. "
            "--salvage-backups imports them."
        )
    if disagreeing := report.counters.number:
        first = ", ".join(map(str, report.counters.first[:NAMED]))
        lines.append(
            f"{disagreeing:,} counters of profiles disagree with the messages there are, and are "
            f"kept as they are: {first}."
        )
    if counts["metrics"].source:
        lines.append(f"Times without a zone in metrics.json are those of {report.source_tz}.")
    lines += report.problems
    lines += (
        f"Rejected: {reject['file']}, record {reject['position']}: {reject['code']}"
        for reject in outcome.rejects[:most_rejects]
    )
    if (more := len(outcome.rejects) - most_rejects) > 0:
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
