"""A verification made by a test."""

from typing import Any

from legacy_import.verify.findings import Finding, Findings
from legacy_import.verify.report.result import as_text, status
from legacy_import.verify.verification import Verification
from tests.legacy_import.tree import Tree

SNAPSHOT = {"timestamp": "2024-05-01T12:00:00", "metrics": {"rate": 0.5, "up": True}}


def verified(tree: Tree, **options: Any) -> Findings:
    return Verification(tree.root, tree.bot, **options).run()


def everything(findings: Findings) -> list[Finding]:
    return [one for found in findings.first.values() for one in found]


def passed(findings: Findings) -> bool:
    assert status(findings) == "passed", as_text(findings)
    return True
