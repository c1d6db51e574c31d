"""Profiles: the list with its filters, and a person's page."""

import uuid

import pytest
from django.urls import reverse

from conversations.backoffice.tree import MOST_CHILDREN, MOST_NODES, tree
from conversations.models import Profile
from tests.backoffice.people import ROLES, bots, client_of, page, person, staff
from tests.factories import ConversationFactory, ProfileFactory

__all__ = ["bots", "staff"]
pytestmark = pytest.mark.django_db(transaction=True)


def names(client, **filters: str) -> list[str]:
    response = client.get(page("changelist"), filters)
    assert response.status_code == 200, response.headers
    return [str(row) for row in response.context["cl"].result_list]


def test_the_list_and_its_filters(bots, staff):
    own, other = bots
    day = "2025-08-10T20:30:00+00:00"
    ProfileFactory(bot=own, name="Old", age=80, location="Томск", interests=["Шахматы"])
    ProfileFactory(bot=own, name="Young", age=20, location="Paris", last_active_at=day)
    ProfileFactory(bot=own, name="Late", age=30, last_active_at="2025-08-12T00:00:00+00:00")
    ProfileFactory(bot=other, name="Stranger", age=20)
    client = client_of(staff["viewer"])
    assert names(client) == ["Late", "Young", "Old"]
    assert names(client, age_from="18", age_to="25") == ["Young"]
    assert names(client, location_contains="том") == ["Old"]
    assert names(client, interest="шахм") == ["Old"]
    in_day = {"last_active_at_from": "2025-08-10", "last_active_at_to": "2025-08-10"}
    assert names(client, **in_day) == ["Young"]
    assert names(client, bot__id__exact=str(own.pk), age_from="25") == ["Late", "Old"]
    assert names(client, bot__id__exact=str(other.pk)) == []
    assert names(client_of(staff["root"]), bot__id__exact=str(other.pk)) == ["Stranger"]
    assert names(client, last_active_at_from="nonsense", age_from="x") != []
    assert names(client, q=str(Profile.objects.get(name="Old").telegram_id)) == ["Old"]


def test_who_is_in_no_file_is_added_from_their_chat(bots, staff):
    """Then they can be exported, and erased."""
    chat = ConversationFactory(bot=bots[0], profile=None, chat_id=77_700_123)
    group = ConversationFactory(bot=bots[0], profile=None, chat_id=-77_700_123)
    transcripts = [
        reverse("admin:conversations_conversation_change", args=[each.pk]) for each in (chat, group)
    ]
    link = f"{page('add')}?bot={bots[0].pk}&amp;telegram_id=77700123"
    client = client_of(staff["operator"])
    assert link in client.get(transcripts[0]).content.decode()
    assert page("add") not in client.get(transcripts[1]).content.decode()
    assert page("add") not in client_of(staff["viewer"]).get(transcripts[0]).content.decode()
    form = client.get(link.replace("&amp;", "&")).context["adminform"].form
    values = {name: form.get_initial_for_field(form.fields[name], name) for name in form.fields}
    filled = {name: "" if value is None else value for name, value in values.items()}
    filled |= {"interests": "[]", "additional_data": "{}"}
    for name in ("created_at", "last_active_at"):
        filled |= {f"{name}_0": "", f"{name}_1": ""}
    filled |= {"created_at_0": "2025-01-01", "created_at_1": "10:00"}
    answer = client.post(page("add"), filled)
    assert answer.status_code == 302, answer.context["adminform"].errors
    person = Profile.objects.get(telegram_id=77_700_123)
    chat.refresh_from_db()
    assert chat.profile_id == person.pk


