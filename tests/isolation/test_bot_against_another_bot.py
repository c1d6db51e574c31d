"""Whatever a bot process sends in its own context, it neither reads nor changes another bot."""

import psycopg
import pytest

from tests.isolation.world import (
    ALL_TABLES,
    CHANGEABLE,
    DENIED,
    NEW_ROWS,
    TENANT_TABLES,
    World,
    refusal,
)

pytestmark = pytest.mark.django_db

OWN_ROWS = {"profiles": 1, "conversations": 1, "messages": 3, "bot_metrics": 1}
CONFLICTS = {
    "profiles": "(bot_id, telegram_id)",
    "conversations": "(bot_id, chat_id)",
    "messages": "(bot_id, conversation_id, position)",
    "bot_metrics": "(id, bot_id)",
}


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_reads_its_own_rows_only(
    alice_session: psycopg.Connection, world: World, table: str
) -> None:
    rows = alice_session.execute(f"SELECT bot_id FROM {table}").fetchall()
    assert rows == [(world.alice.id,)] * OWN_ROWS[table]


@pytest.mark.parametrize(
    "read",
    [
        "SELECT * FROM {table} WHERE bot_id = %(bot)s",
        "SELECT * FROM {table} WHERE bot_id = %(bot)s OR true OR bot_id IS NULL",
        "SELECT * FROM {table} WHERE bot_id = %(bot)s FOR SHARE",
        "SELECT * FROM ONLY {table}",
        "TABLE {table} INTERSECT SELECT * FROM {table} WHERE bot_id = %(bot)s",
        "SELECT (SELECT t FROM {table} t WHERE bot_id = %(bot)s LIMIT 1) IS NULL",
        "SELECT b.* FROM bots b LEFT JOIN {table} t ON t.bot_id <> b.id WHERE t.id IS NOT NULL",
        "SELECT * FROM {table} TABLESAMPLE BERNOULLI (100) WHERE bot_id = %(bot)s",
        "WITH c AS (DELETE FROM {table} WHERE bot_id = %(bot)s RETURNING *) SELECT * FROM c",
        "SELECT t.*, t.ctid, t.tableoid FROM {table} t WHERE t::text LIKE '%%bob%%'",
    ],
)
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_no_read_reaches_the_other_bot(
    alice_session: psycopg.Connection, world: World, table: str, read: str
) -> None:
    rows = alice_session.execute(read.format(table=table), world.bob.keys).fetchall()
    assert not any(str(world.bob.id) in str(row) or "bob" in str(row) for row in rows)


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_update_and_delete_touch_its_own_rows_only(
    alice_session: psycopg.Connection, world: World, table: str
) -> None:
    column = CHANGEABLE[table]
    for command in (f"UPDATE {table} SET {column} = 'stolen'", f"DELETE FROM {table}"):
        for condition in (
            "bot_id = %(bot)s",
            "bot_id <> current_setting('app.current_bot_id')::uuid",
        ):
            assert (
                alice_session.execute(f"{command} WHERE {condition}", world.bob.keys).rowcount == 0
            )
        assert alice_session.execute(command).rowcount == OWN_ROWS[table]


@pytest.mark.parametrize(
    "insert",
    [
        "INSERT INTO {table} {row}",
        "INSERT INTO {table} {row} ON CONFLICT DO NOTHING",
        "INSERT INTO {table} {row} ON CONFLICT {keys} DO UPDATE SET {column} = 'stolen'",
        "INSERT INTO {table} {row} RETURNING *",
        "WITH w AS (INSERT INTO {table} {row} RETURNING 1) SELECT 1",
        "MERGE INTO {table} t USING (SELECT) s ON false WHEN NOT MATCHED THEN INSERT {row}",
    ],
)
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_inserts_no_row_for_the_other_bot(
    alice_session: psycopg.Connection, world: World, table: str, insert: str
) -> None:
    sql = insert.format(
        table=table, row=NEW_ROWS[table], keys=CONFLICTS[table], column=CHANGEABLE[table]
    )
    assert refusal(alice_session, sql, world.alice.keys) is None
    assert refusal(alice_session, sql, world.bob.keys) == DENIED


