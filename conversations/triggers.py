"""Order and counters of a conversation, kept by the database.

The functions run as the keeper: nobody else may update a counter.
"""

import pgtrigger

from conversations.changed_days import LATE, LATE_MESSAGES
from tenants.triggers import FirmTrigger, KeeperTrigger

# Locking the conversation and looking at the last message costs a single insert about 1.2 times
# what `UPDATE conversations SET last_position = last_position + 1` costs, and keeps the price of
# a row flat in a bulk insert, where that UPDATE makes it grow with every row (at 20,000 rows into
# one conversation: 9 times dearer).
#
# A message that brings its position locks the conversation as well, before it takes its place in
# the index: in the other order it and a live message would wait for each other. A conversation
# that this transaction locked last is not locked again; the setting ends with the lock, also at
# the rollback of a savepoint.
# Who names a conversation of a bot that is not theirs to write to is refused by the policy, which
# is asked after this: so nothing of that conversation is touched here.
ASSIGN_POSITION = """
    IF current_setting('role') = 'bot' AND NEW.bot_id IS DISTINCT FROM current_bot() THEN
        RETURN NEW;
    END IF;
    IF current_setting('role') = 'admin'
        AND coalesce(NEW.bot_id <> ALL (staff_bots('operator')), true) AND NOT staff_is_superuser()
    THEN
        RETURN NEW;
    END IF;
    IF NEW.position IS NOT NULL
        AND current_setting('botplatform.locked_conversation', true) = NEW.conversation_id::text
    THEN
        RETURN NEW;
    END IF;
    SELECT last_position INTO taken FROM conversations
        WHERE bot_id = NEW.bot_id AND id = NEW.conversation_id FOR NO KEY UPDATE;
    PERFORM set_config('botplatform.locked_conversation', NEW.conversation_id::text, true);
    IF NEW.position IS NULL THEN
        SELECT greatest(taken, max(position), 0) + 1 INTO NEW.position FROM messages
            WHERE bot_id = NEW.bot_id AND conversation_id = NEW.conversation_id;
    END IF;
    RETURN NEW;
"""

# One conversation after the other: each UPDATE is planned for one partition, however many rows
# came first in the session. Its rows have locked the conversations already, in the order they
# were inserted: statements that insert in the order of conversations' ids never deadlock.
COUNT_INSERTED = f"""
    FOR chat IN
        SELECT bot_id, conversation_id, count(*) AS messages, max(position) AS last_position,
            (array_agg(sent_at ORDER BY position DESC))[1] AS last_sent_at,
            min(sent_at) AS first_sent_at
        FROM moved GROUP BY bot_id, conversation_id ORDER BY conversation_id
    LOOP
        late = late OR {LATE.format(moment="chat.first_sent_at")};
        UPDATE conversations SET
            message_count = message_count + chat.messages,
            last_position = greatest(last_position, chat.last_position),
            last_message_at = CASE WHEN chat.last_position > last_position
                THEN chat.last_sent_at
                ELSE (SELECT sent_at FROM messages
                    WHERE bot_id = chat.bot_id AND conversation_id = chat.conversation_id
                    ORDER BY position DESC LIMIT 1)
                END
        WHERE bot_id = chat.bot_id AND id = chat.conversation_id;
    END LOOP;
    IF late THEN
        {LATE_MESSAGES}
    END IF;
    RETURN NULL;
"""

# A position is never given out twice, so last_position stays.
COUNT_DELETED = """
    FOR chat IN
        SELECT bot_id, conversation_id, count(*) AS messages
        FROM deleted GROUP BY bot_id, conversation_id ORDER BY conversation_id
    LOOP
        UPDATE conversations SET
            message_count = message_count - chat.messages,
            last_message_at = (
                SELECT sent_at FROM messages
                WHERE bot_id = chat.bot_id AND conversation_id = chat.conversation_id
                ORDER BY position DESC LIMIT 1)
        WHERE bot_id = chat.bot_id AND id = chat.conversation_id;
    END LOOP;
    RETURN NULL;
"""


FOLLOW_SENT_AT = """
    UPDATE conversations SET last_message_at = NEW.sent_at
        WHERE bot_id = NEW.bot_id AND id = NEW.conversation_id AND NOT EXISTS (
            SELECT FROM messages WHERE bot_id = NEW.bot_id
            AND conversation_id = NEW.conversation_id AND position > NEW.position);
    RETURN NULL;
"""


START_AT_ZERO = """
    NEW.message_count = 0;
    NEW.last_position = 0;
    NEW.last_message_at = NULL;
    RETURN NEW;
"""


def start_at_zero() -> FirmTrigger:
    """Bots and staff bring no counters; the import, which brings the messages as well, may."""
    return FirmTrigger(
        name="start_at_zero",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("current_setting('role') = ANY (ARRAY['bot', 'admin'])"),
        func=START_AT_ZERO,
    )


def assign_position() -> KeeperTrigger:
    return KeeperTrigger(
        name="assign_position",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("taken", "bigint")],
        func=ASSIGN_POSITION,
    )


def count_inserted() -> KeeperTrigger:
    return KeeperTrigger(
        name="count_inserted",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="moved"),
        declare=[("chat", "record"), ("late", "boolean := false")],
        func=COUNT_INSERTED,
    )


def count_deleted() -> KeeperTrigger:
    return KeeperTrigger(
        name="count_deleted",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Delete,
        referencing=pgtrigger.Referencing(old="deleted"),
        declare=[("chat", "record")],
        func=COUNT_DELETED,
    )


def follow_sent_at() -> KeeperTrigger:
    return KeeperTrigger(
        name="follow_sent_at",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("OLD.sent_at IS DISTINCT FROM NEW.sent_at"),
        func=FOLLOW_SENT_AT,
    )


def keep_place() -> FirmTrigger:
    return FirmTrigger(
        name="keep_place",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(
            "ROW(OLD.bot_id, OLD.conversation_id, OLD.position)"
            " IS DISTINCT FROM ROW(NEW.bot_id, NEW.conversation_id, NEW.position)"
        ),
        func="RAISE EXCEPTION 'a message keeps its bot, conversation and position'"
        " USING ERRCODE = 'integrity_constraint_violation';",
    )
