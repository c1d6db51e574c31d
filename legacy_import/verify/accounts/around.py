"""Check `json` of what stands around the messages of a file: only the ledger has it."""

from typing import Any

from legacy_import.verify.accounts.ledger import LedgerFile
from legacy_import.verify.checks import CONTENT, JSON
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.json_text import Broken, CutOff, Values
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.values.same import plain

NOTHING = object()


def compare_around(file: Expected, known: LedgerFile, findings: Findings) -> None:
    name, shape = file.file.printable, known.header.get("shape", {})
    if known.header.get("title") != file.title:
        found = (file.title, known.header.get("title"))
        findings.add(CONTENT, name, "is another in the ledger", 0, "title", *found)
    expected = {
        "container": "list" if file.around is None else "object",
        "records_key": "messages" if file.around is not None and file.has_records else None,
    }
    for what, value in expected.items():
        if shape.get(what) != value:
            findings.add(JSON, name, "is another in the ledger", 0, what, value, shape.get(what))
    around, kept = file.around or {}, _kept(shape.get("around", []))
    findings.count(JSON, "keys around messages", len(around))
    for key in around.keys() | kept.keys():
        values = around.get(key, NOTHING), kept.get(key, NOTHING)
        if NOTHING in values or plain(values[0]) != plain(values[1]):
            shown = ["(not there)" if one is NOTHING else one for one in values]
            findings.add(JSON, name, "is another in the ledger", 0, key, *shown)


def _kept(members: list[list[str]]) -> dict[str, Any]:
    """The last one of a key counts."""
    values = Values()
    try:
        return {
            values.value(key, 0, whole=True)[0]: values.value(text, 0, whole=True)[0]
            for key, text in members
        }
    except (Broken, CutOff, ValueError, TypeError, RecursionError):
        return {}
