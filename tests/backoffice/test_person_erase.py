"""A person erased: no trace of them in any column of any table, and nothing of anybody else."""

import json
import uuid
import zlib
from threading import Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.urls import reverse

from botplatform.store import BotStore
from conversations.models import Conversation, Message, Profile
from conversations.personal import ErasedPeople, erase
from legacy_import.models import (
    Backup,
    Change,
    FilePart,
    ImportChunk,
    ImportFile,
    ImportRun,
    Original,
    Reject,
    Repair,
)
from metrics.models import BotMetric
from tenants import personal
from tenants.context import staff_context
from tenants.models import AuditEntry
from tests.backoffice.people import (
    MARKER,
    ROLES,
    TELEGRAM_ID,
    bots,
    client_of,
    page,
    person,
    staff,
)
from tests.factories import ConversationFactory, MessageFactory
from tests.isolation.world import acting, refusal
from tests.tenants.guards import query

__all__ = ["bots", "staff"]
pytestmark = pytest.mark.django_db(transaction=True)

NEIGHBOUR, NEIGHBOUR_ID = "Сосед-Пётр-3310", 331_055_443
COLUMNS = """
    SELECT c.oid::regclass::text, attname, typname FROM pg_class AS c
    JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    JOIN pg_type ON pg_type.oid = atttypid
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm')
"""


