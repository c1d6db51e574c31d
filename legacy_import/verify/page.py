"""A verification as one HTML page that needs nothing else, for whoever owns the data."""

from collections import Counter
from html import escape

from legacy_import.verify.checks import CHECKS
from legacy_import.verify.findings import Findings
from legacy_import.verify.report import status

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
td, th { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0 }
.passed { color: #060 } .wrong { color: #a00 } li { overflow-wrap: anywhere }
"""
SAYS = {
    "passed": "Every record of the files is in the database as it was.",
    "stale": "The files changed after the import. Import again, then verify again.",
    "differences": "The database is not what the files say.",
    "error": "The verifier did not notice what it broke itself: this result means nothing.",
}


def as_html(findings: Findings, tree: str, when: str) -> str:
    result = status(findings)
    rows = "".join(_row(check, findings) for check in CHECKS)
    notes = "".join(f"<li>{escape(note)}</li>" for note in findings.notes)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Verification: {result}'
        f"</title><style>{STYLE}</style><h1>Verification: {_coloured(result)}</h1>"
        f"<p>{SAYS[result]}</p><p>Files: {escape(tree)}. Verified: {escape(when)}.</p>"
        f"<table><tr><th>Check<th>Result<th>Looked at</tr>{rows}</table>"
        + (f"<h2>To know</h2><ul>{notes}</ul>" if notes else "")
        + "</html>\n"
    )


def _row(check: str, findings: Findings) -> str:
    wrong = findings.total[check]
    figures = findings.figures.get(check, Counter[str]())
    looked_at = ", ".join(f"{count:,} {escape(what)}" for what, count in figures.items())
    row = f"<tr><td>{check}<td>{_coloured(f'{wrong:,} differences' if wrong else 'passed')}"
    row += f"<td>{looked_at}</tr>"
    if wrong:
        found = "".join(f"<li>{escape(str(one))}</li>" for one in findings.first[check])
        row += (
            f'<tr><td colspan="3"><p>To do: {escape(CHECKS[check].to_do)}.</p><ul>{found}</ul></tr>'
        )
    return row


def _coloured(result: str) -> str:
    return f'<span class="{"passed" if result == "passed" else "wrong"}">{result}</span>'
