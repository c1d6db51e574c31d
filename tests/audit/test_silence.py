"""No setting and no SQL of a runtime role keeps an entry from being written."""

import psycopg
import pytest
from django.db import connection

from tests.audit.support import entries, login, new_entries
from tests.factories import ProfileFactory, UserFactory
from tests.tenants.guards import query

pytestmark = pytest.mark.django_db(transaction=True)

GARBAGE = ["x'; DROP TABLE bots", "-1", "9" * 400, "1e3", "١٢", "", " ", "1\n", "a" * 100_000]
REFUSED = [
    "SET session_replication_role = replica",
    "ALTER TABLE profiles DISABLE TRIGGER ALL",
    "ALTER TABLE profiles DISABLE TRIGGER USER",
    "DROP FUNCTION audit_write(uuid, text, text, text, jsonb, jsonb, text, bigint) CASCADE",
    "CREATE OR REPLACE FUNCTION public.audit_write(uuid, text, text, text, jsonb, jsonb, text,"
    " bigint) RETURNS void LANGUAGE sql AS ''",
    "SET ROLE botplatform_keeper",
    "SET ROLE botplatform_owner",
    "SELECT audit_write(NULL, 'bots', 'x', 'DELETE', NULL, NULL)",
]


@pytest.mark.parametrize("setting", ["current_user_id", "correlation_id"])
@pytest.mark.parametrize("value", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("name", ["botplatform_runtime", "botplatform_ops"])
def test_a_crafted_setting_neither_fails_nor_silences(name: str, setting: str, value: str) -> None:
    profile = ProfileFactory()
    with new_entries("profiles") as found:
        settings = {"current_bot_id": profile.bot_id, setting: value}
        with login(name, **settings) as session:
            session.execute("UPDATE profiles SET name = 'x'")
    assert [(e["user_id"], e["correlation_id"]) for e in found] == [(None, None)]


def test_a_bot_process_cannot_claim_to_be_staff() -> None:
    profile, user = ProfileFactory(), UserFactory()
    with new_entries("profiles") as found:
        settings = {"current_bot_id": profile.bot_id, "current_user_id": user.pk}
        with login("botplatform_runtime", **settings) as session:
            session.execute("UPDATE profiles SET name = 'x'")
    assert [(e["user_id"], e["role"]) for e in found] == [(None, "bot")]


def test_ignoring_the_triggers() -> None:
    profile = ProfileFactory()
    with (
        new_entries("profiles") as found,
        login("botplatform_runtime", current_bot_id=profile.bot_id) as session,
    ):
        triggers = "{pgtrigger_audit_update_*,audit_update,pgtrigger_audit_update}"
        session.execute(f"SET LOCAL pgtrigger.ignore = '{triggers}'")
        session.execute("UPDATE profiles SET name = 'x'")
    assert len(found) == 1


def test_as_a_replica() -> None:
    """Only a superuser can say so; the triggers fire even then."""
    profile = ProfileFactory()
    with new_entries("profiles") as found, login("postgres") as session:
        session.execute("SET session_replication_role = replica")
        session.execute("UPDATE profiles SET name = 'x' WHERE id = %s", [profile.pk])
    assert [e["login"] for e in found] == ["postgres"]


@pytest.mark.parametrize("name", ["botplatform_runtime", "botplatform_office", "botplatform_ops"])
@pytest.mark.parametrize("statement", REFUSED)
def test_refused(name: str, statement: str) -> None:
    with login(name) as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(statement)


def test_a_trigger_of_ones_own_hides_nothing() -> None:
    """Operators may make temporary tables, whose triggers run other statements."""
    profile = ProfileFactory()
    with new_entries("profiles") as found, login("botplatform_ops") as session:
        session.execute(
            "CREATE TEMP TABLE bait (n int);"
            "CREATE FUNCTION pg_temp.nibble() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN DELETE FROM public.profiles; RETURN NULL; END';"
            "CREATE TRIGGER nibble AFTER INSERT ON bait FOR EACH ROW"
            " EXECUTE FUNCTION pg_temp.nibble();"
            "CREATE TEMP TABLE bots (id uuid); CREATE TEMP TABLE security_audit_log (n int);"
            "SET LOCAL search_path = pg_temp, public;"
            "INSERT INTO bait VALUES (1)"
        )
    assert [(e["operation"], e["row_key"]) for e in found] == [("DELETE", str(profile.pk))]


def test_every_audit_trigger_always_fires() -> None:
    found = query(
        "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgname LIKE '%%audit_%%'"
    )
    assert len({name for _, name, _ in found}) >= 30
    assert {enabled for *_, enabled in found} == {"A"}


def test_a_token_typed_anywhere_is_cut() -> None:
    token = "123456789:" + "Z" * 35
    profile = ProfileFactory()
    with new_entries() as found, connection.cursor() as cursor:
        cursor.execute("UPDATE profiles SET name = %s WHERE id = %s", [token, profile.pk])
        cursor.execute(
            "UPDATE bots SET config = jsonb_build_object('note', %s::text) WHERE id = %s",
            [f"use {token}!", profile.bot_id],
        )
    assert [e["after"] for e in found] == [
        {"name": "123456789:…"},
        {"config": {"note": "use 123456789:…!"}},
    ]


def test_a_new_token_is_told_as_a_fact() -> None:
    bot = ProfileFactory().bot
    with new_entries("bots") as found:
        bot.set_token("987654321:" + "Q" * 35)
        bot.save()
    bot.refresh_from_db()
    (entry,) = found
    assert entry["after"]["telegram_token"] == "…"
    assert entry["after"]["token_fingerprint"] == "…"
    for secret in (bot.telegram_token.ciphertext, bot.token_fingerprint, "Q" * 35):
        assert secret not in str(entries())
