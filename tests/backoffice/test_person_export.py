"""A person's export: all of their data and nobody else's."""

import json
import zlib

import pytest

from conversations.models import Message
from legacy_import.models import FilePart, ImportFile, ImportRun, Reject
from tenants.models import AuditEntry
from tests.backoffice.people import MARKER, TELEGRAM_ID, bots, client_of, page, person, staff
from tests.factories import ConversationFactory, MessageFactory

__all__ = ["bots", "staff"]
pytestmark = pytest.mark.django_db(transaction=True)


def exported(client, profile) -> dict:
    response = client.get(page("export", profile))
    assert response.status_code == 200
    assert response["Content-Disposition"] == f'attachment; filename="person-{profile.pk}.json"'
    return json.loads(b"".join(response.streaming_content))


def test_all_of_the_person_and_nothing_of_a_neighbour(bots, staff):
    own, other = bots
    profile = person(own)
    person(own, "Nachbar", 555_111_222)
    person(other, "Fremd")
    group = ConversationFactory(bot=own, chat_id=-100, profile=None)
    MessageFactory(conversation=group, sender_id=TELEGRAM_ID, content=f"{MARKER} in a group")
    MessageFactory(conversation=group, sender_id=555_111_222, content="Nachbar in a group")
    run = ImportRun.objects.create(bot=own, number=1, action="import")
    for key, text in ((TELEGRAM_ID, MARKER), (555_111_222, "Nachbar")):
        file = ImportFile.objects.create(
            *(),
            bot=own,
            run=run,
            path=f"backups/{key}/x.json",
            kind="backup",
            key=key,
            status="done",
            size=1,
            mtime_ns=1,
        )
        data = zlib.compress(f"{text} in bytes".encode())
        FilePart.objects.create(bot=own, file=file, number=0, data=data)
        Reject.objects.create(bot=own, file=file, place=1, code="x", reason="", raw=b"\xff\xfe")
    found = exported(client_of(staff["operator"]), profile)
    text = json.dumps(found, ensure_ascii=False)
    assert "Nachbar" not in text
    assert "Fremd" not in text
    assert found["profile"][0]["additional_data"] == profile.additional_data
    assert [m["content"] for m in found["messages"]] == [f"{MARKER} says {n}" for n in range(3)]
    assert [m["content"] for m in found["messages_in_other_chats"]] == [f"{MARKER} in a group"]
    assert found["metrics"][0]["metric_tags"] == {"telegram_id": TELEGRAM_ID, "name": MARKER}
    assert found["import_file_parts"][0]["data"] == f"{MARKER} in bytes"
    assert found["import_rejects"][0]["raw"] == {"base64": "//4="}
    assert {"profiles", "conversations", "messages"} <= {e["table_name"] for e in found["audit"]}
    assert "search" not in found["messages"][0]


def test_it_is_audited_under_the_bot(bots, staff):
    profile = person(bots[0])
    exported(client_of(staff["manager"]), profile)
    entry = AuditEntry.objects.get(operation="EXPORT")
    assert (entry.bot_id, entry.row_key) == (bots[0].pk, str(profile.pk))
    assert entry.user_id == staff["manager"].pk


def test_viewers_take_nothing_away(bots, staff):
    profile = person(bots[0])
    assert client_of(staff["viewer"]).get(page("export", profile)).status_code == 403
    assert not AuditEntry.objects.filter(operation="EXPORT").exists()


def test_many_messages_come_in_pieces(bots, staff):
    profile = person(bots[0])
    chat = profile.conversations.get()
    Message.objects.bulk_create(
        Message(conversation=chat, bot=bots[0], sender_type="user", content=f"m{n}")
        for n in range(1500)
    )
    response = client_of(staff["root"]).get(page("export", profile))
    pieces = list(response.streaming_content)
    assert len(pieces) > 4
    assert len(json.loads(b"".join(pieces))["messages"]) == 1503
