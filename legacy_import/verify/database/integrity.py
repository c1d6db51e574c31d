"""Check `integrity`: links between rows in one bot's partitions, and what is derived."""

import uuid

from django.apps import apps
from django.db import connection

from legacy_import.verify.checks import INTEGRITY
from legacy_import.verify.findings import Findings
from tenants.tenant import TenantModel

# What must not be there -> a query for some of it.
NOTHING = {
    "messages without their conversation": """
        SELECT m.id FROM messages AS m WHERE m.bot_id = %(bot)s AND NOT EXISTS (
            SELECT FROM conversations AS c WHERE c.bot_id = m.bot_id AND c.id = m.conversation_id)
    """,
    "conversations whose profile is not there": """
        SELECT c.id FROM conversations AS c
        WHERE c.bot_id = %(bot)s AND c.profile_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM profiles AS p WHERE p.bot_id = c.bot_id AND p.id = c.profile_id)
    """,
    "imported conversations that are not linked to the profile of the same id": """
        SELECT m.id FROM conversations AS m JOIN profiles AS p
            ON p.bot_id = m.bot_id AND p.telegram_id = m.chat_id
        WHERE m.bot_id = %(bot)s AND m.profile_id IS DISTINCT FROM p.id
            AND substr(m.id::text, 15, 1) = '8' AND (
                m.profile_id IS NOT NULL OR substr(p.id::text, 15, 1) = '8'
                -- One whom a bot met since, and no import wrote to, is linked by the next.
                OR EXISTS (
                    SELECT FROM import_changes AS change
                    WHERE change.bot_id = p.bot_id AND change.row_id = p.id))
    """,
    "imported conversations that are linked to the profile of another id": """
        SELECT m.id FROM conversations AS m JOIN profiles AS p
            ON p.bot_id = m.bot_id AND p.id = m.profile_id
        WHERE m.bot_id = %(bot)s AND p.telegram_id <> m.chat_id
            AND substr(m.id::text, 15, 1) = '8' AND NOT EXISTS (
                SELECT FROM profiles AS own
                WHERE own.bot_id = m.bot_id AND own.telegram_id = m.chat_id)
    """,
    "conversations whose last position is before their last message": """
        SELECT c.id FROM conversations AS c WHERE c.bot_id = %(bot)s AND c.last_position < (
            SELECT coalesce(max(m.position), 0) FROM messages AS m
            WHERE m.bot_id = c.bot_id AND m.conversation_id = c.id)
    """,
    "conversations whose last time is not that of their last message": """
        SELECT c.id FROM conversations AS c
        WHERE c.bot_id = %(bot)s AND c.last_message_at IS DISTINCT FROM (
            SELECT m.sent_at FROM messages AS m
            WHERE m.bot_id = c.bot_id AND m.conversation_id = c.id
            ORDER BY m.position DESC LIMIT 1)
    """,
}
FIRST = "SELECT count(*) OVER (), found.* FROM ({}) AS found LIMIT %(limit)s"
# Bots by their rows, from one index entry to the next bot's: however many rows there are.
OWNERS = """
    WITH RECURSIVE owner (id) AS (
        (SELECT bot_id FROM {table} ORDER BY bot_id LIMIT 1)
        UNION ALL
        SELECT (SELECT bot_id FROM {table} WHERE bot_id > owner.id ORDER BY bot_id LIMIT 1)
        FROM owner WHERE owner.id IS NOT NULL)
    SELECT id FROM owner WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM bots)
"""
NOT_VALIDATED = """
    SELECT conrelid::regclass || '.' || conname FROM pg_constraint WHERE NOT convalidated
        AND connamespace = 'public'::regnamespace
"""


def check_integrity(bot_id: uuid.UUID, findings: Findings) -> None:
    with connection.cursor() as cursor:
        for what, query in NOTHING.items():
            # The limit is of what is listed: one row is needed in any case, for their number.
            cursor.execute(FIRST.format(query), {"bot": bot_id, "limit": max(findings.limit, 1)})
            rows = cursor.fetchall()
            for _, row in rows:
                findings.add(INTEGRITY, str(row), what)
            if rows:
                findings.add_unnamed(INTEGRITY, rows[0][0] - len(rows))
            findings.count(INTEGRITY, "queries")


def check_owners(findings: Findings) -> None:
    """Rows of bots that there are not, and constraints that may not hold."""
    with connection.cursor() as cursor:
        for table in sorted(_tables()):
            cursor.execute(OWNERS.format(table=table))
            for (bot_id,) in cursor.fetchall():
                findings.add(INTEGRITY, table, f"has rows of a bot that is not there: {bot_id}")
            findings.count(INTEGRITY, "tables whose rows have a bot")
        cursor.execute(NOT_VALIDATED)
        for (name,) in cursor.fetchall():
            findings.add(INTEGRITY, name, "the constraint is not validated")


def _tables() -> set[str]:
    """Of the bots' data, and of what is known of its import."""
    ledger = apps.get_app_config("legacy_import").get_models()
    models = {model for model in apps.get_models() if issubclass(model, TenantModel)}
    return {model._meta.db_table for model in {*models, *ledger}}
