"""Whatever is typed, PostgreSQL accepts it."""

import random

import pytest
from django.db import connection

from conversations.models import Message
from conversations.search import search_query
from tenants.context import ContextError, bot_context
from tenants.models import Bot
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db

ODD = {
    "empty": "",
    "spaces": " \t\n ",
    "quotes": "'''",
    "one quote": "it's",
    "double quotes": '""""',
    "open phrase": '"борщ',
    "empty phrase": 'борщ "" "',
    "operators": "& | ! <-> ( ) : * \\",
    "operators around words": "борщ & | !суп <-> (рис:* \\ ",
    "weights": "борщ:ABCD борщ:*A",
    "distance": "борщ <9999999> суп",
    "backslashes": "\\'борщ\\\\' \\",
    "sql": "'); DROP TABLE messages; --",
    "format": "%s %(x)s %L {} $1 $$",
    "minuses": "- -- ---борщ -",
    "stars": "* ** борщ** *",
    "ors": "or OR or OR",
    "only stop words": "и в не на the of",
    "stop word and exclusion": "и -борщ",
    "either or not": "и OR -борщ",
    "emoji": "😀 👩‍👩‍👧‍👦",
    "emoji and word": "борщ😀суп",
    "nul": "бо\0рщ \0",
    "lone surrogates": "борщ \ud800 \udfff",
    "only surrogates": "\ud800",
    "control": "\x01\x1b[31m\x7f",
    "right to left": "\u202eборщ\u202c",
    "combining": "е\u0301" * 300,
    "long word": "б" * 10_000,
    "long word of four bytes": "𝔟" * 10_000,
    "grows in lower case": "İ" * 10_000,
    "many words": "борщ суп " * 1_200,
    "many quotes": '"' * 10_000,
    "many brackets": "(" * 10_000,
    "many minuses": "-" * 10_000,
    "long phrase": '"' + "борщ " * 2_000 + '"',
    "url": "http://example.com/a?b=c&d=%20#x <a href='x'>y</a>",
    "numbers": "1e999 -1.5 0x00 ٣٤",
    "version": "v1.2.3-rc+x/y_z",
}  # fmt: skip


@pytest.fixture
def fed_bot(alice_bot: Bot) -> Bot:
    MessageFactory(conversation=ConversationFactory(bot=alice_bot), content="борщ")
    return alice_bot


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_is_never_an_error(fed_bot: Bot, text: str, newest_first: bool) -> None:
    with bot_context(fed_bot.pk):
        assert len(Message.objects.search(text, newest_first=newest_first)) <= 1


def test_random_text_is_never_an_error(fed_bot: Bot) -> None:
    rng = random.Random(1)
    pieces = [*"&|!<->():*\\'\"-%,. \0", "борщ", "or", "и", "the", "😀", "\ud800", "a.b", "x@y.ru"]
    with bot_context(fed_bot.pk):
        for _ in range(300):
            list(Message.objects.search("".join(rng.choices(pieces, k=rng.randint(1, 30)))))


def test_a_query_of_any_length_stays_small() -> None:
    for text in ODD.values():
        assert len(search_query(text)) < 1_500


@pytest.mark.parametrize("query", ["!борщ", "борщ | !суп", "", "и"])
def test_what_no_index_can_find_is_not_looked_for(fed_bot: Bot, query: str) -> None:
    with bot_context(fed_bot.pk), connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM search_messages(to_tsquery('russian', %s), true, 50, NULL)", [query]
        )
        assert cursor.fetchall() == []


@pytest.mark.parametrize("most", ["NULL", "0", "-1"])
def test_an_odd_limit_finds_nothing(fed_bot: Bot, most: str) -> None:
    with bot_context(fed_bot.pk), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM search_messages('борщ', true, {most}, NULL)")
        assert cursor.fetchall() == []


def test_without_a_context_it_says_so() -> None:
    with pytest.raises(ContextError, match="inside bot_context"):
        Message.objects.search("борщ")