def traces(marker: str) -> list[tuple[str, str, int]]:
    """Table and column of every place in the database where this stands, compressed as well."""
    found = []
    for table, column, kind in query(COLUMNS):
        if kind == "bytea":
            rows = query(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
            hits = sum(marker.encode() in _inflated(bytes(value)) for (value,) in rows)
        else:
            [(hits,)] = query(
                f"SELECT count(*) FROM {table} WHERE {column}::text LIKE %(p)s", p=f"%{marker}%"
            )
        if hits:
            found.append((table, column, hits))
    return found


def _inflated(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data


def ledger(bot, run, key: int, marker: str) -> None:
    """As the import keeps it: files by id, and one file of several people."""

    def file(path: str, kind: str, key: int | None, **more) -> ImportFile:
        return ImportFile.objects.create(
            *(),
            bot=bot,
            run=run,
            path=path,
            kind=kind,
            key=key,
            status="done",
            size=1,
            mtime_ns=1,
            **more,
        )

    chat = file(f"conversations/{key}.json", "conversation", key, header={"title": marker})
    other = file("conversations/-100.json", "conversation", -100)
    backup = file(f"backups/{key}/2025-01-01.json", "backup", key)
    file(f"backups/emma {key}/2025-01-01.json", "unknown", None, header={"title": marker})
    raw = json.dumps({"id": key, "text": marker}, ensure_ascii=False).encode()
    Backup.objects.create(bot=bot, file=backup, chat_id=key, stored=True)
    FilePart.objects.create(bot=bot, file=backup, number=0, data=zlib.compress(raw))
    for where in (chat, other):
        Reject.objects.create(bot=bot, file=where, place=1, code="x", reason="", raw=raw)
        Repair.objects.create(bot=bot, file=where, place=1, code="x", pointer="/", original=raw)
        wide = raw.decode().encode("utf-16")
        Original.objects.create(bot=bot, file=where, place=1, original=wide)
    row = Profile.objects.get(bot=bot, telegram_id=key).pk
    change = {"bot": bot, "file": other, "place": 1, "table_name": "profiles", "row_id": row}
    Change.objects.create(**change, before={"name": marker}, transaction=1)
    ImportChunk.objects.create(
        bot=bot, file=chat, first_place=1, records=1, hashes=marker.encode(), transaction=1
    )


@pytest.fixture
def world(bots, staff):
    own, other = bots
    # An earlier profile of the same person, of which only the log knows.
    earlier = Profile.objects.create(bot=own, telegram_id=TELEGRAM_ID, name=f"{MARKER} earlier")
    Profile.objects.filter(pk=earlier.pk).update(location=f"{MARKER} then")
    earlier.delete()
    profile, neighbour = person(own), person(own, NEIGHBOUR, NEIGHBOUR_ID)
    person(other, "Zwilling", TELEGRAM_ID)
    group = ConversationFactory(bot=own, chat_id=-100, profile=neighbour)
    MessageFactory(conversation=group, sender_id=TELEGRAM_ID, content=f"{MARKER} in a group")
    for n, id in enumerate((TELEGRAM_ID, str(TELEGRAM_ID))):
        named = {"sender_id": id, "n": n}
        MessageFactory(conversation=group, metadata=named, content=f"{MARKER}, by a word")
    MessageFactory(conversation=group, sender_id=NEIGHBOUR_ID, content=f"{NEIGHBOUR} in a group")
    run = ImportRun.objects.create(bot=own, number=1, action="import")
    ledger(own, run, TELEGRAM_ID, MARKER)
    ledger(own, run, NEIGHBOUR_ID, NEIGHBOUR)
    shared = ImportFile.objects.create(
        *(),
        bot=own,
        run=run,
        path="girls_data.json",
        kind="profiles",
        status="done",
        size=1,
        mtime_ns=1,
    )
    measured = ImportFile.objects.create(
        bot=own, run=run, path="metrics.json", kind="metrics", status="done", size=1, mtime_ns=1
    )
    metrics = f'{{"users": {{"{TELEGRAM_ID}": "{MARKER}"}}}}'.encode()
    FilePart.objects.create(bot=own, file=measured, number=0, data=zlib.compress(metrics))
    both = json.dumps({"girls": {str(TELEGRAM_ID): MARKER}}, ensure_ascii=False).encode()
    FilePart.objects.create(bot=own, file=shared, number=0, data=zlib.compress(both))
    client = client_of(staff["manager"])
    # A click that Django's own log names the person in, and a change with both values.
    profile.name = f"{MARKER} renamed"
    profile.save()
    client.get(page("export", profile)).close()
    query(
        "INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag,"
        " change_message, user_id) VALUES (now(), %(id)s, %(m)s, 2, %(m)s, %(u)s) RETURNING 1",
        **{"id": str(profile.pk), "m": MARKER, "u": staff["manager"].pk},
    )
    return profile, neighbour, client


def others() -> dict[str, list]:
    """All that is of the neighbour, of the other bot, and of the staff."""
    return {
        "people": query(
            "SELECT p::text FROM profiles p WHERE name NOT LIKE %(m)s ORDER BY 1", m=f"{MARKER}%"
        ),
        "messages": query(
            "SELECT m::text FROM messages m WHERE content NOT LIKE %(m)s ORDER BY 1",
            m=f"{MARKER}%",
        ),
        "traces": sorted(traces(NEIGHBOUR) + traces("Zwilling")),
    }


def tables_of_twin() -> set[str]:
    tables = ("profiles", "conversations", "messages", "bot_metrics", "security_audit_log")
    rows = [
        row
        for table in tables
        for row in query(
            f"SELECT t.tableoid::regclass::text FROM {table} AS t JOIN bots ON bots.id = bot_id"
            " WHERE bots.name = 'other' AND t::text LIKE %(id)s",
            id=f"%{TELEGRAM_ID}%",
        )
    ]
    return {table for (table,) in rows}


def test_no_trace_is_left_and_nobody_else_is_touched(world, staff, bots):
    profile, _, client = world
    found = {table for table, _, _ in traces(MARKER)}
    assert len(found) >= 12, found
    before, twin = others(), tables_of_twin()
    response = client.post(page("erase", profile), {"typed": str(TELEGRAM_ID)})
    assert response.status_code == 302, response.context["form"].errors
    assert traces(MARKER) == []
    # The other bot has the same person.
    assert {table for table, _, _ in traces(str(TELEGRAM_ID))} == twin
    assert others() == before
    # That something happened stays.
    entries = AuditEntry.objects.filter(bot_id=bots[0].pk, row_key=str(profile.pk))
    assert {"INSERT", "UPDATE", "DELETE", "EXPORT", "ERASE"} == {e.operation for e in entries}
    assert entries.get(operation="INSERT").after["name"] == "erased"
    assert TELEGRAM_ID in ErasedPeople(bots[0].pk)
    assert TELEGRAM_ID not in ErasedPeople(bots[1].pk)


def test_the_receipt(world, staff):
    profile, _, client = world
    where = client.post(page("erase", profile), {"typed": profile.name})["Location"]
    html = client.get(where).content.decode()
    facts = client.get(where.rstrip("/") + ".json").json()
    assert facts["receipt"] in where
    assert facts["by"]["username"] == "manager"
    assert facts["erased"]["messages"] == 6
    assert facts["erased"]["conversations"] == 1
    assert facts["erased"]["profiles"] == 1
    assert facts["erased"]["bot_metrics"] == 1
    assert facts["erased"]["import_files"] == 3
    assert facts["erased"]["security_audit_log"] >= 6
    for text in (html, json.dumps(facts, ensure_ascii=False)):
        assert MARKER not in text
        assert str(TELEGRAM_ID) not in text
    assert client_of(staff["viewer"]).get(where).status_code == 200
    foreign = client_of(staff["nobody"])
    missing = page("receipt", uuid.uuid4())
    assert foreign.get(where).status_code == foreign.get(missing).status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_only_managers_and_only_when_it_is_typed(world, staff, role):
    profile, client = world[0], client_of(staff[role])
    for typed in ("", "x", "771904113", "Сосед"):
        response = client.post(page("erase", profile), {"typed": typed})
        assert response.status_code == (200 if role == "manager" else 403)
    assert Profile.objects.filter(pk=profile.pk).exists()
    if role != "manager":
        assert client.post(page("erase", profile), {"typed": str(TELEGRAM_ID)}).status_code == 403
        assert Message.objects.filter(conversation__profile=profile).count() == 3


def test_all_or_nothing(world, monkeypatch):
    profile, _, client = world

    def fail(*args):
        raise ZeroDivisionError

    before = traces(MARKER)
    monkeypatch.setattr(personal, "_erase_from_log", fail)
    with pytest.raises(ZeroDivisionError):
        client.post(page("erase", profile), {"typed": str(TELEGRAM_ID)})
    assert traces(MARKER) == before


def test_a_bot_that_writes_meanwhile(world):
    """Its message waits, and then belongs to nobody who is there; or is a new conversation's."""
    profile, _, client = world
    chat, bot = profile.conversations.get(), profile.bot_id
    insert = (
        "INSERT INTO messages (id, bot_id, conversation_id, sender_type, content)"
        " VALUES (gen_random_uuid(), %s, %s, 'user', %s)"
    )
    with acting("bot", bot=bot) as session:
        session.execute(insert, [bot, chat.pk, f"{MARKER} meanwhile"])
        answers: list = []

        def press() -> None:
            answers.append(client.post(page("erase", profile), {"typed": str(TELEGRAM_ID)}))
            connection.close()

        pressing = Thread(target=press)
        pressing.start()
        pressing.join(1)
        assert pressing.is_alive()
        session.commit()
        pressing.join()
    assert answers[0].status_code == 302
    assert not Conversation.objects.filter(pk=chat.pk).exists()
    assert not Message.objects.filter(content__contains="meanwhile").exists()
    with acting("bot", bot=bot) as session:
        assert refusal(session, insert, [bot, chat.pk, "late"]) == "23503"


def test_the_bots_store_goes_on_with_a_new_conversation(world, bots):
    """A message that was waiting when the person went begins anew: later data, and no error."""
    profile, store = world[0], BotStore(bots[0].pk)
    chat = profile.conversations.get()
    made: list = []

    def say() -> None:
        made.append(store.record_message(chat.chat_id, sender_type="user", content="after"))
        store.upsert_profile(chat.chat_id, name="Again")
        connection.close()

    saying = Thread(target=say)
    with staff_context(User.objects.get(username="manager")):
        erase(Profile.objects.get(pk=profile.pk))
        saying.start()
        saying.join(1)
        assert saying.is_alive()
    saying.join(10)
    [(message, is_new)] = made
    assert (message.position, is_new) == (1, True)
    assert Profile.objects.get(bot=bots[0], telegram_id=TELEGRAM_ID).pk != profile.pk
    assert traces(MARKER) == []


def test_what_came_with_it_is_the_databases_to_refuse(world, staff, bots):
    """In SQL: nobody's entries go whose rows do not, no words in a receipt, no other roles."""
    profile, bot = world[0], bots[0].pk
    erase = "SELECT audit_erase(%s, %s, %s)"
    ledger_erase = "SELECT erase_from_import(%s, %s, 1, '{}', '{}')"
    with acting("admin", user=staff["manager"].pk) as session:
        assert refusal(session, erase, [bot, profile.pk, "{}"]) == "22023"
        assert refusal(session, erase, [bot, profile.pk, '{"messages": "words"}']) == "22023"
        assert refusal(session, erase, [bots[1].pk, profile.pk, "{}"]) == "42501"
        assert refusal(session, "UPDATE security_audit_log SET after = NULL") == "42501"
    for role in ("viewer", "operator", "nobody"):
        with acting("admin", user=staff[role].pk) as session:
            assert refusal(session, erase, [bot, profile.pk, "{}"]) == "42501"
            assert refusal(session, ledger_erase, [bot, profile.pk]) == "42501"
    for role in ("bot", "super_admin"):
        with acting(role, bot=bot) as session:
            assert refusal(session, erase, [bot, profile.pk, "{}"]) == "42501"
            assert refusal(session, ledger_erase, [bot, profile.pk]) == "42501"


def test_every_table_has_been_thought_of():
    """A table of bots' rows says in a Holder what of people is in it, or that nothing is."""
    of_bots = query(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute ON attrelid = c.oid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND attname = 'bot_id' AND NOT attisdropped"
    )
    said = [table for holder in personal.holders() for table in holder.tables]
    assert len(said) == len(set(said))
    assert {table for (table,) in of_bots} | {"bots"} == set(said)


def test_metrics_stay_as_numbers(world, bots):
    profile, _, client = world
    before = BotMetric.objects.filter(bot=bots[0]).count()
    client.post(page("erase", profile), {"typed": str(TELEGRAM_ID)})
    assert BotMetric.objects.filter(bot=bots[0]).count() == before
    assert BotMetric.objects.filter(bot=bots[0], metric_tags={}).count() == 1


def test_a_profile_is_not_deleted_without_what_hangs_on_it(world):
    profile, _, client = world
    address = reverse("admin:conversations_profile_changelist")
    chosen = {"action": "delete_selected", "_selected_action": [profile.pk], "post": "yes"}
    client.post(address, chosen)
    deleting = client.post(page("delete", profile), {"post": "yes"})
    assert deleting["Location"] == page("erase", profile)
    assert Profile.objects.filter(pk=profile.pk).exists()
