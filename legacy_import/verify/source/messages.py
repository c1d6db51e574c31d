"""A message's record as a row, in either dialect."""

from array import array
from bisect import bisect_left
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.fields import Repairs, identifier, plain_text, taken
from legacy_import.verify.source.json_text import Number
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.times import microseconds
from legacy_import.verify.source.tree import id_in

SENDERS = {"user", "bot", "system"}
DIRECTIONS = {"in": "user", "out": "bot"}
UNKNOWN_SENDER = "system"
NO_TIME_BEFORE = 0


class Messages:
    """Those of one file, in its order: times and ids depend on what came before."""

    def __init__(self) -> None:
        self._time = NO_TIME_BEFORE
        self._ids = Ids()

    def row(self, place: int, record: Any, unclean: bool, repairs: Repairs) -> MessageRow:
        if type(record) is not dict:
            raise Refused("a message is an object")
        written = "ts" in record or "direction" in record or "text" in record
        content = taken(record, "content", "text")
        if unclean or type(content) is not str:
            content = _content(content, repairs)
        telegram_message_id = taken(record, "id")
        if type(telegram_message_id) is not int or not -(2**63) <= telegram_message_id < 2**63:
            telegram_message_id = identifier(telegram_message_id, repairs, "id")
        sender = taken(record, "sender", "direction")
        sender_id: int | None = None
        if type(sender) is str and sender in SENDERS:
            sender_type = sender
        else:
            sender_type, sender_id = _sender(sender, record, repairs)
        message_type = taken(record, "message_type")
        if message_type is ... and written:
            message_type = "text"
        elif unclean or not message_type or type(message_type) is not str:
            message_type = plain_text(message_type or None, repairs, "message_type", "text")
        time = microseconds(taken(record, "timestamp", "ts"))
        if time is None:
            repairs.append("timestamp")
            time = self._time
        metadata = columns.json_value(record, repairs, "metadata") if record else record
        # Nothing is refused from here on.
        self._time = time
        if telegram_message_id is not None and not self._ids.add(telegram_message_id):
            repairs.append("id")
            telegram_message_id = None
        return MessageRow(
            place,
            telegram_message_id,
            sender_type,
            sender_id,
            content,
            message_type,
            metadata,
            time,
            tuple(repairs),
        )


def _sender(sender: Any, record: dict[str, Any], repairs: Repairs) -> tuple[str, int | None]:
    if type(sender) is str:
        if sender in DIRECTIONS:
            return DIRECTIONS[sender], None
        number = id_in(sender)
        if number is not None:
            repairs.append("sender")
            return "user", number
        record["sender"] = sender
        return "user", None
    if type(sender) is int:
        return "user", identifier(sender, repairs, "sender")
    if sender is ... or sender is None:
        repairs.append("sender")
        return UNKNOWN_SENDER, None
    raise Refused("the sender is neither name nor number")


def _content(value: Any, repairs: Repairs) -> str:
    if isinstance(value, list):
        repairs.append("content")
        return columns.text("".join(map(_part, value)), repairs, "content")
    return plain_text(value, repairs, "content")


def _part(part: Any) -> str:
    """Of a text in pieces, as chats are exported."""
    if isinstance(part, dict):
        part = part.get("text")
    if isinstance(part, str) and not isinstance(part, Number):
        return part
    raise Refused("a piece of the text has no text")


class Ids:
    """Which numbers there were. Ascending ones, as nearly all are, take 8 bytes each."""

    def __init__(self) -> None:
        self._ascending = array("q")
        self._others: set[int] = set()

    def add(self, number: int) -> bool:
        """Whether it is new."""
        ascending = self._ascending
        if not ascending or number > ascending[-1]:
            ascending.append(number)
            return True
        at = bisect_left(ascending, number)
        if ascending[at] == number or number in self._others:
            return False
        self._others.add(number)
        return True
