"""Lists as files: what the list shows, of own bots, audited, and harmless in a spreadsheet."""

import csv
import io
import json
import re
from contextlib import suppress

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import NoReverseMatch, reverse

from conversations.models import Message, Profile
from tenants.models import AuditEntry, Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def viewer() -> Client:
    """Of the bot `own`; `other` is another's."""
    own, other = BotFactory(name="own"), BotFactory(name="other")
    user = User.objects.create_user("vera", password="x", is_staff=True)
    BotAccessFactory(user=user, bot=own, role="viewer")
    for bot in (own, other):
        ProfileFactory(bot=bot, name=f"=cmd|{bot.name}", location="Омск")
        ProfileFactory(bot=bot, name="-5", location="Paris")
    client = Client()
    client.force_login(user)
    return client


def download(client: Client, model: type, form: str, **filters: str) -> bytes:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_download", args=[form])
    response = client.get(url, filters)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    return b"".join(response.streaming_content)


def test_csv_is_the_list_of_ones_own_bots_and_no_formula(viewer):
    text = download(viewer, Profile, "csv").decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    own = str(Bot.objects.get(name="own").pk)
    assert {row["bot_id"] for row in rows} == {own}
    assert sorted(row["name"] for row in rows) == ["'-5", "'=cmd|own"]
    assert {row["location"] for row in rows} == {"Омск", "Paris"}


HARMLESS = [
    "plain",
    "Привет",
    "a=1",
    '1,2;"3"',
    "two\nlines",
    "100%",
    "\\back\\.",
    "'=1",
    "a-b",
    "😀",
]
HARMLESS += ["list:\n- one\n- two", "so; - and", "a--;--"]
# Where the apostrophe comes.
FORMULAS = ["^=1+1", "^+1", "^-1", "^@x", " ^=1", "\u00a0^=1", "\u3000^＋1", "^＝1", "^＠x", "^－1"]
FORMULAS += [
    "\t^=x",
    "\r^+x",
    "\n^-x",
    "\u200b^=1",
    "\ufeff^=1",
    "a;^=1",
    "a, ^@b",
    "a\n^=1",
    "a;^-cmd",
]


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("name", HARMLESS + FORMULAS)
def test_every_text_comes_back(viewer, name, language):
    text = name.replace("^", "")
    Profile.objects.filter(bot__name="own", location="Paris").update(name=text)
    viewer.cookies["django_language"] = language
    written = download(viewer, Profile, "csv", q="Paris").decode("utf-8-sig")
    delimiter = ";" if language == "ru" else ","
    (row,) = csv.DictReader(io.StringIO(written, newline=""), delimiter=delimiter)
    assert row["name"] == name.replace("^", "'")
    (row,) = json.loads(download(viewer, Profile, "json", q="Paris"))
    assert row["name"] == text


def test_no_spreadsheet_finds_a_formula(viewer):
    """Whichever sign it splits at."""
    texts = [text.replace("^", "") for text in FORMULAS]
    for n, text in enumerate(texts):
        ProfileFactory(bot=Bot.objects.get(name="own"), name=f"x{text}", location=f"{n};{text}")
    written = download(viewer, Profile, "csv").decode("utf-8-sig")
    for delimiter in ",;\t":
        for line in written.splitlines():
            for cell in next(csv.reader([line], delimiter=delimiter)):
                assert not re.match(r"\s*[=@＝＠]|\s*[-+＋－][^-+ \d]", cell), (delimiter, line)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_every_list(client, form):
    boss = User.objects.create_superuser("boss", password="x")
    client.force_login(boss)
    bot = BotFactory(name="its name")
    BotAccessFactory(bot=bot, user=boss)
    MessageFactory(conversation=ConversationFactory(bot=bot))
    BotMetricFactory(bot=bot)
    named = 0
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_download"
        with suppress(NoReverseMatch):
            answer = client.get(reverse(name, args=[form]))
            assert answer.status_code == 200, model
            named += "its name" in b"".join(answer.streaming_content).decode()
    assert named >= 6


def test_ends_of_a_range_that_are_none(viewer):
    url = reverse("admin:conversations_profile_download", args=["csv"])
    for asked in ("last_active_at_from=2026-13-40", "age_to=abc"):
        answer = viewer.get(f"{url}?{asked}", follow=True)
        assert answer.redirect_chain[0][0].endswith(f"/profile/?{asked}")
        assert "Nothing was downloaded" in answer.content.decode()
    good = "last_active_at_from=2026-12-31&age_to=30&age_from="
    assert viewer.get(f"{url}?{good}")["Content-Disposition"].startswith("attachment")


def test_json_has_the_values_as_they_are(viewer):
    rows = json.loads(download(viewer, Profile, "json"))
    assert sorted(row["name"] for row in rows) == ["-5", "=cmd|own"]
    assert all(row["interests"] == [] or isinstance(row["interests"], list) for row in rows)


def test_filters_and_search_hold(viewer):
    rows = json.loads(download(viewer, Profile, "json", q="Paris"))
    assert [row["location"] for row in rows] == ["Paris"]


def test_an_empty_list_is_an_empty_file(viewer):
    assert json.loads(download(viewer, Message, "json")) == []
    assert download(viewer, Message, "csv").decode("utf-8-sig").count("\n") == 1


def test_more_rows_than_a_piece(viewer, monkeypatch):
    monkeypatch.setattr("tenants.backoffice.downloads.ROWS_AT_ONCE", 3)
    chat = ConversationFactory(bot=Bot.objects.get(name="own"))
    for n in range(11):
        MessageFactory(conversation=chat, content=f"m{n}")
    rows = json.loads(download(viewer, Message, "json"))
    assert len(rows) == 11
    assert len(download(viewer, Message, "csv").splitlines()) == 12


def test_no_token_in_any_form(client):
    boss = User.objects.create_superuser("boss", password="x")
    bot = BotFactory()
    bot.set_token("123456789:" + "A" * 35)
    bot.save()
    client.force_login(boss)
    for form in ("csv", "json"):
        text = download(client, Bot, form).decode()
        assert "telegram_token" not in text
        assert "fingerprint" not in text
        assert "A" * 35 not in text


def test_it_is_audited_with_its_filters(viewer):
    download(viewer, Profile, "csv", q="Paris")
    entry = AuditEntry.objects.get(operation="DOWNLOAD")
    assert entry.row_key == "vera"
    assert entry.after == {"path": "/admin/conversations/profile/download/csv/?q=Paris"}


def test_who_may_not_see_the_list_gets_no_file(client):
    nobody = User.objects.create_user("nobody", password="x", is_staff=True)
    client.force_login(nobody)
    url = reverse("admin:conversations_profile_download", args=["csv"])
    assert client.get(url).status_code == 403
    assert client.get(url.replace("csv", "exe")).status_code in (403, 404)


def test_a_download_that_is_given_up_ends_its_thread(viewer, monkeypatch):
    monkeypatch.setattr("tenants.backoffice.downloads.ROWS_AT_ONCE", 1)
    url = reverse("admin:conversations_profile_download", args=["json"])
    response = viewer.get(url)
    assert next(iter(response.streaming_content))
    response.close()


def test_odd_filters_lead_back_to_the_list(viewer):
    for asked in ("foo=1", "q=--5&age__x=1", "bot__id__exact=x"):
        response = viewer.get(f"/admin/conversations/profile/download/csv/?{asked}")
        assert response.status_code in (302, 400), asked
    assert response["Location"] == "/admin/conversations/profile/?e=1"
