"""A verification as text and as JSON."""

from collections import Counter
from typing import Any

from legacy_import.verify.checks import CHECKS, ROLLBACK, SELF_TEST
from legacy_import.verify.findings import Findings

NEXT = {
    "differences": 'do not switch over; do what stands above after "To do"',
    "stale": "import the tree again with --min-age 0, then verify again",
    "incomplete": 'do not switch over; what was "not made" above says why, and what to do',
    "error": "do not switch over, and trust nothing of the above: the verifier itself failed",
}
SWITCH = "nothing differs: the bots may be switched over"
MORE = "nothing differs in the part that was looked at: verify without --only and --sample"


def status(findings: Findings) -> str:
    if findings.total[SELF_TEST]:
        return "error"
    if findings.stale:
        return "stale"
    if findings.total.total():
        return "differences"
    return "incomplete" if findings.not_made else "passed"


def result_of(check: str, findings: Findings) -> str:
    """One check's: `passed` only when it was made and found nothing."""
    if wrong := findings.total[check]:
        return f"{wrong:,} difference{'s' if wrong > 1 else ''}"
    if check not in findings.checks or (check == ROLLBACK and check not in findings.figures):
        return "not asked for"
    return "not made" if check in findings.not_made else "passed"


def looked_at(check: str, findings: Findings) -> str:
    figures = findings.figures.get(check, Counter[str]())
    words = [f"{count:,} {what}" for what, count in figures.items()]
    if why := findings.not_made.get(check):
        words.append(why)
    return ", ".join(words)


def as_text(findings: Findings) -> str:
    lines = []
    for check in CHECKS:
        result = result_of(check, findings)
        lines.append(f"{check:12} {result:18} {looked_at(check, findings)}".rstrip())
        first, wrong = findings.first.get(check, []), findings.total[check]
        lines += [f"    {finding}" for finding in first]
        if wrong > len(first):
            lines.append(f"    ... and {wrong - len(first):,} more.")
        if wrong:
            lines.append(f"    To do: {CHECKS[check].to_do}.")
    lines += [f"Note: {note}" for note in findings.notes]
    return "\n".join([*lines, f"Next: {_next(findings)}.", f"Result: {status(findings)}"])


def _next(findings: Findings) -> str:
    return NEXT.get(status(findings)) or (SWITCH if is_whole(findings) else MORE)


def is_whole(findings: Findings) -> bool:
    return {*CHECKS} - {ROLLBACK} <= {*findings.checks} and not findings.sampled


def as_json(findings: Findings) -> dict[str, Any]:
    return {
        "status": status(findings),
        "whole": is_whole(findings),
        "left_out": [name for name in CHECKS if name not in findings.checks and name != ROLLBACK],
        "sampled": findings.sampled,
        "notes": findings.notes,
        "checks": {
            check: {
                "result": result_of(check, findings),
                "differences": findings.total[check],
                "figures": dict(findings.figures.get(check, {})),
                "not_made": findings.not_made.get(check),
                "first": [vars(finding) for finding in findings.first.get(check, [])],
                "to_do": about.to_do if findings.total[check] else None,
            }
            for check, about in CHECKS.items()
        },
    }
