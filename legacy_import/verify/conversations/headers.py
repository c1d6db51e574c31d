"""Check `content` of conversations themselves: their title, time, counter and last position."""

import uuid

from legacy_import.verify.accounts import ledger
from legacy_import.verify.checks import CONTENT, ORDER
from legacy_import.verify.conversations.imported import Imported
from legacy_import.verify.database.stored import StoredChat
from legacy_import.verify.findings import Findings
from legacy_import.verify.timezones import TimeZones


def compare_header(
    bot_id: uuid.UUID, one: Imported, chat: StoredChat, findings: Findings, zones: TimeZones
) -> None:
    there = chat.rows + chat.live + chat.strange
    if chat.message_count != there:
        found = (there, chat.message_count)
        findings.add(CONTENT, one.name, "counts wrongly", 0, "message_count", *found)
    # A bot's message, or a run that was undone, may have had a position that is free now.
    if chat.last_position > chat.last and not (
        chat.live or chat.is_live or ledger.was_undone(bot_id, one.path)
    ):
        found = (chat.last, chat.last_position)
        findings.add(ORDER, one.name, "was never given out", 0, "last_position", *found)
    if chat.is_live:
        # The bot's own title and time stay as they are.
        findings.count(CONTENT, "conversations that a bot began")
        return
    title = one.file.title if one.file and one.is_expected else None
    # Of a file that is gone, or cannot be read any more, it is that of its last import.
    title = ledger.title_of(bot_id, one.path) if title is None else title
    if title not in (None, chat.title):
        findings.add(CONTENT, one.name, "differs", 0, "title", title, chat.title)
    created_at = one.file.created_at if one.file else None
    first_time = one.versions == 1 and created_at is not None
    if chat.created_at == (created_at if first_time else chat.began):
        return
    if first_time or not ledger.may_have_begun(bot_id, one.path, chat):
        times = (created_at, chat.created_at)
        findings.add(CONTENT, one.name, "differs", 0, "created_at", *times)
        zones.compared(*times)
