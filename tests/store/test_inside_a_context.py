"""A call inside bot_context is part of its transaction; its error undoes the call alone."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connections, transaction

from botplatform.store import BotNotFound, BotStore, InvalidValue, NewMessage
from conversations.models import Conversation, Message
from tenants.context import ContextError, bot_context
from tenants.ids import uuid7
from tests.factories import BotFactory

pytestmark = pytest.mark.django_db


class Undone(Exception):
    pass


def test_it_sees_and_is_undone_with_the_rest(alice: BotStore) -> None:
    def work() -> None:
        with bot_context(alice.bot_id, using="runtime"):
            Conversation.objects.using("runtime").create(chat_id=1, title="seen")
            assert alice.get_conversation(1).title == "seen"
            _, is_new = alice.record_message(1, sender_type="user", content="x")
            assert is_new
            assert Message.objects.using("runtime").get().content == "x"
            raise Undone

    with pytest.raises(Undone):
        work()
    assert alice.list_inbox() == []


def test_it_waits_for_no_lock_of_its_own_context(alice: BotStore) -> None:
    alice.record_message(1, sender_type="user")
    with bot_context(alice.bot_id, using="runtime"):
        Conversation.objects.using("runtime").select_for_update().get()
        alice.record_message(1, sender_type="bot")
    assert alice.get_conversation(1).message_count == 2


def test_an_error_undoes_the_call_alone(alice: BotStore) -> None:
    with bot_context(alice.bot_id, using="runtime"):
        alice.record_message(1, sender_type="user", content="kept")
        with pytest.raises(InvalidValue, match="The sender is"):
            alice.record_messages(
                [
                    NewMessage(chat_id=1, sender_type="bot"),
                    NewMessage(chat_id=1, sender_type="nobody"),  # type: ignore[arg-type]
                ]
            )
        assert alice.get_conversation(1).message_count == 1
    assert [message.content for message in alice.recent_messages(1)] == ["kept"]


def test_another_bots_context_is_refused(alice: BotStore, bob: BotStore, run: Any) -> None:
    with (
        bot_context(bob.bot_id, using="runtime"),
        pytest.raises(ContextError, match="leave that first"),
    ):
        alice.list_inbox()

    async def main() -> None:
        async with bot_context(bob.bot_id, using="runtime"):
            with pytest.raises(ContextError, match="leave that first"):
                await alice.alist_inbox()
        await sync_to_async(connections.close_all)()

    run(main())


def test_the_async_form_in_an_async_context(alice: BotStore, run: Any) -> None:
    async def work() -> None:
        async with bot_context(alice.bot_id, using="runtime"):
            await Conversation.objects.using("runtime").acreate(chat_id=1, title="seen")
            assert (await alice.aget_conversation(1)).title == "seen"
            await alice.arecord_message(1, sender_type="user")
            raise Undone

    async def main() -> None:
        with pytest.raises(Undone):
            await work()
        assert await alice.alist_inbox() == []
        await sync_to_async(connections.close_all)()

    run(main())


def test_the_sync_form_is_refused_on_an_event_loop(alice: BotStore, run: Any) -> None:
    async def main() -> None:
        with pytest.raises(SynchronousOnlyOperation, match="begins with an a"):
            alice.list_inbox()

    run(main())


def test_another_thread_is_not_in_the_context(alice: BotStore, run: Any) -> None:
    async def main() -> None:
        async with bot_context(alice.bot_id, using="runtime"):
            with pytest.raises(ContextError, match="another thread"):
                await asyncio.to_thread(alice.record_message, 1, sender_type="user")
            assert await sync_to_async(alice.list_inbox)() == []
        await sync_to_async(connections.close_all)()

    run(main())
    assert alice.list_inbox() == []


def test_in_the_transaction_of_a_test() -> None:
    """So that the tests of a bot need nothing special."""
    store = BotStore(BotFactory().pk)
    assert store.record_message(1, sender_type="user", content="x")[1]
    with transaction.atomic():
        assert Message.objects.get(bot=store.bot_id).content == "x"
    with pytest.raises(InvalidValue, match="between 18 and 100"):
        store.upsert_profile(1, age=7)
    assert store.list_profiles() == []
    with pytest.raises(BotNotFound):
        BotStore(uuid7()).list_inbox()
