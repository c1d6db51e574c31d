"""A verification as one HTML page that needs nothing else, for whoever owns the data.

In the language that is active; what is said of single records stays in the command's own words.
"""

from datetime import datetime
from html import escape
from typing import Any

from django.utils.formats import number_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext

from legacy_import.verify.checks import CHECKS
from legacy_import.verify.report.page_words import FIGURES, IN_ENGLISH, RESULTS, SAYS, STATUSES

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
HEAD = (
    '<!doctype html><html lang="{}"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width">'
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "style-src 'unsafe-inline'\">"
)


def as_html(told: dict[str, Any]) -> str:
    """Of what `verify_migration --format json` says."""
    status = told["status"]
    title, says = (gettext(text) for text in SAYS[status])
    if part := _part(told):
        whole = status != "passed"
        title = title if whole else gettext("Nothing differs in the part that was looked at")
        says = f"{says} {part}" if whole else part
    differ = any(check["first"] or check["not_made"] for check in told["checks"].values())
    measured = any(set(check["figures"]) - {*FIGURES} for check in told["checks"].values())
    in_english = differ or measured or told["notes"]
    foreign = gettext(IN_ENGLISH) if get_language() != "en" and in_english else ""
    notes = "".join(f"<li>{_quoted(note)}</li>" for note in told["notes"])
    known = escape(gettext("Good to know"))
    heading = escape(gettext("Verification: %(result)s") % {"result": gettext(STATUSES[status])})
    return (
        f"{HEAD.format(get_language())}<title>{heading}</title><style>{STYLE}</style>"
        f'<h1 class="{"good" if status == "passed" else "bad"}">{escape(title)}</h1>'
        f"<p>{escape(says)}</p><p><small>{_about(told)} {heading}.</small></p>"
        + (f"<p><small>{escape(foreign)}</small></p>" if foreign else "")
        + "".join(_section(name, check) for name, check in told["checks"].items() if name in CHECKS)
        + (f"<section><h2>{known}</h2><ul>{notes}</ul></section>" if notes else "")
        + "</html>\n"
    )


def _about(told: dict[str, Any]) -> str:
    when = localtime(datetime.fromisoformat(told["verified_at"])).isoformat(" ", "seconds")
    text = gettext("The files: %(tree)s. Verified %(when)s.")
    if told["bot"]:
        text = gettext("The files: %(tree)s, of %(bot)s alone. Verified %(when)s.")
    values = {"tree": _quoted(told["tree"]), "bot": _quoted(told["bot"] or ""), "when": when}
    return escape(text) % values


def _part(told: dict[str, Any]) -> str:
    """What was asked for, if not everything."""
    parts = []
    if left := told["left_out"]:
        text = gettext("These checks were not asked for: %(checks)s.")
        parts.append(text % {"checks": ", ".join(left)})
    if told["sampled"]:
        parts.append(gettext("Only a sample of the files was read."))
    return " ".join([*parts, gettext("Of the rest this says nothing.")]) if parts else ""


def _section(name: str, check: dict[str, Any]) -> str:
    wrong, result = check["differences"], check["result"]
    color = "bad" if wrong or result == "not made" else "good" if result == "passed" else "grey"
    section = f'<section><h2>{escape(gettext(CHECKS[name].question))} <span class="grey">({name})'
    section += f'</span></h2><p class="result {color}">{"✓ " if color == "good" else ""}'
    section += f"{escape(_result(wrong, result))}</p>"
    if why := check["not_made"]:
        section += f"<p>{_quoted(why)}</p>"
    if check["figures"]:
        looked_at = ", ".join(_figure(what, count) for what, count in check["figures"].items())
        heading = escape(gettext("Looked at:"))
        section += f"<small>{heading} {looked_at}</small>"
    if wrong:
        section += f"<ul>{''.join(map(_item, check['first']))}</ul>"
        if more := wrong - len(check["first"]):
            text = gettext("... and %(count)s more.") % {"count": _number(more)}
            section += f"<p>{escape(text)}</p>"
        heading, to_do = escape(gettext("To do:")), escape(gettext(CHECKS[name].to_do))
        section += f"<p><b>{heading}</b> {to_do}.</p>"
    return section + "</section>"


def _result(wrong: int, result: str) -> str:
    if not wrong:
        return gettext(RESULTS[result])
    return ngettext("%(count)s difference", "%(count)s differences", wrong) % {
        "count": _number(wrong)
    }


def _figure(what: str, count: int) -> str:
    if what not in FIGURES:
        return f"{_number(count)} {_quoted(what)}"
    # Translators: what was looked at, such as "1,234 messages".
    text = escape(gettext("%(count)s %(what)s"))
    return text % {"count": _number(count), "what": _quoted(gettext(what))}


def _number(value: int) -> str:
    return number_format(value, force_grouping=True)


def _item(finding: dict[str, Any]) -> str:
    where = _quoted(finding["file"])
    if finding["place"] is not None:
        where += escape(gettext(", record %(number)s") % {"number": finding["place"]})
    if finding["field"] is None:
        return f"<li>{where}: {_quoted(finding['what'])}</li>"
    in_file, in_database = escape(gettext("In the file:")), escape(gettext("In the database:"))
    return (
        f"<li>{where}, {_quoted(finding['field'])}: {_quoted(finding['what'])}"
        f"<small>{in_file}</small>{_quoted(finding['expected'] or '')}"
        f"<small>{in_database}</small>{_quoted(finding['found'] or '')}</li>"
    )


def _quoted(text: str) -> str:
    """Data: no markup, and no writing direction beyond itself."""
    return f"<bdi>{escape(text)}</bdi>"
