"""Columns that nobody changes, and the token that only its own bot reads."""

import pytest
from django.apps import apps

from tests.isolation.world import DENIED, TENANT_TABLES, World, acting, refusal

pytestmark = pytest.mark.django_db

ROLES = ("bot", "admin", "super_admin")
FIXED = {
    "profiles": ("id", "bot_id", "updated_at"),
    "conversations": (
        *("id", "bot_id", "updated_at", "message_count", "last_position", "last_message_at"),
    ),
    "messages": ("id", "bot_id", "conversation_id", "position"),
    "bot_metrics": ("id", "bot_id"),
    "bots": ("id", "created_at", "updated_at"),
}
TOKEN_READS = [
    "SELECT telegram_token FROM bots",
    "SELECT 1 FROM bots ORDER BY telegram_token",
    "SELECT 1 FROM bots WHERE telegram_token LIKE 'g%'",
    "SELECT 1 FROM bots GROUP BY telegram_token",
    "SELECT 1 FROM bots a JOIN bots b USING (telegram_token)",
    "SELECT row_to_json(b) FROM bots b",
    "SELECT to_jsonb(b.*) FROM bots b",
    "SELECT b FROM bots b",
    "SELECT b::text FROM bots b",
    "SELECT (b).telegram_token FROM bots b",
    "SELECT md5(b::text) FROM bots b",
    "SELECT * FROM bots",
    "TABLE bots",
    "SELECT hashtext(telegram_token::text) FROM bots",
    "UPDATE bots SET status = 'error' RETURNING telegram_token",
    "UPDATE bots SET status = 'error' RETURNING bots",
    "UPDATE bots SET name = telegram_token::text",
    "UPDATE bots SET status = 'error' WHERE telegram_token IS NOT NULL",
    "UPDATE bots SET name = b.telegram_token FROM bots b WHERE bots.id = b.id",
    "DELETE FROM bots RETURNING telegram_token",
    "DELETE FROM bots WHERE telegram_token IS NULL",
    "COPY bots (telegram_token) TO STDOUT",
    "COPY bots TO STDOUT",
    "SELECT query_to_xml('SELECT telegram_token FROM bots', true, false, '')",
    "SELECT table_to_xml('bots', true, false, '')",
    "SELECT max(telegram_token) FROM bots",
    "SELECT json_agg(b) FROM bots b",
    "INSERT INTO bots (id, name) SELECT gen_random_uuid(), telegram_token::text FROM bots",
    "INSERT INTO bots (id, name) VALUES (gen_random_uuid(), 'x') RETURNING telegram_token",
    "MERGE INTO bots b USING (SELECT) s ON b.telegram_token IS NOT NULL WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", FIXED)
def test_fixed_columns(unchanged: World, table: str, role: str) -> None:
    key = "id" if table == "bots" else "bot_id"
    with acting(role, bot=unchanged.alice.id, user=unchanged.superuser.pk) as session:
        for column in FIXED[table]:
            for sql in (
                f"UPDATE {table} SET {column} = {column}",
                f"UPDATE {table} SET {column} = DEFAULT WHERE {key} = %(bot)s",
                f"MERGE INTO {table} t USING (SELECT) s ON t.{key} = %(bot)s"
                f" WHEN MATCHED THEN UPDATE SET {column} = t.{column}",
            ):
                assert refusal(session, sql, unchanged.alice.keys) == DENIED, sql


@pytest.mark.parametrize("table", TENANT_TABLES)
def test_no_table_grants_update_as_a_whole(world: World, table: str) -> None:
    """A column added later is nobody's to change until a migration says so."""
    for role in ROLES:
        with acting(role) as session:
            whole = session.execute("SELECT has_table_privilege(%s, 'UPDATE')", [table])
            assert whole.fetchone() == (False,)


def test_every_model_was_thought_of(world: World) -> None:
    """What a role may update is what is not in FIXED."""
    for model in apps.get_models():
        if (table := model._meta.db_table) not in TENANT_TABLES:
            continue
        with acting("bot") as session:
            updatable = session.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND has_column_privilege(attrelid, attnum, 'UPDATE')",
                [table],
            )
            found = {name for (name,) in updatable}
        stored = {f.column for f in model._meta.concrete_fields if not f.generated and f.column}
        assert stored - found == set(FIXED[table])


@pytest.mark.parametrize("sql", TOKEN_READS)
@pytest.mark.parametrize("role", ["admin", "super_admin"])
def test_no_staff_reads_a_token(unchanged: World, role: str, sql: str) -> None:
    with acting(role, bot=unchanged.alice.id, user=unchanged.superuser.pk) as session:
        assert refusal(session, "SELECT id, name FROM bots") is None
        no_xml = "0A000" if "xml" in sql else DENIED  # a server built without it
        assert refusal(session, sql) in (DENIED, no_xml)


def test_a_bot_reads_its_own_token(world: World) -> None:
    sealed = []
    for tenant in (world.alice, world.bob):
        with acting("bot", bot=tenant.id) as session:
            sealed += session.execute("SELECT telegram_token FROM bots").fetchall()
            assert refusal(session, "UPDATE bots SET telegram_token = NULL") == DENIED
            assert refusal(session, "UPDATE bots SET token_fingerprint = NULL") == DENIED
    assert len(sealed) == 2
    assert sealed[0] != sealed[1]


def test_staff_write_a_token_without_reading_it(unchanged: World) -> None:
    new = "UPDATE bots SET telegram_token = 'sealed', token_fingerprint = 'f', token_masked = 'm'"
    with acting("admin", user=unchanged.alice.staff.pk) as session:
        assert session.execute(new).rowcount == 1