@pytest.mark.parametrize("table", ["profiles", "conversations", "messages"])
def test_upsert_on_existing_keys_of_the_other_bot(
    alice_session: psycopg.Connection, world: World, table: str
) -> None:
    """The conflicting row is there, and still nothing of it is updated."""
    row = {
        "profiles": "(id, bot_id, telegram_id) VALUES (%(profile)s, %(bot)s, 222)",
        "conversations": "(id, bot_id, chat_id) VALUES (%(conversation)s, %(bot)s, 222)",
        "messages": "(id, bot_id, conversation_id, position, sender_type)"
        " VALUES (%(message)s, %(bot)s, %(conversation)s, 1, 'bot')",
    }[table]
    bob = world.bob
    keys = {**bob.keys, "profile": bob.profile.id, "message": bob.message.id}
    for action in (
        "DO NOTHING",
        f"{CONFLICTS[table]} DO UPDATE SET {CHANGEABLE[table]} = 'stolen'",
    ):
        sql = f"INSERT INTO {table} {row} ON CONFLICT {action}"
        assert refusal(alice_session, sql, keys) == DENIED


@pytest.mark.parametrize("action", ["UPDATE SET {column} = 'stolen'", "DELETE"])
@pytest.mark.parametrize("table", TENANT_TABLES)
def test_merge_matches_no_row_of_the_other_bot(
    alice_session: psycopg.Connection, world: World, table: str, action: str
) -> None:
    merge = (
        f"MERGE INTO {table} t USING (SELECT %(bot)s::uuid AS bot) s ON t.bot_id = s.bot"
        f" WHEN MATCHED THEN {action.format(column=CHANGEABLE[table])}"
    )
    assert alice_session.execute(merge, world.bob.keys).rowcount == 0
    assert alice_session.execute(merge, world.alice.keys).rowcount == OWN_ROWS[table]


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_gives_no_row_away(alice_session: psycopg.Connection, world: World, table: str) -> None:
    for sql in (
        f"UPDATE {table} SET bot_id = %(bot)s",
        f"UPDATE {table} SET bot_id = bot_id",
        f"UPDATE {table} SET (bot_id, {CHANGEABLE[table]}) = (%(bot)s, 'x')",
    ):
        assert refusal(alice_session, sql, world.bob.keys) == DENIED


def test_bots(alice_session: psycopg.Connection, world: World) -> None:
    bob = world.bob.keys
    rows = alice_session.execute("SELECT id, name FROM bots").fetchall()
    assert rows == [(world.alice.id, "alice's bot")]
    assert (
        alice_session.execute("UPDATE bots SET status = 'error' WHERE id = %(bot)s", bob).rowcount
        == 0
    )
    assert alice_session.execute("UPDATE bots SET status = 'error'").rowcount == 1
    for sql in (
        f"INSERT INTO bots {NEW_ROWS['bots']}",
        "DELETE FROM bots WHERE id = %(bot)s",
        "DELETE FROM bots",
        "UPDATE bots SET name = 'Mallory'",
        "MERGE INTO bots b USING (SELECT) s ON b.id = %(bot)s WHEN MATCHED THEN DELETE",
    ):
        assert refusal(alice_session, sql, bob) == DENIED


def test_staff_access_is_none_of_a_bots_business(
    alice_session: psycopg.Connection, world: World
) -> None:
    for sql in (
        "SELECT 1 FROM bot_access",
        "UPDATE bot_access SET role = 'manager'",
        "DELETE FROM bot_access",
        f"INSERT INTO bot_access {NEW_ROWS['bot_access']}",
    ):
        assert refusal(alice_session, sql, world.bob.keys) == DENIED


def test_a_bot_reaches_no_table_but_these(alice_session: psycopg.Connection) -> None:
    """Django's tables and whatever else there is."""
    reachable = alice_session.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
        " AND (CASE relkind WHEN 'S' THEN has_sequence_privilege(oid, 'USAGE, SELECT, UPDATE')"
        " ELSE has_table_privilege(oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')"
        " OR has_any_column_privilege(oid, 'SELECT, INSERT, UPDATE, REFERENCES') END)"
    ).fetchall()
    assert {name for (name,) in reachable} == {*ALL_TABLES} - {"bot_access"}
