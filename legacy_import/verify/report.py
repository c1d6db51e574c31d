"""A verification as text and as JSON."""

from collections import Counter
from typing import Any

from legacy_import.verify.findings import Findings

CHECKS = (
    *("accounting", "content", "order", "integrity", "rejects", "backups", "freshness"),
    *("performance", "isolation", "rollback", "self-test"),
)
TO_DO = {
    "accounting": "import the tree again; what stays is listed with its file",
    "content": "compare the record with its row; a new import of the file sets it right",
    "order": "import the file again",
    "integrity": "run manage.py check_isolation, and ask who changed the database by hand",
    "rejects": "the bytes that were not kept are only in the file: keep it",
    "backups": "import the backup again",
    "freshness": "import the tree again, then verify again: this result is stale",
    "performance": "run VACUUM ANALYZE, then verify again; then look at the plan",
    "isolation": "run manage.py check_isolation, and do what it says",
    "rollback": "what was written since stays or goes: see manage.py rollback_import --help",
    "self-test": "do not trust this result: the verifier did not see what it broke itself",
}


def status(findings: Findings) -> str:
    if findings.total["self-test"]:
        return "error"
    if findings.stale:
        return "stale"
    return "differences" if findings.total.total() else "passed"


def as_text(findings: Findings) -> str:
    lines = []
    for check in CHECKS:
        if check == "rollback" and check not in {*findings.figures, *findings.first}:
            continue  # asked for with --run
        figures = findings.figures.get(check, Counter[str]())
        counted = ", ".join(f"{count:,} {what}" for what, count in figures.items())
        wrong = findings.total[check]
        lines.append(f"{check:12} {f'{wrong:,} differences' if wrong else 'passed':18} {counted}")
        first = findings.first.get(check, [])
        lines += [f"    {finding}" for finding in first]
        if wrong > len(first):
            lines.append(f"    ... and {wrong - len(first):,} more.")
        if wrong:
            lines.append(f"    To do: {TO_DO[check]}.")
    lines += [f"Note: {note}" for note in findings.notes]
    return "\n".join([*lines, f"Result: {status(findings)}"])


def as_json(findings: Findings) -> dict[str, Any]:
    return {
        "status": status(findings),
        "notes": findings.notes,
        "checks": {
            check: {
                "differences": findings.total[check],
                "figures": dict(findings.figures.get(check, {})),
                "first": [vars(finding) for finding in findings.first.get(check, [])],
            }
            for check in CHECKS
        },
    }
