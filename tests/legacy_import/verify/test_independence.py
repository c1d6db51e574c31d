"""The verifier shares no reading with the importer; an error in shared code would hide itself."""

from pathlib import Path

import pytest

from tests.test_layering import ROOT, imports

# What the verifier may know of the import: how it is undone. Nothing that decodes or normalises.
# (The command shows how far it is by the import's bar.)
ALLOWED = (
    "legacy_import.verify",
    "legacy_import.undoing.rollback",
    "legacy_import.refusal",
)


def shared(root: Path) -> list[str]:
    found = []
    for path in sorted((root / "legacy_import" / "verify").rglob("*.py")):
        module = ".".join(path.relative_to(root).with_suffix("").parts)
        found += [
            f"{module} imports {name}"
            for name in imports(path.read_text(), module)
            if name.startswith("legacy_import") and not name.startswith(ALLOWED)
        ]
    return found


def test_the_verifier_imports_nothing_of_the_importers_reading():
    assert shared(ROOT) == []


def test_its_reading_knows_nothing_but_itself():
    for path in sorted((ROOT / "legacy_import" / "verify" / "source").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        ours = [name for name in imports(path.read_text(), module) if "." in name]
        assert all(
            name.startswith("legacy_import.verify.source.")
            for name in ours
            if name.split(".")[0] in {"legacy_import", "conversations", "metrics", "tenants"}
        )


@pytest.mark.parametrize(
    "line",
    [
        "from legacy_import.source.times import parse",
        "import legacy_import.source",
        "from ..source import records",
        "import_module('legacy_import.source.text')",
        "from legacy_import.normalise import message",
    ],
)
def test_a_planted_import_is_caught(tmp_path, line):
    planted = tmp_path / "legacy_import" / "verify" / "checks.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    assert len(shared(tmp_path)) == 1
