"""Checks `content` and `order` of conversations: sums of hashes, and values where they differ."""

import uuid
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from legacy_import.verify.accounts import fingerprints
from legacy_import.verify.accounts.fingerprints import Extent, Fingerprints
from legacy_import.verify.checks import CONTENT, JSON, ORDER
from legacy_import.verify.conversations.headers import compare_header
from legacy_import.verify.conversations.imported import Imported
from legacy_import.verify.conversations.others import UNEXPLAINED, Others
from legacy_import.verify.conversations.pairs import NOTE, Pairs
from legacy_import.verify.conversations.positions import compare_positions
from legacy_import.verify.database import stored
from legacy_import.verify.database.stored import StoredChat
from legacy_import.verify.findings import Findings
from legacy_import.verify.source.rows import MessageRow
from legacy_import.verify.timezones import TimeZones
from legacy_import.verify.values.places import Placed, has
from legacy_import.verify.values.same import same_json

FIELDS = (
    *("telegram_message_id", "sender_type", "sender_id", "content", "message_type"),
    *("metadata", "sent_at"),
)
OTHER_ROW = "another message stands here than the one that was imported here"
GONE = "the row of a record that is no longer in the file is missing"


class Conversations:
    def __init__(self, bot_id: uuid.UUID, findings: Findings, zones: TimeZones, deep: bool) -> None:
        self.bot_id = bot_id
        self.findings = findings
        self.zones = zones
        self.deep = deep
        # Of a chat: how many imported messages its file does not have.
        self.others: Counter[int] = Counter()
        # Of a chat: its repaired messages' places in the file, and those in the ledger.
        self.placed: dict[int, Placed] = {}

    def compare(self, read: dict[int, Imported]) -> None:
        chats = stored.chats(self.bot_id, [*read])
        known = fingerprints.extents(self.bot_id, [one.path for one in read.values()])
        for chat_id, one in read.items():
            self.findings.count(CONTENT, "messages", one.sum.rows)
            self.findings.count(JSON, "messages", one.sum.rows)
            self.findings.count(ORDER, "times running backwards", one.sum.backwards)
            extent = known.get(one.path, fingerprints.NONE)
            if chat := chats.get(chat_id):
                self._compare(one, chat, extent)
            elif one.is_expected or one.made_chat or self._has_rows(one, extent):
                self.findings.add(CONTENT, one.name, "the conversation is missing")

    def _has_rows(self, one: Imported, extent: Extent) -> bool:
        return extent.records > 0 and any(Fingerprints.of(self.bot_id, one.path).accepted)

    def _compare(self, one: Imported, chat: StoredChat, extent: Extent) -> None:
        sum_, name, before = one.sum, one.name, self.findings.total.copy()
        self.findings.count(CONTENT, "conversations", one.is_expected)
        self.findings.count(CONTENT, "messages written live", chat.live)
        compare_header(self.bot_id, one, chat, self.findings, self.zones)
        of_rows = None if chat.earliest is None else (chat.earliest, chat.latest or 0)
        self.zones.add(sum_.times, of_rows, chat.rows <= sum_.rows)
        agrees = (chat.rows, chat.sum, chat.strange) == (sum_.rows, sum_.sum, 0)
        agrees = agrees and one.records == extent.records
        is_reordered = False
        shifts = {chat.least_shift, chat.most_shift, extent.least_shift, extent.most_shift} - {None}
        moved = len(shifts) > 1
        if agrees and one.versions > 1 and sum_.repaired:
            self.placed[chat.chat_id] = self._placed(one, chat)
        if self.deep or moved or not agrees:
            held = Fingerprints.of(self.bot_id, one.path)
            if self.deep or not agrees:
                is_reordered = self._compare_values(one, chat, held)
            if moved:
                compare_positions(self.bot_id, name, chat, held, self.findings)
        if self.findings.total == before and chat.rows == sum_.rows:
            # Of a file that was imported once, the place is the ledger's place.
            if one.versions == 1 and shifts == {0} and chat.positions != sum_.places:
                found = (sum_.places, chat.positions)
                self.findings.add(ORDER, name, "the sum differs", None, "positions", *found)
            if chat.backwards != sum_.backwards and not is_reordered:
                found = (sum_.backwards, chat.backwards)
                self.findings.add(ORDER, name, "runs backwards", None, "sent_at", *found)

    def _compare_values(self, one: Imported, chat: StoredChat, held: Fingerprints) -> bool:
        """Both in their order. A row without a record is held against the ledger.

        Whether the records of a file that was imported more than once changed places.
        """
        name, again = one.name, one.file.again if one.file else _nothing
        taken: set[int] = set()
        places = array("q")
        rows = self._imported(name, chat, taken, places)
        records = _messages(again())
        placed, paired = Placed(), Placed()
        if pairs := self._pairs(one, chat, held):
            if not pairs.reordered:
                paired = pairs.placed(_messages(again()), self._rows(chat))
            rows, records = pairs.unpaired_rows(rows), pairs.unpaired_records(records)
        found = next(rows, None)
        others = Others(one, chat.chat_id, held, self.findings)
        missing = array("q")
        extra = chat.rows - sum(1 for _ in _messages(again()))
        for row in records:
            while found and extra > 0 and not _same(row, found, taken):
                extra -= 1
                others.add(found)
                taken.add(found[1])
                found = next(rows, None)
            if not found or (extra < 0 and not _same(row, found, taken)):
                extra += 1
                missing.append(row.place)
                self.findings.add(CONTENT, name, "the row is missing", row.place)
                continue
            self._compare_row(name, row, found, taken)
            if row.repairs:
                placed.add(row.place, found[9])
            found = next(rows, None)
        while found:
            others.add(found)
            found = next(rows, None)
        self.placed[chat.chat_id] = placed.merged(paired)
        self.others[chat.chat_id] = others.end()
        self._compare_places(name, places, held, missing)
        return pairs is not None and pairs.reordered

    def _pairs(self, one: Imported, chat: StoredChat, held: Fingerprints) -> Pairs | None:
        """Of a file that changed, whose new record may be like an old row in all but a part."""
        if one.file is None or one.versions == 1:
            return None
        pairs = Pairs(self.bot_id, chat.id, _messages(one.file.again()))
        if not pairs.reordered:
            return pairs
        self.findings.note(one.name, NOTE)
        self.findings.count(ORDER, "files whose records changed places")
        for row in pairs.not_as_imported(self._rows(chat), held):
            self.findings.add(ORDER, one.name, OTHER_ROW, row[9])
        return pairs

    def _rows(self, chat: StoredChat) -> Iterator[tuple[Any, ...]]:
        return (row for row in stored.messages(self.bot_id, chat.id) if row[8] == "8")

    def _placed(self, one: Imported, chat: StoredChat) -> Placed:
        """Of a file whose messages are the conversation's, one by one."""
        assert one.file
        placed, repaired, next_ = Placed(), one.sum.repaired, 0
        for rank, (_, place) in enumerate(stored.positions(self.bot_id, chat.id), 1):
            if next_ < len(repaired) and repaired[next_] == rank:
                placed.add(one.file.repaired.places[next_], place)
                next_ += 1
        return placed

    def _imported(
        self, name: str, chat: StoredChat, taken: set[int], places: "array[int]"
    ) -> Iterator[tuple[Any, ...]]:
        """The rows that the import made; of live ones the ids that they took."""
        for row in stored.messages(self.bot_id, chat.id):
            if row[8] == "8":
                places.append(row[9])
                yield row
            elif row[8] != "7":
                self.findings.add(CONTENT, name, UNEXPLAINED, row[0])
            elif row[1] is not None:
                taken.add(row[1])

    def _compare_places(
        self, name: str, there: "array[int]", held: Fingerprints, missing: "array[int]"
    ) -> None:
        """Rows that are gone, as are their records. Of `missing` ones it is known already, though
        some may be of other places."""
        there = array("q", sorted(there))
        gone = array("q", (place for place in held.accepted if not has(there, place)))
        others = array("q", (place for place in gone if not has(missing, place)))
        elsewhere = len(missing) - (len(gone) - len(others))
        for place in others[: max(0, len(others) - elsewhere)]:
            self.findings.add(CONTENT, name, GONE, place)

    def _compare_row(
        self, name: str, row: MessageRow, found: tuple[Any, ...], taken: set[int]
    ) -> None:
        for what, value in zip(FIELDS, found[1:8], strict=True):
            expected = getattr(row, what)
            if what == "telegram_message_id" and value is None and expected in taken:
                continue
            same = same_json(expected, value) if what == "metadata" else expected == value
            if not same:
                check = JSON if what == "metadata" else CONTENT
                self.findings.add(check, name, "differs", row.place, what, expected, value)
                if what == "sent_at":
                    self.zones.compared(expected, value)


def _same(row: MessageRow, found: tuple[Any, ...], taken: set[int]) -> bool:
    number = row.telegram_message_id
    if found[1] != number and not (found[1] is None and number in taken):
        return False
    return tuple(row[2:6]) == found[2:6] and row.sent_at == found[7]


def _messages(file: Iterable[object]) -> Iterator[MessageRow]:
    return (row for row in file if isinstance(row, MessageRow))


def _nothing() -> Iterable[object]:
    return ()