@pytest.mark.parametrize("day", ["0001-12-30", "9999-01-02"])
def test_times_that_no_page_can_show(bots, staff, day):
    values = {"bot": str(bots[0].pk), "telegram_id": 5, "interests": "[]", "additional_data": "{}"}
    values |= {"created_at_0": "2025-01-01", "created_at_1": "10:00"}
    values |= {"last_active_at_0": day, "last_active_at_1": "23:59"}
    answer = client_of(staff["operator"]).post(page("add"), values)
    assert "Times lie in the years 2 to 9998." in answer.content.decode()


def test_interests_are_found_by_what_they_say(bots, staff):
    """Not by how JSON writes them."""
    for name, interests in (("Two", ["go", "chess"]), ("Quoted", ['rock "n" roll, loud'])):
        ProfileFactory(bot=bots[0], name=name, interests=interests)
    client = client_of(staff["viewer"])
    for word, found in (('"', ["Quoted"]), (",", ["Quoted"]), ("[", []), ("O", ["Quoted", "Two"])):
        assert sorted(names(client, interest=word)) == found


def test_a_viewers_filter_offers_the_bots_that_are_seen(bots, staff):
    asked = {"app_label": "conversations", "model_name": "profile", "field_name": "bot"}
    client = client_of(staff["viewer"])
    url = reverse("admin:autocomplete")
    found = client.get(f"{url}?filter=1", asked | {"term": "o"}).json()["results"]
    assert found == []
    found = client.get(url, asked | {"term": "o", "filter": "1"}).json()["results"]
    assert [bot["text"] for bot in found] == ["own"]
    assert f"{url}?filter=1" in client.get(page("changelist")).content.decode()


def test_queries_do_not_grow_with_rows(bots, staff, django_assert_max_num_queries):
    client = client_of(staff["operator"])
    for n in range(30):
        ProfileFactory(bot=bots[0], name=f"p{n}")
    with django_assert_max_num_queries(16):
        client.get(page("changelist"))
    profile = person(bots[0])
    for _ in range(60):
        ConversationFactory(bot=bots[0], profile=profile)
    with django_assert_max_num_queries(18):
        client.get(page("change", profile))


@pytest.mark.parametrize("role", ROLES)
def test_a_persons_page(bots, staff, role):
    profile, twin = person(bots[0]), person(bots[1])
    html = client_of(staff[role]).get(page("change", profile)).content.decode()
    chat = profile.conversations.get()
    assert reverse("admin:conversations_conversation_change", args=[chat.pk]) in html
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "<b>bold</b>" not in html
    assert "<summary>" in html
    assert (page("export", profile) in html) == (role != "viewer")
    assert (page("erase", profile) in html) == (role == "manager")
    assert page("delete", profile) not in html
    assert str(twin.pk) not in html
    assert str(twin.pk) in client_of(staff["root"]).get(page("change", profile)).content.decode()


@pytest.mark.parametrize("role", [*ROLES, "nobody"])
@pytest.mark.parametrize("name", ["change", "export", "erase"])
def test_a_foreign_person_is_a_missing_one(bots, staff, role, name):
    foreign, answers = person(bots[1]), []
    for key in (foreign.pk, uuid.uuid4()):
        for method in ("get", "post"):
            response = getattr(client_of(staff[role]), method)(page(name, key))
            said = [str(m).replace(str(key), "") for m in response.wsgi_request._messages]
            answers.append((response.status_code, response.headers.get("Location"), said))
    assert answers[:2] == answers[2:]
    assert Profile.objects.filter(pk=foreign.pk).exists()


def test_a_large_tree_is_bounded_and_never_markup():
    node = tree({f"k{n}": {"x": ["<i>"] * 50} for n in range(500)})
    assert len(node.children) <= MOST_CHILDREN
    assert node.more.startswith(str(500 - len(node.children)))

    def count(of) -> int:
        return 1 + sum(count(child) for child in of.children)

    assert count(node) <= MOST_NODES + MOST_CHILDREN
    assert "characters" in tree({"text": "x" * 10_000}).children[0].more
    deep: object = "end"
    for _ in range(200):
        deep = [deep]
    assert tree(deep).holds
