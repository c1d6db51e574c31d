"""What errors, keys and statistics tell about another bot's rows: nothing."""

import uuid

import psycopg
import pytest
from django.db import connection

from tests.isolation.world import DENIED, TENANT_TABLES, World, acting, refusal

pytestmark = pytest.mark.django_db


def error_of(session: psycopg.Connection, sql: str, params: object = None) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as caught, session.transaction():
        session.execute(sql, params)
    return caught.value


def told(error: psycopg.Error) -> str:
    d = error.diag
    return " ".join(filter(None, (d.message_primary, d.message_detail, d.message_hint, d.context)))


REFERENCES = {
    "conversation to profile": "INSERT INTO conversations (id, bot_id, chat_id, profile_id)"
    " VALUES (gen_random_uuid(), %(bot)s, 999, %(other)s)",
    "profile of a conversation": "UPDATE conversations SET profile_id = %(other)s",
    "message to conversation": "INSERT INTO messages (id, bot_id, conversation_id, sender_type)"
    " VALUES (gen_random_uuid(), %(bot)s, %(other)s, 'bot')",
    "message with a position": "INSERT INTO messages"
    " (id, bot_id, conversation_id, sender_type, position)"
    " VALUES (gen_random_uuid(), %(bot)s, %(other)s, 'bot', 1)",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_key_to_anothers_row_fails_like_a_key_to_none(
    alice_session: psycopg.Connection, world: World, reference: str
) -> None:
    sql = REFERENCES[reference]
    theirs = world.bob.profile.id if "profile" in reference else world.bob.conversation.id
    errors = [
        error_of(alice_session, sql, {"bot": world.alice.id, "other": other})
        for other in (theirs, uuid.uuid4())
    ]
    assert [error.sqlstate for error in errors] == ["23503", "23503"]
    assert told(errors[0]).replace(str(theirs), "") == told(errors[0])
    assert told(errors[0]).split("_p")[0] == told(errors[1]).split("_p")[0]


SAME_VALUES = {
    "profile id": "INSERT INTO profiles (id, bot_id, telegram_id) VALUES (%(profile)s, %(bot)s, 9)",
    "telegram_id": "INSERT INTO profiles (id, bot_id, telegram_id)"
    " VALUES (gen_random_uuid(), %(bot)s, 222)",
    "change of telegram_id": "UPDATE profiles SET telegram_id = 222",
    "conversation id": "INSERT INTO conversations (id, bot_id, chat_id)"
    " VALUES (%(conversation)s, %(bot)s, 9)",
    "chat_id": "INSERT INTO conversations (id, bot_id, chat_id)"
    " VALUES (gen_random_uuid(), %(bot)s, 222)",
    "change of chat_id": "UPDATE conversations SET chat_id = 222",
    "message id": "INSERT INTO messages (id, bot_id, conversation_id, sender_type)"
    " VALUES (%(message)s, %(bot)s, %(own)s, 'bot')",
    "metric id": "INSERT INTO bot_metrics (id, bot_id, metric_name, metric_value)"
    " VALUES (%(metric)s, %(bot)s, 'x', 1)",
}


@pytest.mark.parametrize("value", SAME_VALUES)
def test_uniqueness_tells_nothing(
    alice_session: psycopg.Connection, world: World, value: str
) -> None:
    bob = world.bob
    keys = {
        **{"bot": world.alice.id, "own": world.alice.conversation.id, "metric": bob.metric.id},
        **{"profile": bob.profile.id, "conversation": bob.conversation.id},
        "message": bob.message.id,
    }
    assert refusal(alice_session, SAME_VALUES[value], keys) is None


def test_every_unique_key_contains_the_bot(world: World) -> None:
    """Those of `bots`, `bot_access`, the import's ledger and the notes are no bot's to write, and
    known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class t ON t.oid = indrelid"
            " WHERE indisunique AND relnamespace = 'public'::regnamespace AND EXISTS"
            " (SELECT FROM pg_attribute WHERE attrelid = t.oid AND attname = 'bot_id')"
            " AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = t.oid"
            " AND attname = 'bot_id' AND attnum = ANY (indkey))"
            " AND relname NOT LIKE 'security_audit_log%' AND relname NOT LIKE 'import_%' ORDER BY 1"
        )
        assert cursor.fetchall() == [
            *(("bot_access_pkey",), ("changed_days_pkey",), ("erased_people_pkey",))
        ]


REFUSED_VALUES = [
    "UPDATE profiles SET age = 5",
    "UPDATE profiles SET interests = '{}'",
    "UPDATE profiles SET name = NULL",
    "UPDATE conversations SET chat_id = NULL",
    "UPDATE messages SET sender_type = 'x'",
    "UPDATE messages SET message_type = ''",
    "UPDATE bots SET status = 'asleep'",
    "UPDATE bots SET config = '[]'",
]


@pytest.mark.parametrize("sql", REFUSED_VALUES)
def test_errors_carry_no_row(alice_session: psycopg.Connection, sql: str) -> None:
    error = error_of(alice_session, sql)
    assert error.sqlstate[:2] == "23"
    assert error.diag.message_detail is None
    assert "secret" not in told(error)


def test_duplicates_name_no_values(alice_session: psycopg.Connection, world: World) -> None:
    error = error_of(
        alice_session,
        "INSERT INTO profiles (id, bot_id, telegram_id) VALUES (gen_random_uuid(), %s, 111)",
        [world.alice.id],
    )
    assert error.sqlstate == "23505"
    assert error.diag.message_detail is None


def test_staff_errors_name_no_token(unchanged: World) -> None:
    with acting("admin", user=unchanged.superuser.pk) as session:
        for sql in ("UPDATE bots SET token_masked = ''", "UPDATE bots SET status = 'asleep'"):
            assert error_of(session, sql).diag.message_detail is None


LEAKY = [
    "SELECT 1 FROM {table} WHERE 1 / (bot_id = %(own)s)::int = 1",
    "SELECT 1 FROM {table} WHERE (CASE WHEN bot_id <> %(own)s THEN 'boom' ELSE '1' END)::int = 1",
    "SELECT 1 FROM {table} t WHERE t::text::int = 1 AND bot_id <> %(own)s",
    "SELECT 1 FROM {table} WHERE xmin::text::int < 0 AND bot_id <> %(own)s",
    "DELETE FROM {table} WHERE 1 / (bot_id = %(own)s)::int = 0",
]


@pytest.mark.parametrize("sql", LEAKY)
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_a_condition_that_fails_is_never_asked_about_anothers_row(
    alice_session: psycopg.Connection, world: World, table: str, sql: str
) -> None:
    if "text::int = 1 AND" in sql:
        sql = sql.replace("AND bot_id <> %(own)s", "AND NOT (bot_id = %(own)s)")
        sql = sql.replace("t::text::int", "length(t::text)")
    assert refusal(alice_session, sql.format(table=table), {"own": world.alice.id}) is None


def test_a_lock_on_anothers_conversation_is_not_felt(
    alice_session: psycopg.Connection, world: World
) -> None:
    """Whether that bot writes into a conversation just now is its own business."""
    alice_session.execute("SET LOCAL lock_timeout = '200ms'")
    with acting("bot", bot=world.bob.id) as bob:
        bob.execute("SELECT FROM conversations FOR UPDATE")
        keys = {"bot": world.bob.id, "other": world.bob.conversation.id}
        assert refusal(alice_session, REFERENCES["message to conversation"], keys) == DENIED
