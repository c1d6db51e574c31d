"""What an erasure finds by words and numbers: searches in the audit log, ids in kept bytes."""

import json
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User

from conversations.models import Profile
from conversations.personal import erase
from legacy_import.models import FilePart, ImportFile, ImportRun, Original, Reject, Repair
from tenants.audit import events
from tenants.context import staff_context
from tenants.models import Bot
from tests.backoffice.people import TELEGRAM_ID, bots, client_of, person, staff
from tests.factories import ProfileFactory
from tests.tenants.guards import query

__all__ = ["bots", "staff"]
pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE = "/admin/conversations/profile/download/csv/?"
DATED = 20_250_810


def erased(profile: Profile, staff: dict[str, User]) -> None:
    with staff_context(staff["manager"]):
        erase(Profile.objects.get(pk=profile.pk))


def searches() -> Iterator[str]:
    return (
        path
        for (path,) in query(
            "SELECT after ->> 'path' FROM security_audit_log"
            " WHERE operation = 'DOWNLOAD' ORDER BY logged_at"
        )
    )


def test_searches_go_and_the_rest_of_the_address_stays(bots: Any, staff: Any) -> None:
    profile = person(bots[0], "Аня", TELEGRAM_ID)
    Profile.objects.filter(pk=profile.pk).update(name="Аня Öz & co")
    client = client_of(staff["viewer"])
    asked: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"q": "Аня Öz & co"}, {"q": "erased"}),
        ({"q": " аня öz & co "}, {"q": "erased"}),
        # Their name of before.
        ({"age__gte": 20, "q": "Аня name", "o": 1}, {"age__gte": 20, "q": "erased", "o": 1}),
        # Parts, other people's, and nothing.
        *(({"q": q}, {"q": q}) for q in ("Аня", "Аня Öz & company", "co", "%D0", "Пётр", "")),
    ]
    for given, _ in asked:
        list(client.get(PEOPLE + urlencode(given)))
    erased(profile, staff)
    assert [*searches()] == [PEOPLE + urlencode(left) for _, left in asked]


def test_an_id_goes_with_its_address(bots: Any, staff: Any) -> None:
    profile, client = person(bots[0]), client_of(staff["viewer"])
    for given in (f"q={TELEGRAM_ID}", f"q=%20{TELEGRAM_ID}", f"q={TELEGRAM_ID}1"):
        list(client.get(PEOPLE + given))
    erased(profile, staff)
    assert [*searches()] == ["erased", f"{PEOPLE}q=erased", f"{PEOPLE}q={TELEGRAM_ID}1"]


def test_what_is_no_text_stops_no_erasure(bots: Any, staff: Any) -> None:
    """A byte that is no letter, a cut one, half an escape; a name that is a row's id or nothing."""
    odd = [f"{PEOPLE}q=%FF%D0", f"{PEOPLE}q=%4&&=&q", f"{PEOPLE}bot={bots[1].pk}", f"{PEOPLE}q="]
    with staff_context(staff["viewer"]):
        for path in odd:
            events.record("DOWNLOAD", "viewer", path)
    for n, name in enumerate((str(bots[1].pk), "", "%")):
        erased(ProfileFactory(bot=bots[0], name=name, telegram_id=TELEGRAM_ID + n), staff)
    assert [*searches()] == odd


