"""A message's record as a row, in either dialect."""

from array import array
from bisect import bisect_left
from typing import Any

from legacy_import.verify.source import columns
from legacy_import.verify.source.columns import Refused
from legacy_import.verify.source.fields import DIGITS, Repairs, id_or_null, plain_text, taken, whole
from legacy_import.verify.source.json_text import Number, as_written
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.source.times import is_cut, microseconds
from legacy_import.verify.source.tree import is_64_bits

DOCUMENTED, WRITTEN = ("content", "timestamp", "sender"), ("text", "ts", "direction")
SENDERS = {"user", "bot", "system"}
NAMES = {
    **dict.fromkeys(("user", "human", "in", "incoming"), "user"),
    **dict.fromkeys(("bot", "assistant", "out", "outgoing"), "bot"),
    "system": "system",
}
UNKNOWN_SENDER = "system"
NO_TIME = 0
LONGEST_TIME = len("2024-05-01T12:00:00.123456Z")


class Messages:
    """Those of one file, in its order: times and ids depend on what came before."""

    def __init__(self, bot: str | None) -> None:
        self._bot = (bot or "").casefold()
        self._ids = Ids()
        # None until a message has one.
        self.time: int | None = None

    def row(
        self, place: int, record: Any, in_list: bool, unclean: bool, repairs: Repairs
    ) -> MessageRow:
        """Without a time of its own or one before it, the row has none either: 1970."""
        if type(record) is not dict:
            raise Refused("a message is an object")
        if written := _is_written(record, in_list):
            content = taken(record, "text", "content")
            written_time = taken(record, "ts", "timestamp")
            telegram_message_id, message_type = None, "text"
        else:
            content = taken(record, "content", "text")
            written_time = taken(record, "timestamp", "ts")
            telegram_message_id = taken(record, "id")
            if type(telegram_message_id) is not int or not is_64_bits(telegram_message_id):
                telegram_message_id = _identifier(telegram_message_id, repairs)
            message_type = taken(record, "message_type")
            if unclean or not message_type or type(message_type) is not str:
                message_type = _message_type(message_type, repairs)
        time = _time(written_time)
        if unclean or type(content) is not str:
            content = _content(content, repairs)
        sender_type, sender_id = self._sender(record, written, repairs)
        if time is None or (_is_odd(written_time) and is_cut(written_time)):
            repairs.append("timestamp")
            time = self.time if time is None else time
        metadata = columns.json_value(record, repairs, "metadata") if record else record
        # Nothing is refused from here on.
        self.time = time
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
            NO_TIME if time is None else time,
            tuple(repairs),
        )

    def _sender(
        self, record: dict[str, Any], written: bool, repairs: Repairs
    ) -> tuple[str, int | None]:
        """The record keeps, for the metadata, what is neither `user` nor `in` or the like."""
        key = "direction" if written else "sender"
        if key not in record:
            key = "sender" if written else "direction"
        sender = record.pop(key, None)
        if type(sender) is str:
            if key == "sender" and sender in SENDERS:
                return sender, None
            if key == "direction" and sender in ("in", "out"):
                return NAMES[sender], None
        if sender is None or sender == "":
            repairs.append("sender")
            return UNKNOWN_SENDER, None
        if key == "sender" and _is_number(sender):
            record[key] = number = whole(sender, repairs, "sender")
            if number is None or not is_64_bits(number):
                raise Refused("the sender has more than 64 bits")
            return "user", number
        if type(sender) is not str:
            raise Refused("the sender is neither name nor number")
        record[key] = sender
        name = sender.strip().casefold()
        if name in NAMES:
            return NAMES[name], None
        if key == "direction":
            raise Refused("neither in nor out")
        return "bot" if name == self._bot else "user", None


def _is_written(record: dict[str, Any], in_list: bool) -> bool:
    """By its file's shape, unless it has names of the other dialect alone."""
    own, other = (WRITTEN, DOCUMENTED) if in_list else (DOCUMENTED, WRITTEN)
    for name in own:
        if name in record:
            return in_list
    return in_list is not any(name in record for name in other)


def _is_number(value: Any) -> bool:
    if type(value) is str:
        return DIGITS.fullmatch(value) is not None
    return isinstance(value, int | float | Number) and not isinstance(value, bool)


def _time(value: Any) -> int | None:
    columns.check_depth(value)
    return microseconds(value)


def _is_odd(value: Any) -> bool:
    """Nearly no time is, and it costs less to see that than to look at it closely."""
    return type(value) is not str or len(value) > LONGEST_TIME or value[4:5] != "-"


def _identifier(value: Any, repairs: Repairs) -> int | None:
    columns.check_depth(value)
    number = id_or_null(value, repairs, "id")
    if number is None and value is not None:
        repairs.append("id")
    return number


def _message_type(value: Any, repairs: Repairs) -> str:
    if value in (None, ..., ""):
        repairs.append("message_type")
        return "text"
    return plain_text(value, repairs, "message_type")


def _content(value: Any, repairs: Repairs) -> str:
    if isinstance(value, list):
        repairs.append("content")
        return columns.text("".join(map(_part, value)), repairs, "content")
    if isinstance(value, Number):
        repairs.append("content")
        return as_written(value)
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
