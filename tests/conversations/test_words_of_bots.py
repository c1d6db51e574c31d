"""The full-text index has each bot's words apart: a search tells nothing about other bots."""

import json
import random
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection

from conversations.models import Conversation, Message
from tenants.context import bot_context
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    ConversationFactory,
    MessageFactory,
    UserFactory,
)
from tests.isolation.world import acting
from tests.tenants.guards import query

SECRETS = ("swordfish", "борщ", "пароль")


@dataclass
class Neighbours:
    """Two bots of one partition; one talks about what the other asks for."""

    asking: Bot
    talking: Bot
    viewer: User
    """Of the asking bot, and of one more."""


@pytest.fixture
def neighbours(transactional_db: None) -> Neighbours:
    bots = [BotFactory(name="asking"), BotFactory(name="more")]
    while not share_partition(bots[0], talking := BotFactory()):
        talking.delete()
    viewer = UserFactory()
    for bot in bots:
        BotAccessFactory(user=viewer, bot=bot)
        fill(bot, "чай")
    fill(talking, " ".join(SECRETS))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages")
    return Neighbours(bots[0], talking, viewer)


def share_partition(a: Bot, b: Bot) -> bool:
    [(n,)] = query(
        "SELECT count(DISTINCT satisfies_hash_partition('messages'::regclass, 10, r, id)::int"
        " * (r + 1)) FROM bots, generate_series(0, 9) AS r WHERE id = ANY (%(bots)s)"
        " AND satisfies_hash_partition('messages'::regclass, 10, r, id)",
        bots=[a.pk, b.pk],
    )
    return bool(n == 1)


def fill(bot: Bot, text: str) -> None:
    chat = ConversationFactory(bot=bot)
    Message.objects.bulk_create(
        Message(conversation=chat, sender_type="user", content=f"{text} {n} слово{n % 50}")
        for n in range(1_500)
    )


def buffers(session: psycopg.Connection, asked: str, newest: bool) -> int:
    """The third time: what is read once for a session is read."""
    statement = f"SELECT * FROM search_messages('{asked}'::tsquery, {newest}, 10, NULL)"
    for _ in range(3):
        found = session.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}").fetchone()
    assert found is not None
    plan = (found[0] if isinstance(found[0], list) else json.loads(found[0]))[0]["Plan"]
    assert plan["Actual Rows"] == 0, asked
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("newest", [True, False])
@pytest.mark.parametrize("role", ["bot", "admin"])
def test_a_word_of_another_bot_is_like_a_word_of_nobody(
    neighbours: Neighbours, role: str, newest: bool
) -> None:
    with acting(role, bot=neighbours.asking.pk, user=neighbours.viewer.pk) as session:
        nobodys = buffers(session, "nobodyhasthis", newest)
        for secret in SECRETS:
            assert buffers(session, secret, newest) == nobodys
        nobodys = buffers(session, "nobody:*", newest)
        for secret in SECRETS:
            for length in range(1, len(secret)):
                assert buffers(session, f"{secret[:length]}:*", newest) == nobodys


def test_the_bot_of_a_word_cannot_be_written_by_hand(neighbours: Neighbours) -> None:
    """Not in a query, whatever stands between its quotes."""
    theirs = str(neighbours.talking.pk)[-12:]
    with acting("bot", bot=neighbours.asking.pk) as session:
        nobodys = buffers(session, "nobodyhasthis", True)
        for words in (
            f"{theirs}.swordfish", f"x '{theirs}.swordfish", f"' | '{theirs}.swordfish",
            f"\\' | '{theirs}.swordfish", f"' {theirs}.swordfish '", f"'{theirs}.swordfish",
        ):  # fmt: skip
            escaped = words.replace("\\", "\\\\").replace("'", "''")
            row = session.execute("SELECT %s::tsquery::text", [f"'{escaped}'"]).fetchone()
            assert row is not None
            assert buffers(session, row[0].replace("'", "''"), True) == nobodys, words


# What the parser of PostgreSQL makes words of, and what it reads them from.
PIECES = (
    *"'\"\\ <>/:@.-_=&?#%*!|()[]{}~+,;\t\n$№😀",
    *("борщ", "don't", "o''neil", "\\'", "' '", "http://ex.com/a b?c='d'", "<a href='x y'>", "1e9"),
    *("&amp;", "&#39;", "x@y.ru", "/etc/some path/f.txt", "C:\\a b\\c", "v1.2-rc", "е\u0301", "字"),
    *("\u00a0", "\u3000", "\u2028", "a.b/c", "<br/>", "<!-- x ' y -->", "-12.5", "well-known"),
)


