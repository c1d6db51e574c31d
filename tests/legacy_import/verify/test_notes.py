"""Notes are never cut without a word, and a tree that changes meanwhile is stale."""

from typing import Any

import pytest

from legacy_import.verify.findings import Findings
from legacy_import.verify.of_bot import Comparison
from legacy_import.verify.report.page import as_html
from legacy_import.verify.report.result import as_json, as_text, status
from tests.legacy_import.tree import Tree, line
from tests.legacy_import.verify.verifying import verified

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("limit", [0, 2])
def test_notes_say_how_many_more(tree: Tree, limit: int) -> None:
    for bot in ("Anna", "Emma"):
        for chat in range(1, 5):
            tree.write(f"{bot}/conversations/{chat}.json", [line(1, f"{chat}"), line(2)])
            tree.write(f"{bot}/backups/{chat}/2024-05-01.json", {"messages": [line(9, bot)]})
    tree.bot = None  # type: ignore[assignment]
    tree.imported()
    (tree.root / "Emma/conversations/4.json").unlink()
    findings = verified(tree, accept_removed=True, findings=Findings(limit=limit))
    assert status(findings) == "passed"
    only = [note for note in findings.notes if "are in no conversation" in note]
    assert len(only) == limit + 1
    assert only[-1] == f"... and {8 - limit} more: messages that are in no conversation: …"
    assert any("are no longer in the tree" in note for note in findings.notes)
    told = as_json(findings)
    page = as_html(told | {"tree": "", "bot": None, "verified_at": "2024-05-01 00:00:00+00:00"})
    for shown in (as_text(findings), page, str(told)):
        assert f"{8 - limit} more: " in shown
    assert told["whole"] is True


@pytest.mark.parametrize("path", ["conversations/7.json", "backups/7/2024-05-01.json", "x.tmp"])
def test_a_file_that_goes_meanwhile(
    imported: Tree, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    imported.write("x.tmp", b"half")
    usual = Comparison.compare

    def compare(*compared: Any) -> None:
        (imported.root / path).unlink(missing_ok=True)
        usual(*compared)

    monkeypatch.setattr(Comparison, "compare", compare)
    findings = verified(imported)
    assert status(findings) == "stale"
    assert path in findings.stale


def test_a_folder_that_goes_meanwhile(imported: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before its files are read."""
    usual = Comparison.read

    def read(comparison: Comparison, one: Any) -> None:
        for file in (imported.root / "girls_data").glob("*"):
            file.unlink()
        usual(comparison, one)

    monkeypatch.setattr(Comparison, "read", read)
    assert status(verified(imported)) in ("stale", "incomplete")
