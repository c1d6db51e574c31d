"""Check `accounting` of runs: what the ledger says of each against its files and the others."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from django.db import connection

from conversations.personal import ErasedPeople
from legacy_import.verify.accounts.accounting import PARTS
from legacy_import.verify.checks import ACCOUNTING
from legacy_import.verify.database.streamed import streamed
from legacy_import.verify.findings import Findings

# What no run of a bot is like -> when it is. The server's clock and the importer's may differ.
NEVER = {
    "has no status of a run": """
        run.status NOT IN ('running', 'done', 'failed', 'interrupted', 'undone')
        OR run.action NOT IN ('import', 'rollback', 'retry')""",
    "has ended, or has not, against its status": """
        (run.status = 'running') <> (run.finished_at IS NULL)""",
    "ended before it began, or will end": """
        run.finished_at NOT BETWEEN run.started_at - interval '1 minute'
            AND now() + interval '1 minute'""",
    "is not after the one before it": """
        run.last_start > run.started_at
        OR run.last_end > run.started_at + interval '1 minute'""",
    "is undone without a rollback, or was rolled back and is not": """
        (run.status = 'undone') <> (run.number IN (
            SELECT coalesce(back.about, 0) FROM import_runs AS back WHERE back.bot_id = %(bot)s
                AND back.action = 'rollback' AND back.status = 'done'))""",
    "has files that are undone, or that are not, against its status": """
        EXISTS (SELECT FROM import_files AS file
            WHERE file.bot_id = run.bot_id AND file.run_id = run.id
                AND (file.status = 'undone') <> (run.status = 'undone'))""",
    "was made in another time zone than its files": """
        EXISTS (SELECT FROM import_files AS file
            WHERE file.bot_id = run.bot_id AND file.run_id = run.id AND file.kind = 'metrics'
                AND file.header ->> 'source_tz' <> run.options ->> 'source_tz')""",
}
FEWER_THAN_MET = "the ledger has fewer fingerprints than there were records in"
RUNS = """
    SELECT run.number FROM (
        SELECT *, max(started_at) OVER before AS last_start,
            max(finished_at) OVER before AS last_end
        FROM import_runs WHERE bot_id = %(bot)s
        WINDOW before AS (ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) AS run
    WHERE {} ORDER BY 1
"""
# Of unchanged files a run counts what it finds, but they have no lines of it.
EXACT = {"inserted", "changed", "repaired", "vanished"}
TALLIES = """
    SELECT run.number, kind.key, tally.key, sum(tally.value::numeric)
    FROM import_runs AS run {files}, jsonb_each({counts}) AS kind, jsonb_each_text(
        CASE jsonb_typeof(kind.value) WHEN 'object' THEN kind.value ELSE '{{}}' END) AS tally
    WHERE run.bot_id = %(bot)s AND run.action = 'import' AND run.status = 'done'
        AND tally.value ~ '^[0-9]{{1,18}}$'
    GROUP BY 1, 2, 3
"""
OF_FILES = "JOIN import_files AS file ON file.bot_id = run.bot_id AND file.run_id = run.id"
# Of each file the first run that met more records than the ledger has fingerprints of: those in
# it, and those that had been. Of a file that was rejected whole no record was met.
FEWER = """
    SELECT DISTINCT ON (path) path, number, met, held FROM (
        SELECT file.path, file.id, run.number, file.status, file.header,
            coalesce((tally ->> 'source')::numeric, 0)
                + coalesce((tally ->> 'vanished')::numeric, 0) AS met,
            coalesce(sum(chunk.records) OVER (PARTITION BY file.path ORDER BY file.id), 0) AS held
        FROM (
            SELECT *, counts -> CASE kind WHEN 'conversation' THEN 'messages'
                WHEN 'profile' THEN 'profiles' ELSE kind END AS tally
            FROM import_files WHERE bot_id = %(bot)s AND status <> 'undone'
                AND kind IN ('conversation', 'profile', 'profiles', 'metrics')
        ) AS file
        JOIN import_runs AS run ON run.bot_id = file.bot_id AND run.id = file.run_id
        LEFT JOIN (
            SELECT file_id, sum(records) AS records FROM import_chunks
            WHERE bot_id = %(bot)s GROUP BY 1
        ) AS chunk ON chunk.file_id = file.id
    ) AS file
    WHERE status = 'done' AND NOT header ? 'rejected' AND held < met
    ORDER BY path, id
"""
Tallies = dict[tuple[int, str], Counter[str]]


def check_runs(bot_id: uuid.UUID, findings: Findings) -> None:
    for what, never in NEVER.items():
        for (number,) in _rows(RUNS.format(never), bot_id):
            findings.add(ACCOUNTING, f"run {number}", what)
    for path, run, *numbers in fewer_fingerprints(bot_id):
        what = f"{FEWER_THAN_MET} run {run}"
        findings.add(ACCOUNTING, path, what, None, "records", *numbers)
    said = _tallies(bot_id, TALLIES.format(files="", counts="run.counts"))
    of_files = _tallies(bot_id, TALLIES.format(files=OF_FILES, counts="file.counts"))
    has_erased = bool(ErasedPeople(bot_id).marks)
    for run, kind in sorted(said.keys() | of_files.keys()):
        findings.count(ACCOUNTING, "sums of runs")
        tally, least = said[run, kind], of_files[run, kind]
        wrong = [
            name
            for name in sorted(tally.keys() | least.keys())
            # Files of people who were erased are gone.
            if tally[name] < least[name]
            or (tally[name] > least[name] and name in EXACT and not has_erased)
        ]
        for name in wrong:
            values = least[name], tally[name]
            what = f"counts {kind} otherwise than its files"
            findings.add(ACCOUNTING, f"run {run}", what, None, name, *values)
        if tally["source"] != (parts := sum(tally[name] for name in PARTS)):
            what = f"its counts of {kind} do not add up"
            findings.add(ACCOUNTING, f"run {run}", what, None, "source", tally["source"], parts)


def fewer_fingerprints(bot_id: uuid.UUID) -> Iterator[tuple[str, int, int, int]]:
    """Path, number of the run, how many there must be and are; the rest is no part of a rollback,
    and would come again as new."""
    for path, run, met, held in streamed(FEWER, {"bot": bot_id}):
        yield path, run, int(met), int(held)


def _tallies(bot_id: uuid.UUID, query: str) -> Tallies:
    found: Tallies = defaultdict(Counter)
    for run, kind, name, number in _rows(query, bot_id):
        found[run, kind][name] = int(number)
    return found


def _rows(query: str, bot_id: uuid.UUID) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"bot": bot_id})
        return list(cursor.fetchall())
