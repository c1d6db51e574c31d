"""The transcript as one reads it: scrolling on, links to a message, hits of a search."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from conversations.models import Conversation, Message
from tests.browser.checks import assert_fine
from tests.browser.conftest import MODES, OpenPage, Staff
from tests.factories import ConversationFactory, MessageFactory, ProfileFactory

BEGUN = datetime(2026, 5, 1, 9, tzinfo=UTC)


@pytest.fixture
def chat() -> Conversation:
    chat = ConversationFactory()
    ProfileFactory(bot=chat.bot)
    Message.objects.bulk_create(
        Message(
            bot_id=chat.bot_id,
            conversation_id=chat.pk,
            sender_type=("user", "bot")[n % 2],
            content=f"Сообщение {n} " + "про борщ и не только " * (n % 7),
            sent_at=BEGUN + timedelta(hours=n),
        )
        for n in range(1, 301)
    )
    for kind in ("photo", "voice", "service"):
        MessageFactory(conversation=chat, message_type=kind, content="", sender_type="system")
    MessageFactory(conversation=chat, content="Длинное" * 100 + " 😀 مرحبا <script>x</script>")
    MessageFactory(
        conversation=chat,
        sender_type="bot",
        content="стало",
        metadata={"edits": [{"content": "было"}], "deleted_at": "2026-05-01T10:00:00+00:00"},
    )
    return chat


def address(chat: Conversation, query: str = "") -> str:
    return f"/admin/conversations/conversation/{chat.pk}/change/{query}"


def top_of(page: Page, position: int) -> float:
    """Below the upper edge of the transcript."""
    top: float = page.evaluate(
        "id => document.getElementById(id).getBoundingClientRect().top"
        " - document.getElementById('transcript').getBoundingClientRect().top",
        f"m{position}",
    )
    return top


def loaded(page: Page) -> list[str]:
    ids: list[str] = page.evaluate("[...document.querySelectorAll('.bo-line')].map(l => l.id)")
    return ids


@pytest.mark.parametrize("mode", MODES)
def test_it_looks_fine(open_page: OpenPage, staff: Staff, chat: Conversation, mode: str) -> None:
    page = open_page(staff("operator", chat.bot), mode, at=address(chat))
    expect(page.locator("#m305")).to_be_in_viewport()
    assert_fine(page)
    page.goto(address(chat, "?q=борщ"))
    expect(page.locator(".bo-hits mark").first).to_be_visible()
    assert_fine(page)


def test_older_messages_come_without_a_jump(
    open_page: OpenPage, staff: Staff, chat: Conversation
) -> None:
    page = open_page(staff("viewer", chat.bot), at=address(chat))
    expect(page.locator("#m305")).to_be_in_viewport()
    assert len(loaded(page)) == 80
    page.evaluate("document.getElementById('transcript').scrollTop = 500")
    page.wait_for_timeout(100)
    before = top_of(page, 230)
    page.evaluate("document.getElementById('transcript').scrollTop -= 200")
    expect(page.locator("#m146")).to_be_attached()
    assert abs(top_of(page, 230) - before - 200) < 2
    while page.locator("a[rel=prev]").count():
        page.evaluate("document.getElementById('transcript').scrollTop = 0")
        page.wait_for_timeout(100)
    assert loaded(page) == [f"m{n}" for n in range(1, 306)]
    days = page.evaluate("[...document.querySelectorAll('.bo-day')].map(d => d.dataset.day)")
    assert len(days) == len(set(days)), "each day has one heading where parts meet"


def test_a_link_to_a_message(open_page: OpenPage, staff: Staff, chat: Conversation) -> None:
    """Also to one that the page does not have, and by the keyboard from there on."""
    page = open_page(staff("viewer", chat.bot), at=address(chat, "#m42"))
    expect(page.locator("#m42.bo-shown")).to_be_in_viewport()
    expect(page.locator("#m42")).to_be_focused()
    assert "m305" not in loaded(page)
    page.evaluate("location.hash = '#m50'")
    expect(page.locator("#m50.bo-shown")).to_be_in_viewport()
    expect(page.locator(".bo-shown")).to_have_count(1)
    while page.locator("a[rel=next]").count():
        page.evaluate("t = document.getElementById('transcript'); t.scrollTop = t.scrollHeight")
        page.wait_for_timeout(100)
    assert loaded(page)[-1] == "m305"


def test_from_the_search_into_the_chat(
    open_page: OpenPage, staff: Staff, chat: Conversation
) -> None:
    MessageFactory(conversation=chat, content="Рецепты путешественника", sent_at=BEGUN)
    page = open_page(staff("viewer", chat.bot), at="/admin/conversations/message/")
    page.locator("#searchbar").fill("рецепт")
    page.keyboard.press("Enter")
    expect(page.locator("#result_list mark")).to_have_text("Рецепты")
    page.locator("#result_list tbody a").first.click()
    expect(page.locator("#m306.bo-shown")).to_be_in_viewport()
    page.get_by_label("Find in this chat").fill("борщ")
    page.keyboard.press("Enter")
    page.locator(".bo-hits li a").last.click()
    hits = page.evaluate("location.hash")
    expect(page.locator(f"{hits}.bo-shown")).to_be_in_viewport()


def test_hits_from_a_linked_message(open_page: OpenPage, staff: Staff, chat: Conversation) -> None:
    """Nothing leads back to it, nor to another hit or another page of hits than the last chosen."""
    page = open_page(staff("viewer", chat.bot), at=address(chat, "#m20"))
    expect(page.locator("#m20.bo-shown")).to_be_in_viewport()
    page.get_by_label("Find in this chat").fill("борщ")
    page.keyboard.press("Enter")
    hits = page.locator(".bo-hits li a")
    expect(hits).to_have_count(20)
    expect(page.locator(".bo-shown")).to_have_count(0)
    for n in (3, 9):
        hits.nth(n).click()
    shown = page.evaluate("location.hash")
    newest = hits.first.inner_text()
    page.get_by_role("link", name="Older hits").click()
    expect(hits.first).not_to_have_text(newest)
    expect(page.locator(f"{shown}.bo-shown")).to_be_in_viewport()
    page.get_by_role("link", name="Older hits").click()
    page.wait_for_url(lambda url: "older" in url)
    older = hits.first.inner_text()
    hits.last.click()
    page.wait_for_url(lambda url: not url.endswith(shown))
    expect(page.locator(f"{page.evaluate('location.hash')}.bo-shown")).to_be_in_viewport()
    expect(hits.first).to_have_text(older)
