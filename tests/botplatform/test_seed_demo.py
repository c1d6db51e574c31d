import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from botplatform.demo import load, seed
from botplatform.demo.fleet import DemoError, Size, make_fleet
from botplatform.demo.seed import DemoInterrupted, seed_demo
from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.models import Bot
from tenants.tokens import SHAPE
from tests.factories import BotFactory

SMALL = Size(bots=4, conversations=20, messages=400)
UNTIL = datetime(2025, 3, 1, 15, 30, tzinfo=UTC)

WRONG_CONVERSATIONS = """
    SELECT chat.id FROM conversations AS chat
    LEFT JOIN LATERAL (
        SELECT count(*) AS messages, min(position) AS first, max(position) AS last,
            (array_agg(sent_at ORDER BY position DESC))[1] AS last_sent_at,
            count(*) FILTER (WHERE search IS NULL) AS unsearchable
        FROM messages AS m WHERE m.bot_id = chat.bot_id AND m.conversation_id = chat.id
    ) AS found ON true
    WHERE (found.first, found.last, found.unsearchable) IS DISTINCT FROM (1, found.messages, 0)
        OR (chat.message_count, chat.last_position, chat.last_message_at)
            IS DISTINCT FROM (found.messages, found.messages, found.last_sent_at)
"""
WRONG_STEPS = """
    SELECT 1 FROM (
        SELECT sender_type, sent_at, lag(sender_type) OVER chat AS previous_sender,
            lag(sent_at) OVER chat AS previous_at, position
        FROM messages WINDOW chat AS (PARTITION BY bot_id, conversation_id ORDER BY position)
    ) AS step
    WHERE sent_at < previous_at
        OR sender_type = 'bot'
            AND (previous_sender <> 'user' OR sent_at > previous_at + interval '3 minutes')
        OR (sender_type = 'system') <> (position = 1)
"""
WRONG_PROFILES = """
    SELECT 1 FROM profiles
    LEFT JOIN conversations AS chat ON chat.bot_id = profiles.bot_id
        AND chat.profile_id = profiles.id AND chat.chat_id = profiles.telegram_id
    WHERE profiles.last_active_at IS DISTINCT FROM chat.last_message_at
        OR profiles.last_active_at < profiles.created_at
"""


def seeded(**options: Any) -> str:
    out = io.StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue()


def assert_sound() -> None:
    with connection.cursor() as cursor:
        for query in (WRONG_CONVERSATIONS, WRONG_STEPS, WRONG_PROFILES):
            cursor.execute(query)
            assert cursor.fetchone() is None, query


def all_rows() -> dict[str, list[dict[str, Any]]]:
    made_by_the_moment = {"updated_at", "telegram_token"}
    return {
        model.__name__: [
            {name: value for name, value in row.items() if name not in made_by_the_moment}
            for row in model.objects.order_by("pk").values()
        ]
        for model in (Bot, Profile, Conversation, Message, BotMetric)
    }


def test_the_default_fleet(db: None) -> None:
    out = seeded()

    assert_sound()
    assert (Bot.objects.count(), Conversation.objects.count()) == (4, 60)
    assert Message.objects.count() == 1980
    assert "4 bots" in out
    assert "1,980 messages" in out
    assert "Next: manage.py start" in out
    sent = Message.objects.aggregate(first=Min("sent_at"), last=Max("sent_at"))
    assert timezone.now() - timedelta(days=92) < sent["first"]
    assert sent["last"] <= timezone.now()


def test_the_fleet_is_in_use(db: None) -> None:
    seed_demo(Size(4, 60, 2000), 1, UNTIL)

    last_days = Message.objects.filter(sent_at__gt=UNTIL - timedelta(days=2))
    assert last_days.count() > 20
    assert Message.objects.filter(sent_at__lt=UNTIL - timedelta(days=30)).count() > 200
    by_night = Message.objects.filter(sent_at__hour__in=(1, 2, 3))
    assert by_night.count() < Message.objects.filter(sent_at__hour__in=(16, 17, 18)).count() / 4


def test_bots_are_whole(db: None) -> None:
    seed_demo(Size(8, 16, 32), 1, UNTIL)

    for bot in Bot.objects.all():
        token = bot.reveal_token()
        assert token is not None
        assert SHAPE.fullmatch(token)
        bot.full_clean()
        assert bot.last_active_at is not None
        assert bot.created_at < bot.last_active_at <= UNTIL
        own = Message.objects.filter(bot=bot, sender_type="bot")
        assert set(own.values_list("sender_id", flat=True)) <= {int(token.split(":")[0])}
    assert set(Bot.objects.values_list("status", flat=True)) == set(Bot.Status.values)


def test_people_and_metrics_pass_validation(db: None) -> None:
    seed_demo(SMALL, 1, UNTIL)

    assert Profile.objects.exists()
    for row in (*Profile.objects.all(), *BotMetric.objects.all()[:50]):
        row.full_clean()
    assert {"messages_per_hour", "response_time_avg", "active_users"} <= set(
        BotMetric.objects.values_list("metric_name", flat=True)
    )


