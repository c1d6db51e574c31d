"""The bot of the README, with Telegram's servers played by the test."""

import io
import json
import re
import sys
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from botplatform.store import BotStore
from tests.store.conftest import TOKEN

pytestmark = pytest.mark.django_db

README = Path(__file__).parents[2] / "README.md"


class Telegram:
    """Delivers the updates that it has not been told are done, and one of them twice."""

    def __init__(self, texts: list[str]) -> None:
        self.answered: list[str] = []
        self.updates = [
            {"update_id": n, "message": self._message(n, text)} for n, text in enumerate(texts)
        ]
        self.deliveries = [self.updates[:2], self.updates[1:], self._no_messages(len(texts))]

    def urlopen(self, url: str, data: bytes, timeout: int) -> io.StringIO:
        address, method = url.rsplit("/", 1)
        assert address == f"https://api.telegram.org/bot{TOKEN}"
        form = {name: value for name, [value] in parse_qs(data.decode()).items()}
        return io.StringIO(json.dumps({"ok": True, "result": getattr(self, method)(**form)}))

    def getUpdates(self, offset: str, timeout: str) -> Any:  # noqa: N802
        if not self.deliveries:
            raise KeyboardInterrupt
        return self.deliveries.pop(0)

    def sendMessage(self, chat_id: str, text: str) -> Any:  # noqa: N802
        self.answered.append(text)
        return {"message_id": 1000 + len(self.answered), "chat": {"id": int(chat_id)}}

    def _no_messages(self, first: int) -> Any:
        """A post of a channel comes from nobody, and much else is no message."""
        edited, post = self._message(0, "Привет всем!"), self._message(77, "объявление")
        del post["from"]
        updates = [{"edited_message": edited}, {"my_chat_member": {}}, {"message": post}]
        return [{"update_id": first + n, **update} for n, update in enumerate(updates)]

    def _message(self, n: int, text: str) -> Any:
        person = {"id": 1001, "first_name": "Анна"}
        return {"message_id": 500 + n, "chat": {"id": 42}, "from": person, "text": text}


def test_the_echo_bot(alice: BotStore, monkeypatch: Any) -> None:
    [code] = re.findall(r"```python\n(import json.*?)```", README.read_text(), re.DOTALL)
    bot = code.partition("import BotStore\n")[2]
    assert len([line for line in bot.splitlines() if line]) <= 15
    telegram = Telegram(["Привет!", "Как дела?", "😀 & co"])
    monkeypatch.setattr(urllib.request, "urlopen", telegram.urlopen)
    monkeypatch.setattr("botplatform.store.BotStore", partial(BotStore, using="runtime"))
    monkeypatch.setattr(sys, "argv", ["echo_bot.py", str(alice.bot_id)])
    with pytest.raises(KeyboardInterrupt):
        exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert telegram.answered == ["Привет!", "Как дела?", "😀 & co", "объявление"]
    said = [(message.sender_type, message.content) for message in alice.recent_messages(42)]
    assert said == [(who, text) for text in telegram.answered for who in ("user", "bot")]
    assert alice.get_profile(1001).name == "Анна"