def odd_texts() -> Iterator[str]:
    yield r"http://ex.com/p'q/r?s='t'#\u и ex.com/'a''b'"
    chance = random.Random(7)
    for _ in range(1_499):
        yield "".join(chance.choices(PIECES, k=chance.randint(1, 12)))


def test_words_keep_their_form_behind_the_bot(db: None) -> None:
    bot = uuid.uuid4()
    begin = f"{str(bot)[-12:]}."
    [(same, texts, quoted)] = query(
        "SELECT every(plain.words IS NOT DISTINCT FROM own.words), count(*), bool_or(quoted) FROM"
        " unnest(%(texts)s::text[]) AS text,"
        " LATERAL (SELECT array_agg((%(begin)s || lexeme, positions)::text"
        "  ORDER BY lexeme COLLATE \"C\") AS words, bool_or(lexeme ~ '[''\\\\]') AS quoted"
        "  FROM unnest(to_tsvector('russian', text))) AS plain,"
        " LATERAL (SELECT array_agg((lexeme, positions)::text"
        "  ORDER BY lexeme COLLATE \"C\") AS words"
        "  FROM unnest(words_of_bot(%(bot)s, text))) AS own",
        texts=[text.replace("\0", "") for text in odd_texts()], begin=begin, bot=bot,
    )  # fmt: skip
    assert (same, texts, quoted) == (True, 1_500, True)


def test_queries_keep_their_form_behind_the_bot(db: None) -> None:
    bot = uuid.uuid4()
    begin = str(bot)[-12:]
    for asked in (
        "'a'", "'a':*", "'a':*AB & !'b'", "( 'a' | 'b' ) & 'c'", "'a' <-> 'b' <3> 'c'",
        "!( 'a' & 'b' )", "'it''s'", "'a b'", "'\\\\' & 'c'", "'x\\\\''' | 'y'", "'&|!()'",
    ):  # fmt: skip
        [(now,)] = query("SELECT query_of_bot(%(bot)s, %(asked)s)::text", bot=bot, asked=asked)
        assert now.count(begin) == len(re.findall(r"'(?:[^']|'')*'", asked)), asked
        assert now.replace(f"{begin}.", "") == asked
    assert query("SELECT query_of_bot(%(bot)s, '')::text", bot=bot) == [("",)]


@pytest.fixture
def chat(alice_bot: Bot) -> Conversation:
    chat: Conversation = ConversationFactory(bot=alice_bot)
    return chat


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("rock'n'roll", "rock'n'roll "),
        ("C:\\temp\\борщ.txt", "борщ.txt "),
        ("смотри http://example.com/a/b?c='d'&e=f", "example.com "),
        ("'''борщ''' \\", "борщ"),
        ("пиши на o'neil+x@example.com", "x@example.com "),
        ("<a href='борщ суп'>плов</a>", "плов"),
        ("well-known e-mail", '"well-known" '),
    ],
)
def test_odd_characters_are_found_again(chat: Conversation, content: str, text: str) -> None:
    MessageFactory(conversation=chat, content=content)
    with bot_context(chat.bot_id):
        assert [found.content for found in Message.objects.search(text)] == [content]


def test_changed_content_is_found_by_its_new_words(chat: Conversation) -> None:
    message = MessageFactory(conversation=chat, content="борщ")
    with bot_context(chat.bot_id):
        Message.objects.filter(pk=message.pk).update(content="плов")
        assert Message.objects.search("борщ").count() == 0
        assert Message.objects.search("плов").count() == 1


# With the bot these would not fit: in a word, or in a vector.
LONG = {
    "100,000 characters": "борщ " + "слово " * 16_665,
    "different words": "борщ " + " ".join(f"{n:x}" for n in range(17_500)),
    "one word": "борщ " + "й" * 99_000,
    "a word as long as one may be": "борщ " + "z" * 2_040,
    "longest word of a short text": "борщ " + "Ⱥ" * 640,
    "parts of parts": "борщ "
    + " ".join(f"{chr(19968 + n)}字-{chr(19968 + n * 7 % 20_000)}木" for n in range(16_000)),
}  # fmt: skip


@pytest.mark.parametrize("content", LONG.values(), ids=LONG)
def test_long_messages_are_kept_and_found(chat: Conversation, content: str) -> None:
    message = MessageFactory(conversation=chat, content=content)
    with bot_context(chat.bot_id):
        assert [found.pk for found in Message.objects.search("борщ ")] == [message.pk]
        assert Message.objects.get(pk=message.pk).content == content


def test_beyond_the_limit_nothing_is_searched(chat: Conversation) -> None:
    MessageFactory(conversation=chat, content="я " * 49_990 + "борщ " + "и " * 20 + "плов")
    with bot_context(chat.bot_id):
        assert Message.objects.search("борщ ").count() == 1
        assert Message.objects.search("плов ").count() == 0
