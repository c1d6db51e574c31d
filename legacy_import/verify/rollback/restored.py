"""Check `rollback`: what undoing a run would bring back is what was imported before it."""

import json
import uuid
from collections import defaultdict
from typing import Any

from django.db import connection

from conversations.personal import ErasedPeople
from legacy_import.verify.accounts import fingerprints, kept
from legacy_import.verify.accounts.fingerprints import FINGERPRINT, IDENTITY, REJECTED, Fingerprints
from legacy_import.verify.accounts.runs import FEWER_THAN_MET, fewer_fingerprints
from legacy_import.verify.checks import ROLLBACK
from legacy_import.verify.database.stored import PLACE
from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.findings import Findings
from legacy_import.verify.people.held_people import HeldPeople, was_metric
from legacy_import.verify.values.canonical import time_of

RUNS = "SELECT bot_id, id FROM import_runs WHERE number = %s AND status <> 'undone'"
OF_RUN = """
    FROM import_files AS file
    JOIN {} AS {} ON {}.bot_id = file.bot_id AND {}.file_id = file.id
    WHERE file.bot_id = %(bot)s AND file.run_id = %(run)s
"""
CHUNKS, CHANGES = (OF_RUN.format(f"import_{name}s", *[name] * 3) for name in ("chunk", "change"))
# Of each file: how many rows it inserted that are named one by one, and how many it changed.
COUNTED = """
    SELECT file.path,
        coalesce((counts #>> '{profiles,inserted}')::bigint, 0)
            + coalesce((counts #>> '{metrics,inserted}')::bigint, 0),
        (SELECT count(DISTINCT row.id) FROM import_chunks AS chunk, unnest(row_ids) AS row (id)
            WHERE chunk.bot_id = file.bot_id AND chunk.file_id = file.id),
        coalesce((counts #>> '{messages,changed}')::bigint, 0)
            + coalesce((counts #>> '{profiles,changed}')::bigint, 0)
            + coalesce((counts #>> '{metrics,changed}')::bigint, 0),
        (SELECT count(*) FROM import_changes AS change
            WHERE change.bot_id = file.bot_id AND change.file_id = file.id
                AND table_name <> 'conversations' AND before <> '{}')
    FROM import_files AS file WHERE file.bot_id = %(bot)s AND file.run_id = %(run)s
"""
# Whose the rows are that would go; of a measurement of the bot itself nobody's.
NAMED = f"""
    SELECT file.path, file.kind, file.key::text, named.person
    {
    CHUNKS.replace(
        "WHERE",
        '''
        CROSS JOIN LATERAL unnest(chunk.row_ids) AS row (id)
        CROSS JOIN LATERAL (
            SELECT telegram_id::text FROM profiles WHERE bot_id = file.bot_id AND id = row.id
            UNION ALL SELECT metric_tags ->> 'telegram_id' FROM bot_metrics
            WHERE bot_id = file.bot_id AND id = row.id) AS named (person)
    WHERE''',
    )
}
"""
# Rows as the import had left them, whose records it knows; others are somebody else's.
BEFORE = f"""
    SELECT file.path, file.kind, change.table_name, change.place, change.before::text,
        substr(change.earlier, {IDENTITY + 1}),
        {time_of("(before ->> 'sent_at')::timestamptz")},
        {time_of("(before ->> 'created_at')::timestamptz")},
        {time_of("(before ->> 'last_active_at')::timestamptz")},
        {time_of("(before ->> 'recorded_at')::timestamptz")},
        before ->> 'metric_value', before ->> 'metadata', before ->> 'interests',
        before ->> 'additional_data'
    {CHANGES} AND before <> '{{}}' AND length(change.earlier) = {FINGERPRINT}
        AND substr(change.earlier, 1, {IDENTITY}) <> '\\x{REJECTED.hex()}'::bytea
        AND change.written_by IN (
            SELECT transaction FROM import_chunks WHERE bot_id = %(bot)s
            UNION SELECT transaction FROM import_changes WHERE bot_id = %(bot)s
            UNION SELECT jsonb_array_elements(transactions)::bigint FROM import_runs
            WHERE bot_id = %(bot)s)
    ORDER BY file.path, change.place
"""
# Of each change: whether a rollback would find what it is about. A message's place is in its id.
ASTRAY = f"""
    SELECT file.path, change.place, change.table_name
    {CHANGES} AND NOT (
        CASE change.table_name
            WHEN 'messages' THEN {PLACE.replace("m.id", "change.row_id")} = change.place
                AND (before = '{{}}' OR before ? 'sender_type')
            WHEN 'profiles' THEN before = '{{}}' OR before ? 'personality'
            WHEN 'bot_metrics' THEN before = '{{}}' OR before ? 'metric_name'
            WHEN 'conversations' THEN before ? 'chat_id'
            ELSE change.table_name IS NULL AND change.row_id IS NULL
                AND change.chunk_id IS NOT NULL
        END
        AND (before = '{{}}' OR before ->> 'id' IS NOT DISTINCT FROM change.row_id::text)
        AND (change.chunk_id IS NULL AND change.earlier IS NULL OR EXISTS (
            SELECT FROM import_chunks AS chunk
            JOIN import_files AS of ON of.bot_id = chunk.bot_id AND of.id = chunk.file_id
            WHERE chunk.bot_id = file.bot_id AND chunk.id = change.chunk_id
                AND of.path = file.path AND length(change.earlier) = {FINGERPRINT}
                AND change.place BETWEEN chunk.first_place
                    AND chunk.first_place + chunk.records - 1)))
"""
TITLES = f"""
    SELECT file.path, change.before ->> 'title', (
        SELECT header ->> 'title' FROM import_files AS earlier
        WHERE earlier.bot_id = file.bot_id AND earlier.path = file.path AND earlier.id < file.id
            AND status <> 'undone' ORDER BY id DESC LIMIT 1)
    {CHANGES} AND table_name = 'conversations'
"""
# Of such a row what JSON alone would not give exactly.
EXACTLY = (
    *("sent_at", "created_at", "last_active_at", "recorded_at"),
    *("metric_value", "metadata", "interests", "additional_data"),
)
MESSAGE = (
    *("position", "telegram_message_id", "sender_type", "sender_id", "content", "message_type"),
    *("metadata", "sent_at"),
)
NOT_AS_BEFORE = "what a rollback would bring back is not what was imported before"


