"""Which days of a bot changed behind the back of whoever sums days up: metrics.rollups.

What was sent in the last hour is not noted, so that a live message pays for no row and no bot has
a hot one: the last hour, and what transactions that are still open may have written, is summed up
each time. Everything else is: what comes late, what is deleted, what gets another time or sender.
Notes are only ever added, without a unique key, so that no writer waits for another.
"""

import pgtrigger

from tenants.triggers import FirmTrigger, KeeperTrigger

RECENT = "1 hour"

OF_ROWS = """INSERT INTO changed_days (bot_id, day)
        SELECT DISTINCT bot_id, ({moment} AT TIME ZONE 'UTC')::date FROM moved WHERE {condition};"""
LATE = f"{{moment}} < clock_timestamp() - interval '{RECENT}'"
LATE_MESSAGES = OF_ROWS.format(moment="sent_at", condition=LATE.format(moment="sent_at"))
# What goes with its bot is nobody's day any more.
OF_A_BOT = "EXISTS (SELECT FROM bots WHERE id = moved.bot_id)"

OF_A_CHANGE = """
    INSERT INTO changed_days (bot_id, day)
        SELECT DISTINCT NEW.bot_id, (moment AT TIME ZONE 'UTC')::date
        FROM unnest(ARRAY[OLD.{moment}, NEW.{moment}]) AS moment;
    RETURN NULL;
"""

# Its messages go in the partitions, where no trigger of the whole table sees them.
OF_A_CONVERSATION = """
    INSERT INTO changed_days (bot_id, day)
        SELECT DISTINCT OLD.bot_id, (sent_at AT TIME ZONE 'UTC')::date FROM messages
        WHERE bot_id = OLD.bot_id AND conversation_id = OLD.id
        AND EXISTS (SELECT FROM bots WHERE id = OLD.bot_id);
    RETURN OLD;
"""


def note_changed_days(moment: str, *decisive: str, only: str = "true") -> list[FirmTrigger]:
    """For rows that count on the day of their `moment`; `decisive` columns say as what.

    `only`: a condition on a row, where not all count.
    """
    old, new = (
        ", ".join(f"{row}.{column}" for column in (moment, *decisive)) for row in ("OLD", "NEW")
    )
    return [
        KeeperTrigger(
            name="note_delete",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="moved"),
            func=_of_rows(moment, f"{OF_A_BOT} AND {only}"),
        ),
        KeeperTrigger(
            name="note_update",
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            condition=pgtrigger.Condition(f"ROW({old}) IS DISTINCT FROM ROW({new})"),
            func=OF_A_CHANGE.format(moment=moment),
        ),
    ]


def note_late_rows(moment: str, only: str = "true") -> FirmTrigger:
    """Messages do without: conversations.triggers.COUNT_INSERTED has looked at their times, where
    a trigger more would cost a single message 4 %."""
    return KeeperTrigger(
        name="note_insert",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="moved"),
        func=_of_rows(moment, f"{LATE.format(moment=moment)} AND {only}"),
    )


def _of_rows(moment: str, condition: str) -> str:
    return f"{OF_ROWS.format(moment=moment, condition=condition)} RETURN NULL;"


def note_days_of_conversation() -> KeeperTrigger:
    return KeeperTrigger(
        name="note_days",
        when=pgtrigger.Before,
        operation=pgtrigger.Delete,
        func=OF_A_CONVERSATION,
    )
