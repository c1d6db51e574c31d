"""How long whole pages of the back office take at a fleet's size: the request through all
middleware, as a superuser and as staff of a few bots, and how many queries it makes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from random import Random
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from botplatform.bench.database import RARE_WORD, STAFF, SUPERUSER, UNTIL, Say
from conversations.models import Conversation, Profile
from tenants.context import maintenance_context
from tenants.models import BotAccess

LONG_CHAT, LONG_CHAT_MESSAGES = -100_000, 100_000
BAR_MS = 300
BAR_ROWS = 50_000
# The words of messages that are there, over and over.
FILL = """
    INSERT INTO messages (id, bot_id, conversation_id, sender_type, content, sent_at)
    SELECT gen_random_uuid(), %(bot)s, %(chat)s, (ARRAY['user', 'bot'])[1 + n %% 2],
        texts[1 + n %% cardinality(texts)], %(until)s - make_interval(mins => %(messages)s - n)
    FROM generate_series(1, %(messages)s) AS n, (SELECT ARRAY(
        SELECT content FROM messages WHERE bot_id = %(bot)s LIMIT 500) AS texts) AS said
"""


@dataclass(frozen=True)
class Measured:
    viewer: str
    page: str
    milliseconds: list[float]
    queries: int

    @property
    def median(self) -> float:
        return median(self.milliseconds)

    @property
    def p95(self) -> float:
        return quantiles(self.milliseconds, n=20)[-1]

    @property
    def met(self) -> bool:
        return self.median < BAR_MS


@override_settings(DEBUG=False, ALLOWED_HOSTS=["testserver"])
def measured(repeat: int, say: Say) -> Iterator[Measured]:
    chat = _long_chat(say)
    for viewer in (SUPERUSER, STAFF):
        client = _signed_in(viewer)
        for page, addresses in _pages(chat, repeat):
            with CaptureQueriesContext(connection) as queries:
                _get(client, addresses[0])
                made = len(queries)
            yield Measured(viewer, page, [_get(client, each) for each in addresses], made)


@override_settings(DEBUG=False, ALLOWED_HOSTS=["testserver"])
def downloaded() -> Iterator[tuple[str, str, int]]:
    """Who, as what, and how many messages of one bot a second."""
    asked = urlencode({"bot__id__exact": _busy_bot()})
    for viewer in (SUPERUSER, STAFF):
        client = _signed_in(viewer)
        for form in ("csv", "json"):
            address = reverse("admin:conversations_message_download", args=[form])
            started = time.perf_counter()
            answer: Any = client.get(f"{address}?{asked}", secure=True)
            rows = sum(piece.count(b"\n") for piece in answer.streaming_content)
            yield viewer, form, round(rows / (time.perf_counter() - started))


def _signed_in(viewer: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=viewer))
    return client


def _get(client: Client, address: str) -> float:
    started = time.perf_counter()
    answer = client.get(address, secure=True)
    taken = time.perf_counter() - started
    if answer.status_code != HTTPStatus.OK:
        raise AssertionError(f"{address} answers {answer.status_code}.")
    return taken * 1000


def _pages(chat: Conversation, repeat: int) -> Iterator[tuple[str, list[str]]]:
    rng = Random(1)  # noqa: S311
    chats = reverse("admin:conversations_conversation_changelist")
    messages = reverse("admin:conversations_message_changelist")
    transcript = reverse("admin:conversations_conversation_change", args=[chat.pk])
    far = {"older": f"{UNTIL.replace(year=UNTIL.year - 1).isoformat()}~{UUID(int=0)}"}
    half = {"older": f"{UNTIL.replace(month=UNTIL.month - 2).isoformat()}~{UUID(int=0)}"}
    for page, address, asked in (
        ("dashboard", reverse("admin:index"), {}),
        ("a bot", reverse("admin:tenants_bot_change", args=[chat.bot_id]), {}),
        ("people", reverse("admin:conversations_profile_changelist"), {}),
        ("a person", reverse("admin:conversations_profile_change", args=[_somebody(chat)]), {}),
        ("metrics", reverse("admin:metrics_botmetric_changelist"), {}),
        ("metrics, explored", reverse("admin:metrics_botmetric_explore"), {}),
        ("audit log", reverse("admin:tenants_auditentry_changelist"), {}),
        ("conversations", chats, {}),
        ("conversations, far down", chats, half),
        ("conversations, the last", chats, far),
        ("transcript of 100,000", transcript, {}),
        ("transcript, found in", transcript, {"q": "привет or hello"}),
        ("messages", messages, {}),
        ("messages, far down", messages, half),
        ("search, common", messages, {"q": "привет or hello"}),
        ("search, common, far down", messages, {"q": "привет or hello", **half}),
        ("search, begin of a word", messages, {"q": "прек*"}),
        ("search, phrase", messages, {"q": '"как дела"'}),
        ("search, rare", messages, {"q": RARE_WORD}),
        ("search, none", messages, {"q": "абракадабрище"}),
        ("search, filtered", messages, {"q": "привет", "sender_type__exact": "system"}),
    ):
        yield page, [f"{address}?{urlencode(asked)}"] * repeat
    anywhere = (rng.randint(1, LONG_CHAT_MESSAGES) for _ in range(repeat))
    yield "transcript, anywhere", [f"{transcript}?around={position}" for position in anywhere]


def _somebody(chat: Conversation) -> UUID:
    with maintenance_context():
        people = Profile.objects.filter(bot=chat.bot_id).order_by("pk")
        person: UUID = people.values_list("pk", flat=True)[0]
    return person


def _busy_bot() -> UUID:
    """One that the staff of a few bots see as well."""
    with maintenance_context():
        given = BotAccess.objects.filter(user__username=STAFF).order_by("bot")
        bot: UUID = given.values_list("bot", flat=True)[0]
    return bot


def _long_chat(say: Say) -> Conversation:
    bot = _busy_bot()
    with maintenance_context(), connection.cursor() as cursor:
        chat: Conversation
        chat, new = Conversation.objects.get_or_create(bot_id=bot, chat_id=LONG_CHAT)
        if new:
            say(f"Writing a chat of {LONG_CHAT_MESSAGES:,} messages.")
            values: dict[str, Any] = {"bot": bot, "chat": chat.pk, "messages": LONG_CHAT_MESSAGES}
            cursor.execute(FILL, {**values, "until": UNTIL})
    if new:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE) messages, conversations")
    return chat