def compare_restored(number: int, findings: Findings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RUNS, [number])
        runs = cursor.fetchall()
    for bot_id, run in runs:
        _Restored(bot_id, {"bot": bot_id, "run": run}, findings).compare()
        for path, of, *numbers in fewer_fingerprints(bot_id):
            if of == number:
                what = f"{FEWER_THAN_MET} run {of}"
                findings.add(ROLLBACK, path, what, None, "records", *numbers)


class _Restored:
    """Of one bot."""

    def __init__(self, bot_id: uuid.UUID, values: dict[str, Any], findings: Findings) -> None:
        self.bot_id = bot_id
        self.values = values
        self.findings = findings

    def compare(self) -> None:
        self._compare_numbers()
        self._compare_names()
        for path, place, table in streamed(ASTRAY, self.values):
            what = f"the ledger's change names no such row or record ({table or 'a fingerprint'})"
            self.findings.add(ROLLBACK, path, what, place)
        self._compare_rows()
        for path, imported, kept_now in kept.bytes_before(self.bot_id, self.values["run"]):
            self.findings.count(ROLLBACK, "files to restore whose bytes were compared")
            if imported != kept_now:
                self.findings.add(ROLLBACK, path, NOT_AS_BEFORE, 0, "bytes")
        for path, title, earlier in streamed(TITLES, self.values):
            if title != earlier:
                self.findings.add(ROLLBACK, path, NOT_AS_BEFORE, 0, "title", earlier, title)

    def _compare_numbers(self) -> None:
        has_erased = bool(ErasedPeople(self.bot_id).marks)
        for path, inserted, named, changed, noted in streamed(COUNTED, self.values):
            if inserted != named:
                what = "the ledger names another number of rows to remove than were inserted"
                self.findings.add(ROLLBACK, path, what, None, "row_ids", inserted, named)
            # What rows of an erased person were is no longer kept.
            if changed != noted and not (has_erased and noted < changed):
                what = "the ledger has another number of rows to restore than were changed"
                self.findings.add(ROLLBACK, path, what, None, "changes", changed, noted)

    def _compare_names(self) -> None:
        people: dict[str, set[str]] = defaultdict(set)
        for path, ids in fingerprints.people(self.bot_id):
            people[path].update(map(str, ids))
        for path, kind, key, person in streamed(NAMED, self.values):
            is_its_own = person is None if kind == "metrics" else person in {key, *people[path]}
            if not is_its_own:
                what = f"a rollback would remove a row of another file (of {person or 'the bot'})"
                self.findings.add(ROLLBACK, path, what)

    def _compare_rows(self) -> None:
        held = HeldPeople(self.bot_id)
        for path, kind, table, place, text, content, *rest in streamed(BEFORE, self.values):
            row, wanted = json.loads(text), {bytes(content)}
            row.update(zip(EXACTLY, rest, strict=True))
            self.findings.count(ROLLBACK, "rows to restore that were compared")
            match table, kind:
                case "messages", _:
                    values = tuple(map(row.get, MESSAGE))
                    fits = Fingerprints(self.bot_id, path).was(place, values, wanted)
                case "profiles", _:
                    fits = held.was(path, place, row, wanted)
                case "bot_metrics", "metrics":
                    fits = was_metric(row, wanted)
                case _:
                    continue  # a measurement is part of its person's record
            if not fits:
                self.findings.add(ROLLBACK, path, NOT_AS_BEFORE, place)
