"""Clean records are read together, and an odd one among them costs only its neighbours that."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from legacy_import.source.messages import Reader
from tests.legacy_import.source.support import conversation

COUNT = 5000


def documented(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "timestamp": f"2025-08-10T12:00:{number % 60:02}.{number % 1000:03}000+00:00",
        "sender": ("user", "bot", "Анна", 77)[number % 4],
        "content": f"Привет {number}",
        "message_type": "text",
    }


def as_written(number: int) -> dict[str, Any]:
    time = f"2025-08-10T12:00:{number % 60:02}Z"
    return {"ts": time, "direction": ("in", "out")[number % 2], "text": f"Привет {number}"}


@pytest.fixture
def slowly(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The records that were read one by one."""
    records: list[bytes] = []
    read = Reader.read

    def watched(self: Reader, raw: bytes) -> Any:
        records.append(raw)
        return read(self, raw)

    monkeypatch.setattr(Reader, "read", watched)
    return records


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("make", [documented, as_written])
def test_clean_files(
    workspace: Path, slowly: list[bytes], make: Callable[[int], dict], indent: int | None
) -> None:
    records: Any = [make(number) for number in range(COUNT)]
    value = records if make is as_written else {"v": 1, "messages": records, "w": [[]]}
    _, read = conversation(workspace, json.dumps(value, indent=indent).encode())
    assert len(read) == COUNT
    assert len(slowly) < 20


@pytest.mark.parametrize(
    "odd",
    [
        {"reply_to": 5},
        {"text": "\0", "content": "\0"},
        {"ts": "soon", "timestamp": "soon"},
        {"ts": 1754827200, "timestamp": 1754827200},
        {"id": 1},
        {"text": None, "content": None},
    ],
)
@pytest.mark.parametrize("make", [documented, as_written])
def test_one_odd_record_in_a_hundred(
    workspace: Path, slowly: list[bytes], make: Callable[[int], dict], odd: dict[str, Any]
) -> None:
    records: Any = [make(number) for number in range(COUNT)]
    for record in records[50::100]:
        record |= {key: odd[key] for key in odd if key in record or key == "reply_to"}
    value = records if make is as_written else {"messages": records}
    _, read = conversation(workspace, json.dumps(value).encode())
    assert len(read) == COUNT
    assert len(slowly) < COUNT / 4
