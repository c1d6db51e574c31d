"""Conversations and the profiles of their chats, where the one was there before the other."""

from django.db import connection

from legacy_import.models import ImportRun
from tenants.context import maintenance_context

LINK = """
    WITH linked AS (
        UPDATE conversations SET profile_id = person.id FROM profiles AS person
        WHERE conversations.bot_id = %(bot)s AND conversations.profile_id IS NULL
        AND person.bot_id = %(bot)s AND person.telegram_id = conversations.chat_id
        RETURNING conversations.id)
    UPDATE import_runs SET linked = (SELECT array_agg(id) FROM linked)
    WHERE bot_id = %(bot)s AND id = %(run)s
"""


def link(run: ImportRun) -> None:
    """Noted in the run, so that a rollback takes the links back."""
    with maintenance_context(), connection.cursor() as cursor:
        cursor.execute(LINK, {"bot": run.bot_id, "run": run.pk})