@pytest.fixture
def kept(bots: Any, staff: Any) -> dict[str, list[str]]:
    """Theirs and a neighbour's, in each table of bytes, in files that are not theirs."""
    bot, _ = bots
    run = ImportRun.objects.create(bot=bot, number=1, action="import")

    def file(path: str, kind: str, key: int | None) -> ImportFile:
        return ImportFile.objects.create(
            bot=bot, run=run, path=path, kind=kind, key=key, status="done", size=1, mtime_ns=1
        )

    chat = file("conversations/-100.json", "conversation", -100)
    texts = {
        "theirs": [
            '{"id": 3, "sender": 20250810, "text": "x"}',
            '{"id": 3, "from": "Ann", "from_id": "user20250810"}',
            '"20250810": {"age": 200}',
            '{"chat_id" : "20250810"}',
        ],
        "others": [
            '{"summary": {"20250810": "met", "20250810T1200": "again"}}',
            '{"timestamp": "20250810", "date_from": 20250810}',
            '{"valid": 20250810, "text": "on 20250810, at noon"}',
            '{"chat_id": 1202508100, "id": "20250810120000"}',
        ],
    }
    for n, text in enumerate([*texts["theirs"], *texts["others"]], 1):
        for raw in (text.encode(), text.encode("utf-16")):
            Reject.objects.create(bot=bot, file=chat, place=n, code="x", reason="", raw=raw)
            Original.objects.create(bot=bot, file=chat, place=n, original=raw)
            if n != 3:
                repair = {"place": n, "code": "x", "pointer": "/more", "original": raw}
                Repair.objects.create(bot=bot, file=chat, **repair)
    for place, pointer in ((1, "/telegram_id"), (2, "/girls/20250810"), (9, "/created_at")):
        number = b'"20250810"' if place != 2 else b'{"chat_id": 20250810}'
        repair = {"place": place, "code": "x", "pointer": pointer, "original": number}
        Repair.objects.create(bot=bot, file=chat, **repair)
    return texts


def places(table: str) -> list[int]:
    return [n for (n,) in query(f"SELECT place FROM {table} ORDER BY place")]


def test_a_neighbours_dates_are_no_ids(bots: Any, staff: Any, kept: Any) -> None:
    erased(person(bots[0], "Dated", DATED), staff)
    for table in ("import_rejects", "import_originals"):
        assert places(table) == [5, 5, 6, 6, 7, 7, 8, 8], table
    assert places("import_repairs") == [5, 5, 6, 6, 7, 7, 8, 8, 9]


def test_any_other_id_is_found_wherever_it_stands(bots: Any, staff: Any, kept: Any) -> None:
    query(
        "UPDATE import_rejects SET raw = replace(encode(raw, 'escape'), '20250810', '771904112')"
        "::bytea WHERE position('\\x00'::bytea IN raw) = 0 RETURNING 1"
    )
    erased(person(bots[0]), staff)
    # But not within another number.
    assert [*dict.fromkeys(places("import_rejects"))] == [*range(1, 9)]
    assert places("import_rejects").count(8) == 2
    assert places("import_rejects").count(5) == 1


def test_measurements_are_no_ids(bots: Any, staff: Any) -> None:
    bot: Bot = bots[0]
    run = ImportRun.objects.create(bot=bot, number=1, action="import")
    texts = (f'{{"total": {TELEGRAM_ID}}}', f'{{"last_user": {TELEGRAM_ID}}}')
    for n, text in enumerate(texts):
        file = ImportFile.objects.create(
            *(), bot=bot, run=run, path=f"{n}", kind="metrics", status="done", size=1, mtime_ns=1
        )
        FilePart.objects.create(bot=bot, file=file, number=0, data=zlib.compress(text.encode()))
    erased(person(bot), staff)
    assert query("SELECT path FROM import_files JOIN import_file_parts p ON p.file_id"
                 " = import_files.id") == [("0",)]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_of_several_people(bots: Any, staff: Any, encoding: str) -> None:
    bot: Bot = bots[0]
    run = ImportRun.objects.create(bot=bot, number=1, action="import")
    theirs: dict[str, Any] = {"girls": {str(DATED): {"name": "x"}}}
    entries: list[tuple[str, dict[str, Any]]] = [
        ("theirs", theirs),
        ("inside", {"girls": {"7": {"chat_id": str(DATED)}}}),
        ("dates", {"girls": {"7": {"summary": {"20250810": "x", "20250810120000": "y"}}}}),
        # The next state of it, which may have some of its bytes.
        ("theirs", {"girls": {}}),
    ]
    for path, content in entries:
        raw = json.dumps(content).encode(encoding)
        file = ImportFile.objects.create(
            bot=bot, run=run, path=path, kind="profiles", status="done", size=1, mtime_ns=1
        )
        for n, piece in enumerate((raw[:31], raw[31:])):
            part = FilePart.objects.create(bot=bot, file=file, number=n, data=zlib.compress(piece))
        if content is theirs:
            FilePart.objects.create(bot=bot, file=file, number=2, same_as=part.pk)
    erased(person(bot, "Dated", DATED), staff)
    assert {part.file.path for part in FilePart.objects.select_related("file")} == {"dates"}
