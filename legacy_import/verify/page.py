"""A verification as one HTML page that needs nothing else, for whoever owns the data."""

from collections import Counter
from html import escape

from legacy_import.verify.checks import CHECKS, ROLLBACK
from legacy_import.verify.findings import Finding, Findings
from legacy_import.verify.report import result_of, status

STYLE = """
:root { color-scheme: light dark; --good: light-dark(#17633a, #7fd6a2);
  --bad: light-dark(#a11d1d, #ff9c94); --grey: light-dark(#5a6068, #a4abb5);
  --line: light-dark(#d9dce1, #3a3f47); --box: light-dark(#f6f7f9, #22262c) }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto;
  padding: 0 1rem; background: light-dark(#fff, #16191d); color: light-dark(#1b1f24, #e6e8eb) }
h1 { line-height: 1.2; margin-bottom: .3rem } h2 { font-size: 1rem; margin: 0 }
section { border-top: 1px solid var(--line); padding: .9rem 0; display: grid;
  grid-template-columns: 9rem 1fr; gap: .1rem 1rem }
section > * { grid-column: 2; margin: 0 } section > .result { grid-column: 1; grid-row: 1 }
.result { font-weight: 600 } .good { color: var(--good) } .bad { color: var(--bad) }
.grey, small { color: var(--grey) } small { display: block; overflow-wrap: anywhere }
ul { padding: 0; list-style: none } li { background: var(--box); border-radius: .4rem;
  padding: .5rem .75rem; margin: .5rem 0; overflow-wrap: anywhere }
@media (max-width: 36rem) { section { display: block } }
"""
SAYS = {
    "passed": (
        "Everything is there",
        "Every record of the files is in the database with the same values, or kept as it was "
        "where it could not be taken over.",
    ),
    "stale": (
        "The files are newer than the database",
        "Files changed after they were imported. Import again, then verify again.",
    ),
    "differences": (
        "Something differs",
        "The database is not in all points what the files say. What differs is listed below.",
    ),
    "incomplete": (
        "Nothing differs, but not everything was looked at",
        "A check could not be made; below it says why. Until then this proves nothing.",
    ),
    "error": (
        "This result means nothing",
        "The verifier did not notice what it broke itself, on trial.",
    ),
}
PART = "Nothing differs in the part that was looked at"
HEAD = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width">'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'\">"
)


def as_html(findings: Findings, tree: str, when: str) -> str:
    result = status(findings)
    title, says = SAYS[result]
    if part := _part(findings):
        title, says = (PART, part) if result == "passed" else (title, f"{says} {part}")
    notes = "".join(f"<li>{_quoted(note)}</li>" for note in findings.notes)
    return (
        f"{HEAD}<title>Verification: {result}</title><style>{STYLE}</style>"
        f'<h1 class="{"good" if result == "passed" else "bad"}">{title}</h1>'
        f"<p>{says}</p><p><small>The files: {_quoted(tree)}. Verified {escape(when)}. "
        f"Result: {result}.</small></p>"
        + "".join(_section(check, findings) for check in CHECKS)
        + (f"<section><h2>Good to know</h2><ul>{notes}</ul></section>" if notes else "")
        + "</html>\n"
    )


def _part(findings: Findings) -> str:
    """What was asked for, if not everything."""
    parts = []
    if left := [name for name in CHECKS if name not in findings.checks and name != ROLLBACK]:
        parts.append(f"These checks were not asked for: {', '.join(left)}.")
    if findings.sampled:
        parts.append("Only a sample of the files was read.")
    return " ".join([*parts, "Of the rest this says nothing."]) if parts else ""


def _section(check: str, findings: Findings) -> str:
    wrong, result = findings.total[check], result_of(check, findings)
    figures = findings.figures.get(check, Counter[str]())
    color = "bad" if wrong or result == "not made" else "good" if result == "passed" else "grey"
    section = f'<section><h2>{escape(CHECKS[check].question)} <span class="grey">({check})</span>'
    section += f'</h2><p class="result {color}">{"✓ " if color == "good" else ""}{result}</p>'
    if why := findings.not_made.get(check):
        section += f"<p>{_quoted(why)}</p>"
    if figures:
        looked_at = ", ".join(f"{count:,} {_quoted(what)}" for what, count in figures.items())
        section += f"<small>Looked at: {looked_at}</small>"
    if wrong:
        found = "".join(map(_item, findings.first[check]))
        more = wrong - len(findings.first[check])
        section += f"<ul>{found}</ul>" + (f"<p>... and {more:,} more.</p>" if more else "")
        section += f"<p><b>To do:</b> {escape(CHECKS[check].to_do)}.</p>"
    return section + "</section>"


def _item(finding: Finding) -> str:
    where = _quoted(finding.file)
    if finding.place is not None:
        where += f", record {finding.place}"
    if finding.field is None:
        return f"<li>{where}: {_quoted(finding.what)}</li>"
    return (
        f"<li>{where}, {_quoted(finding.field)}: {_quoted(finding.what)}"
        f"<small>In the file:</small>{_quoted(finding.expected or '')}"
        f"<small>In the database:</small>{_quoted(finding.found or '')}</li>"
    )


def _quoted(text: str) -> str:
    """Data: no markup, and no writing direction beyond itself."""
    return f"<bdi>{escape(text)}</bdi>"
