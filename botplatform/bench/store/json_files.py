"""One file for each chat, written anew with every message, as the legacy bots did."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botplatform.bench.store.contender import LATEST, TEXT, Chat, texts_of


class JsonFiles:
    name = "JSON files"

    def __init__(self, folder: Path, chats: Sequence[Chat]) -> None:
        self._folder = folder
        for chat in chats:
            self._write(chat, [_entry(number, text) for number, text in texts_of(chat)])

    def latest(self, chat: Chat) -> list[str]:
        return [entry["text"] for entry in self._read(chat)[-LATEST:]]

    def record(self, chat: Chat, numbers: Sequence[int]) -> None:
        entries = self._read(chat)
        known = {entry["id"] for entry in entries}
        entries += [_entry(number, TEXT) for number in numbers if number not in known]
        self._write(chat, entries)

    def _path(self, chat: Chat) -> Path:
        return self._folder / f"{chat.bot_id}_{chat.chat_id}.json"

    def _read(self, chat: Chat) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = json.loads(self._path(chat).read_text())
        return entries

    def _write(self, chat: Chat, entries: list[dict[str, Any]]) -> None:
        self._path(chat).write_text(json.dumps(entries, ensure_ascii=False))


def _entry(number: int | None, text: str) -> dict[str, Any]:
    return {"ts": datetime.now(UTC).isoformat(), "direction": "in", "text": text, "id": number}
