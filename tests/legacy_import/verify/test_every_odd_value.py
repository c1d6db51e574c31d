"""Every field with every odd value: what the importer made of it, the verifier finds to be so, and
the export writes it again."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from legacy_import.export import export
from tests.legacy_import.tree import Tree
from tests.legacy_import.verify.verifying import passed, verified

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

# As JSON writes them; None: the field is not there.
ODD: tuple[str | None, ...] = (
    *(None, "null", "true", "[]", "{}", '["a"]', '["a", {"text": "b"}]', '[{"t": 1}]'),
    *('""', '" "', '"x"', '"5"', '" 7 "', '"-7"', '"007"', '"٣"', '"1e3"', '"user"', '"BOT "'),
    *('"in"', '"IN"', '"\\u0000"', '"\\ud800"', '"99999999999999999999"'),
    *("0", "-0", "-1", "1.0", "1.5", "1e9", "1e400", "1e-400", "NaN", "-Infinity"),
    *("99999999999999999999", "12345678901234567890.5", "1e-99999999999999999999"),
    *("0e99999999999999999999", "1e99999999999999999999", "1e-400000", "1e200000"),
    *("1714564800", "1714564800000", "1714564800.5", "1714564800.1234567", '"1714564800"'),
    *('"2024-05-01T12:00:00"', '"2024-05-01 12:00"', '"2024-05-01"', '"2024-05-01T24:00:00Z"'),
    *('"2024-05-01T12:00:00.1234567Z"', '"2024-05-01T12:00:00+0300"', '"2024-05-01T12:00:60Z"'),
    *('"2024-05-01t12:00:00z"', '" 2024-05-01T12:00:00Z "', '"2024-05-01T12:00:00,5Z"'),
    *('"01.02.2024"', '"01.02.2024 10:00"', '"31.02.2024 10:00"', '"20240501T120000Z"'),
    *('"2024-W01-1T00:00:00"', '"9999-12-31T23:59:59-12:00"', '"0001-01-01T00:00:00+12:00"'),
    # Twice and never, where clocks are turned.
    *('"2024-10-27T02:30:00"', '"2024-03-31T02:30:00"'),
)
TIME = '"2024-05-01T12:00:00Z"'
MESSAGES = (
    {"id": "1", "timestamp": TIME, "sender": '"user"', "content": '"c"', "message_type": '"text"'},
    {"ts": TIME, "direction": '"in"', "text": '"c"'},
)
PEOPLE = (
    {
        **{"telegram_id": "", "name": '"A"', "age": "30", "location": '"x"', "interests": '["a"]'},
        **{"chat_style": '"s"', "personality": '"p"', "created_at": TIME, "last_active": TIME},
        "conversation_stats": '{"total_messages": 1, "response_time_avg": 1.5}',
    },
    {
        **{"chat_id": "", "name": '"A"', "last_activity": TIME, "message_count": "1"},
        **{"summary": "{}", "profile": "{}", "previous_response_id": "null"},
    },
)


def text_of(fields: dict[str, Any]) -> str:
    written = (f'"{name}": {value}' for name, value in fields.items() if value is not None)
    return "{" + ", ".join(written) + "}"


def variations(fields: dict[str, str]) -> Iterator[dict[str, Any]]:
    return ({**fields, name: odd} for name in fields for odd in ODD)


@pytest.fixture
def odd(tree: Tree) -> Tree:
    number = 1_000
    for fields in MESSAGES:
        for around in ('{"messages": [%s, %s]}', "[%s, %s]"):
            for varied in variations(fields):
                number += 1
                usual = text_of({**fields, **({"id": "77"} if "id" in fields else {})})
                written = (around % (usual, text_of(varied))).encode()
                tree.write(f"conversations/{number}.json", written)
    for fields in PEOPLE:
        for varied in variations(fields):
            number = -number if number > 0 else 1 - number
            key = next(iter(fields))
            own = {**varied, key: varied[key] or str(number)} if varied[key] == "" else varied
            tree.write(f"girls_data/{number}.json", text_of(own).encode())
    history = [f'{{"timestamp": {odd or "null"}, "metrics": {{"m": 1, "n": 2}}}}' for odd in ODD]
    history += [f'{{"timestamp": {TIME}, "metrics": {{"v": {odd or 1}}}}}' for odd in ODD]
    text = f'{{"current": {{"a": 1, "b": true}}, "history": [{", ".join(history)}]}}'
    tree.write("metrics.json", text.encode())
    return tree


def exactly(number: str) -> Decimal | str:
    try:
        return Decimal(number)
    except InvalidOperation:
        return number


def records(file: Path) -> Any:
    value = json.loads(file.read_bytes(), parse_float=exactly, parse_constant=str)
    return value["messages"] if isinstance(value, dict) and "messages" in value else value


def test_all_agree(odd: Tree, workspace: Path) -> None:
    zone = ZoneInfo("Europe/Berlin")
    dry = odd.imported(source_tz=zone, dry_run=True).counts
    report = odd.imported(source_tz=zone)
    assert dry.as_json() == report.counts.as_json()
    assert passed(verified(odd, zone=zone))
    assert export(odd.bot, workspace / "back").problems == []
    rejected = {path for path, _, _ in report.outcome.rejected.kept}
    files = list(odd.root.glob("*/*.json"))
    assert len(files) > 1_500
    for file in files:
        path = file.relative_to(odd.root)
        written = records(workspace / "back" / path)
        # Of a conversation the usual message is there in any case.
        rest = str(path) in rejected and path.parts[0] == "conversations"
        assert written == (records(file)[:1] if rest else records(file)), path