def test_both_languages_and_several_kinds_of_messages(db: None) -> None:
    seed_demo(Size(4, 40, 4000), 1, UNTIL)

    for bot in Bot.objects.all():
        russian = bot.config["language"] == "ru"
        said = Message.objects.filter(bot=bot).exclude(content="")
        assert said.filter(content__regex="[а-яё]").exists() is russian
        assert "{" not in "".join(said.values_list("content", flat=True))
    kinds = set(Message.objects.values_list("message_type", flat=True))
    assert kinds == {"text", "photo", "voice", "service"}


def test_the_same_seed_makes_the_same_rows(db: None) -> None:
    seed_demo(SMALL, 7, UNTIL)
    first = all_rows()
    tokens = {bot.pk: bot.reveal_token() for bot in Bot.objects.all()}
    Bot.objects.all().delete()
    assert not Message.objects.exists()
    seed_demo(SMALL, 7, UNTIL)

    assert all_rows() == first
    assert {bot.pk: bot.reveal_token() for bot in Bot.objects.all()} == tokens


def test_the_same_seed_a_second_time_changes_nothing(db: None) -> None:
    seeded(seed=7, messages=400)
    before = all_rows()

    with pytest.raises(CommandError, match="here already"):
        seeded(seed=7, messages=400)
    assert all_rows() == before


def test_a_taken_name_gets_a_number(db: None) -> None:
    BotFactory(name="EMMA")
    names = json.loads(seeded(format="json"))["names"]
    more = json.loads(seeded(format="json"))["names"]

    assert "Emma · 2" in names
    assert "Emma · 3" in more
    assert_sound()


def test_a_name_taken_meanwhile_keeps_nothing(db: None, monkeypatch: Any) -> None:
    BotFactory(name="Emma")
    monkeypatch.setattr(seed, "make_fleet", lambda size, seed, taken: make_fleet(size, seed, ()))

    with pytest.raises(DemoError, match="try again"):
        seed_demo(SMALL, 1, UNTIL)
    assert Bot.objects.count() == 1


@pytest.mark.parametrize(
    "numbers",
    [
        {"bots": 0},
        {"bots": -1, "conversations": 10},
        {"bots": 10, "conversations": 9},
        {"conversations": 10, "messages": 9},
        {"messages": -5},
        {"messages": 100_000_001},
        {"bots": 10_001},
    ],
)
def test_bad_numbers_are_refused(db: None, numbers: dict[str, int]) -> None:
    with pytest.raises(CommandError, match=r"--bots|--conversations|--messages|too much"):
        seeded(**numbers)
    assert not Bot.objects.exists()


def test_one_message_each(db: None) -> None:
    seed_demo(Size(1, 5, 5), 1, UNTIL)
    assert_sound()
    assert Message.objects.count() == 5


def test_json(db: None) -> None:
    figures = json.loads(seeded(format="json", messages=300))

    assert figures["bots"] == len(figures["names"]) == 4
    assert figures["conversations"] == 60
    assert figures["messages"] == 300
    assert figures["profiles"] == Profile.objects.count()
    assert figures["metrics"] == BotMetric.objects.count()
    assert figures["rows_per_second"] > 0


def test_silent(db: None) -> None:
    assert seeded(verbosity=0) == ""


def test_production_is_asked_for(db: None, settings: Any, monkeypatch: Any) -> None:
    settings.PRODUCTION = True
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="--no-input"):
        seeded()
    assert not Bot.objects.exists()
    seeded(no_input=True)
    assert Bot.objects.exists()


def test_an_interruption_keeps_nothing(db: None) -> None:
    def interrupt(messages: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(DemoInterrupted, match="Nothing was kept"):
        seed_demo(SMALL, 1, UNTIL, interrupt)
    assert not Bot.objects.exists()
    seed_demo(SMALL, 1, UNTIL)


@pytest.mark.django_db(transaction=True)
def test_parts_in_parallel_fail_together(monkeypatch: Any) -> None:
    monkeypatch.setattr(seed, "PARALLEL_FROM", 1)
    monkeypatch.setattr(load, "BATCH_ROWS", 50)
    loaded = 0

    def fail_late(messages: int) -> None:
        nonlocal loaded
        loaded += messages
        if loaded == SMALL.messages:
            raise DemoError("the last batch")

    with pytest.raises(DemoError, match="the last batch"):
        seed_demo(SMALL, 1, UNTIL, fail_late)
    assert not Bot.objects.exists()
    seed_demo(SMALL, 1, UNTIL)
    assert_sound()
    assert Message.objects.count() == SMALL.messages


def test_memory_does_not_grow_with_the_rows(db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(load, "BATCH_ROWS", 1000)

    def peak(messages: int) -> int:
        tracemalloc.start()
        try:
            seed_demo(Size(2, 20, messages), 1, UNTIL)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2_900)  # what is imported and cached at the first time
    assert peak(20_000) < 1.5 * peak(3_000)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_hundred_thousand_messages() -> None:
    loaded = seed_demo(Size(6, 300, 200_000), 1, UNTIL)

    assert loaded.rows["messages"] == Message.objects.count() == 200_000
    assert Conversation.objects.count() == 300
    assert_sound()
