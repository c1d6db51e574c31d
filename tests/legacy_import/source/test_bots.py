"""bots.json: the token goes into the entry alone, and is nowhere printed."""

import json
from pathlib import Path
from typing import Any

import pytest

from legacy_import.source.records import BotEntry, Reject
from tests.legacy_import.source.support import whole

TOKEN = "123456789:AAF-secret_secret_secret_secret_sec"
ENTRY: dict[str, Any] = {
    "name": "anna",
    "telegram_token": TOKEN,
    "username": "@anna_bot",
    "owner_telegram_id": 5,
    "status": "active",
    "config": {"lang": "ru"},
}


def entries(root: Path, data: bytes) -> list[Any]:
    reading, records = whole(root, "bots.json", data)
    assert "secret" not in repr((reading, records))
    assert not any(b"secret" in each.raw for each in records if isinstance(each, Reject))
    return records


def test_an_entry(workspace: Path) -> None:
    [entry] = entries(workspace, json.dumps({"bots": [ENTRY]}).encode())
    assert isinstance(entry, BotEntry)
    assert (entry.name, entry.username, entry.status) == ("anna", "anna_bot", "active")
    assert (entry.telegram_token, entry.owner_telegram_id) == (TOKEN, 5)
    assert (entry.config, entry.notes) == ({"lang": "ru"}, ())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": ""}, "missing-name"),
        ({"name": 5}, "not-text"),
        ({"telegram_token": [TOKEN]}, "not-text"),
        ({"config": [TOKEN]}, "not-an-object"),
        ({"owner_telegram_id": 2**63}, "id-too-large"),
    ],
)
def test_rejects(workspace: Path, change: dict[str, Any], code: str) -> None:
    data = json.dumps({"bots": [{**ENTRY, **change}, ENTRY]}).encode()
    reject, entry = entries(workspace, data)
    assert isinstance(reject, Reject)
    assert reject.code == code
    assert isinstance(entry, BotEntry)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": "asleep"}, "unknown-status"),
        ({"status": None}, "missing-field"),
        ({"owner_telegram_id": "5"}, "number-as-string"),
        ({"name": "anna\0" + TOKEN}, "nul-character"),
    ],
)
def test_repairs(workspace: Path, change: dict[str, Any], code: str) -> None:
    _, [entry] = whole(workspace, "bots.json", json.dumps({"bots": [{**ENTRY, **change}]}).encode())
    assert isinstance(entry, BotEntry)
    assert [(note.code, note.original) for note in entry.notes] == [(code, b"")]


@pytest.mark.parametrize("size", [3, 40, 100, 150, 200])
def test_damage_keeps_no_token(workspace: Path, size: int) -> None:
    data = json.dumps({"note": TOKEN, "bots": [ENTRY] * 2, "x": TOKEN}).encode()
    entries(workspace, data[:size])
    entries(workspace, data + data[:size])
    entries(workspace, data.replace(b'"x": ', b'"x": oops, "y" '))
    entries(workspace, data.replace(b'"name"', b'"telegram_token": "secret", "name"'))


@pytest.mark.parametrize(
    ("config", "masked", "where"),
    [
        ({"token": TOKEN}, {"token": "123456789:…"}, "/config/token"),
        (
            {"hooks": [{"url": f"https://example.com/bot{TOKEN.replace(':', '%3A')}/x"}]},
            {"hooks": [{"url": "https://example.com/bot123456789%3A…/x"}]},
            "/config/hooks/0/url",
        ),
        ({"a/b": TOKEN.partition(":")[2]}, {"a/b": "…"}, "/config/a~1b"),
        ({"bots": {TOKEN: 1}}, {"bots": {"123456789:…": 1}}, "/config/bots"),
        ({"x": "55555:BBF-secret_secret_secret_secret_sec!"}, {"x": "55555:…!"}, "/config/x"),
    ],
)  # fmt: skip
def test_a_token_in_the_config(
    workspace: Path, config: dict[str, Any], masked: dict[str, Any], where: str
) -> None:
    entry = entries(workspace, json.dumps({"bots": [{**ENTRY, "config": config}]}).encode())[0]
    assert isinstance(entry, BotEntry)
    assert (entry.telegram_token, entry.config) == (TOKEN, masked)
    assert [(note.code, note.where) for note in entry.notes] == [("token-masked", where)]


def test_what_is_no_token_stays(workspace: Path) -> None:
    config = {"at": "12:30", "id": "123456789", "url": "http://example.com:8080/a-long-path-name"}
    [entry] = entries(workspace, json.dumps({"bots": [{**ENTRY, "config": config}]}).encode())
    assert (entry.config, entry.notes) == (config, ())
