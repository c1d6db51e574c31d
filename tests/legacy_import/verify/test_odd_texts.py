"""Odd texts of JSON, of which the importer and the verifier must not think differently."""

import pytest

from tests.legacy_import.tree import Tree
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = pytest.mark.django_db(transaction=True)

# Alike once halves of characters are replaced, and longer than a float is looked at.
ODD = (r'{"\ud800": 1, "\ud801": 2}', f"1.{'0' * 5000}")
MESSAGE = {"id": "1", "timestamp": "5", "sender": '"user"', "content": '"x"', "width": "1"}
PERSON = {"name": '"x"', "created_at": "5", "last_active": "5", "last_activity": "5", "age": "30"}
DEEP = "[" * 300 + "]" * 300
AT = '"timestamp": "2024-05-01T12:00:00"'
HISTORY = f"""[
    {{{AT},  "metrics": 5}}, 7, {{{AT}, "metrics": null}}, {{"ж":  5, "metrics": [NaN]}},
    {{{AT}, "metrics": {{"ж": NaN, "\\ud800": 1e4000, "c": NaN, "d": 0.5}}, "e": NaN}},
    {{{AT}, "{"x" * 200}": 1, "{"x" * 201}": 2, "{"ж" * 200}": 3, "{"ж" * 600}": 4, "": 5}}
]"""
METRICS = {
    "twice": f"""{{"current": {{{AT}, "a": 1, "a": 2}}, "history": [{{"q": 1}}],
        "history": [{{{AT}, "b": 1, "b": 2}}], "x": {{"q": 1, "q": 2}}}}""",
    "text": f'{{"current": "при\\ud800вет", "history": {HISTORY}}}',
    "list": f'{{"current": [1.50, NaN, null, "ж"], "history": {HISTORY}}}',
    "no object": f'{{"history": {HISTORY}, "current": {{"metrics":  [1.50, true]}}}}',
    "deep": f'{{"current": {DEEP}, "history": [{{{AT}, "a": 1}}]}}',
}


def of(fields: dict[str, str]) -> str:
    return ", ".join(f'"{name}": {value}' for name, value in fields.items())


def test_records(tree: Tree) -> None:
    number = 10
    for odd in ODD:
        for name in MESSAGE:
            record = of({**MESSAGE, name: odd})
            number += 1
            text = f'{{"a": {DEEP}, "messages": [{{{record}}}], "b": {odd}}}'
            tree.write(f"conversations/{number}.json", text.encode())
        for name in (*PERSON, "interests", "more"):
            number += 1
            record = of({"telegram_id": f"{number}", **PERSON, name: odd})
            tree.write(f"girls_data/{number}.json", f"{{{record}}}".encode())
    tree.imported()
    assert passed(verified(tree))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_metrics(tree: Tree, encoding: str) -> None:
    for bot, text in METRICS.items():
        tree.write(f"{bot}/metrics.json", text.encode(encoding))
    tree.bot = None  # type: ignore[assignment]
    tree.imported()
    assert passed(verified(tree))
