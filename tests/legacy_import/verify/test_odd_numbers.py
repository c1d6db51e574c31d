"""Measurements that no float and no Decimal of 28 digits holds: as written, or refused."""

import pytest

from legacy_import.verify.report.result import as_text
from tests.legacy_import.tree import Tree, query
from tests.legacy_import.verify.conftest import ByHand
from tests.legacy_import.verify.verifying import everything, passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

LONG = "123456789012345678901234567891"
NUMBERS = (
    *(LONG, f"-{LONG}", f"0.{LONG}{LONG}", f"{LONG}.{LONG}", f"{LONG}e5", f"{LONG}e-5"),
    *("0e999999999", "-0e9999", "-0.0", "1e-999", "1.23e-999", "1e-1000", "1e999", "1e1000"),
    *(f"0.{'0' * 700}", f"1.{'0' * 5000}", f"0.{'0' * 995}1", f"0.{'0' * 999}1", "9" * 1000),
    *("9" * 1001, '{"$number": "5"}', '{"$number": 5}', '{"$number": "NaN"}', "NaN", "1e400"),
)


def stats(numbers: tuple[str, ...]) -> str:
    return "{" + ", ".join(f'"m{n}": {number}' for n, number in enumerate(numbers)) + "}"


@pytest.fixture
def odd(tree: Tree) -> Tree:
    # The ledger alone does not know -0 from 0, nor NaN from the record's own object like it.
    certain = tuple(one for one in NUMBERS if not one.startswith(("-0", '{"$number": "NaN"')))
    tree.write("metrics.json", f'{{"history": [{{"metrics": {stats(certain)}}}]}}'.encode())
    for number, measured in ((7, stats(certain)), (8, stats(NUMBERS))):
        person = f'{{"telegram_id": {number}, "name": "A", "conversation_stats": {measured}}}'
        tree.write(f"girls_data/{number}.json", person.encode())
    tree.imported()
    return tree


def test_they_are_as_they_were(odd: Tree) -> None:
    assert query("SELECT count(*) FROM bot_metrics WHERE metric_name = 'm6'") == [(3,)]
    assert passed(verified(odd))


def test_a_digit_beyond_the_28th_is_one_too(odd: Tree, by_hand: ByHand) -> None:
    by_hand("UPDATE bot_metrics SET metric_value = metric_value + 1e-59 WHERE metric_name = 'm2'")
    findings = verified(odd)
    differing = [(one.file, one.what, one.field) for one in everything(findings)]
    assert differing == [
        ("girls_data/7.json", "m2 differs", "metric_value"),
        ("girls_data/8.json", "m2 differs", "metric_value"),
        ("metrics.json", "m2 differs", "metric_value"),
    ], as_text(findings)


def test_without_their_files(odd: Tree) -> None:
    for path in ("metrics.json", "girls_data/7.json"):
        (odd.root / path).unlink()
    odd.imported()
    assert passed(verified(odd, accept_removed=True))
