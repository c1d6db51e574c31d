"""Twenty bot processes write into the same five chats at once."""

import random
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import DatabaseError, connection

from conversations.models import Conversation, Message
from tests.factories import BotFactory

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS, EACH = 20, 500
INSERT = (
    "INSERT INTO messages (id, bot_id, conversation_id, sender_type) SELECT gen_random_uuid(),"
    " bot_id, id, 'user' FROM unnest(%s::uuid[], %s::uuid[]) AS chat (bot_id, id) ORDER BY id"
)


@pytest.fixture
def chats(db: None) -> list[Conversation]:
    bot = BotFactory()
    return [Conversation.objects.create(bot=bot, chat_id=n) for n in range(5)]


def singles(chats: list[Conversation], chance: random.Random) -> list[list[Conversation]]:
    return [[chance.choice(chats)] for _ in range(EACH)]


def batches_of_one_chat(
    chats: list[Conversation], chance: random.Random
) -> list[list[Conversation]]:
    return [[chance.choice(chats)] * 25 for _ in range(EACH // 25)]


def mixed_batches(chats: list[Conversation], chance: random.Random) -> list[list[Conversation]]:
    return [chance.choices(chats, k=25) for _ in range(EACH // 25)]


def through_sql(statements: list[list[Conversation]]) -> list[str]:
    """Sends each statement as a transaction of its own, up to the first that is refused."""
    settings = connection.get_connection_params()
    parameters = {k: settings[k] for k in ("host", "port", "dbname", "user", "password")
                  if k in settings}  # fmt: skip
    with psycopg.connect(**parameters, autocommit=True) as writer:
        for chats in statements:
            try:
                writer.execute(INSERT, [[c.bot_id for c in chats], [c.id for c in chats]])
            except psycopg.Error as error:
                return [type(error).__name__]
    return []


def through_the_orm(statements: list[list[Conversation]]) -> list[str]:
    try:
        for chats in statements:
            Message.objects.bulk_create(
                [Message(conversation=chat, sender_type="user") for chat in chats]
            )
    except DatabaseError as error:
        return [repr(error.__cause__)]
    finally:
        connection.close()
    return []


def talk(chats: list[Conversation], kinds: list[Callable], write: Callable) -> None:
    work = [kinds[n % len(kinds)](chats, random.Random(n)) for n in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as threads:
        assert [error for found in threads.map(write, work) for error in found] == []
    total = 0
    for chat in chats:
        in_order = Message.objects.filter(conversation=chat).order_by("position")
        positions = list(in_order.values_list("position", flat=True))
        chat.refresh_from_db()
        assert positions == list(range(1, len(positions) + 1))
        assert (chat.message_count, chat.last_position) == (len(positions), len(positions))
        assert chat.last_message_at == in_order.last().sent_at
        total += len(positions)
    assert total == WRITERS * EACH


def test_one_chat_a_statement(chats: list[Conversation]) -> None:
    talk(chats, [singles, batches_of_one_chat], through_sql)


@pytest.mark.slow
def test_several_chats_a_batch_through_the_orm(chats: list[Conversation]) -> None:
    talk(chats, [singles, batches_of_one_chat, mixed_batches], through_the_orm)


@pytest.mark.slow
def test_several_chats_a_statement_in_the_order_of_their_ids_by_sql(
    chats: list[Conversation],
) -> None:
    talk(chats, [singles, batches_of_one_chat, mixed_batches], through_sql)


@pytest.mark.slow
def test_batches_over_two_bots_with_and_without_positions(db: None) -> None:
    """The bots' ids and their chats' ids stand in opposite order."""
    low, high = sorted([BotFactory(), BotFactory()], key=lambda bot: bot.pk)
    chats = [
        Conversation.objects.create(id=uuid.UUID(int=2**127), bot=low, chat_id=1),
        Conversation.objects.create(id=uuid.UUID(int=1), bot=high, chat_id=1),
    ]

    def write(first: int | None) -> list[str]:
        try:
            for n in range(60):
                Message.objects.bulk_create(
                    Message(conversation=chat, sender_type="user", position=first and first + n)
                    for chat in chats
                )
        except DatabaseError as error:
            return [repr(error.__cause__)]
        finally:
            connection.close()
        return []

    given = [n * 10**9 if n % 2 else None for n in range(8)]
    with ThreadPoolExecutor(len(given)) as threads:
        errors = [error for found in threads.map(write, given) for error in found]
    # Live messages may take a position first that a batch brings later: that is a clear refusal.
    assert [error for error in errors if "UniqueViolation" not in error] == []


def test_a_batch_with_positions_and_a_live_message_in_one_chat(chats: list[Conversation]) -> None:
    """The batch is still inserting when the message comes."""
    chat = chats[0]
    batch = (
        "INSERT INTO messages (id, bot_id, conversation_id, sender_type, position)"
        " SELECT gen_random_uuid(), %s, %s, 'user', n FROM"
        " (SELECT 1 AS n UNION ALL SELECT 2 FROM pg_sleep(1)) AS slow"
    )

    def insert_batch() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute(batch, [chat.bot_id, chat.pk])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(insert_batch)
        time.sleep(0.4)
        live = Message.objects.create(conversation=chat, sender_type="user")
        running.result()
    assert live.position == 3
