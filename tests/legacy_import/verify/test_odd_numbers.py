"""Measurements that no float and no Decimal of 28 digits holds: as they were written, or refused."""

import pytest

from legacy_import.verify.report.result import as_text
from tests.legacy_import.tree import Tree
from tests.legacy_import.verify.conftest import ByHand
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "123456789012345678901234567891"
NUMBERS = (*(LONG, f"-{LONG}", f"0.{LONG}{LONG}", f"{LONG}.{LONG}", f"{LONG}e5", f"{LONG}e-5"),)


def measured(numbers: tuple[str, ...]) -> str:
    return "{" + ", ".join(f'"m{n}": {number}' for n, number in enumerate(numbers)) + "}"


@pytest.fixture
def odd(tree: Tree) -> Tree:
    stats = measured(NUMBERS)
    tree.write("metrics.json", f'{{"history": [{{"metrics": {stats}}}]}}'.encode())
    person = f'{{"telegram_id": 7, "name": "A", "conversation_stats": {stats}}}'
    tree.write("girls_data/7.json", person.encode())
    tree.imported()
    return tree


def test_they_are_as_they_were(odd: Tree) -> None:
    assert passed(verified(odd))


def test_a_digit_beyond_the_28th_is_one_too(odd: Tree, by_hand: ByHand) -> None:
    by_hand("UPDATE bot_metrics SET metric_value = metric_value + 1e-59 WHERE metric_name = 'm2'")
    findings = verified(odd)
    differing = [(one.file, one.what, one.field) for one in everything(findings)]
    assert differing == [
        ("girls_data/7.json", "m2 differs", "metric_value"),
        ("metrics.json", "m2 differs", "metric_value"),
    ], as_text(findings)


def test_without_their_files(odd: Tree) -> None:
    for path in ("metrics.json", "girls_data/7.json"):
        (odd.root / path).unlink()
    odd.chat(1)
    odd.imported()
    assert passed(verified(odd, accept_removed=True))
