"""manage.py roll_up_metrics, as operators use it."""

import json
from contextlib import suppress
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from metrics.models import DailyRollup
from tenants.models import Bot
from tests.audit.support import new_entries
from tests.factories import ConversationFactory, MessageFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chat(alice_bot: Bot) -> Any:
    chat = ConversationFactory(bot=alice_bot, profile=None)
    for day in (1, 2, 3):
        MessageFactory(conversation=chat, sent_at=datetime(2025, 3, day, 12, tzinfo=UTC))
    return chat


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command("roll_up_metrics", *arguments, stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_it_reports(chat: Any) -> None:
    assert "1 bots: 3 days summed up, 3 of them changed; 3 messages in" in run()
    assert "0 of them changed" in run()
    assert run(verbosity=0) == ""


def test_as_json(chat: Any) -> None:
    report = json.loads(run("--format", "json"))
    [bot] = report["bots"]
    assert (bot["name"], bot["days"], bot["messages"]) == ("Alice's bot", 3, 3)


def test_since_makes_days_again(chat: Any) -> None:
    run()
    DailyRollup.objects.update(messages_in=99)
    report = json.loads(run("--since", "2025-03-02", "--format", "json"))
    assert report["bots"][0]["changed"] >= 2
    found = dict(DailyRollup.objects.order_by("day").values_list("day", "messages_in"))
    assert found[date(2025, 3, 2)] == found[date(2025, 3, 3)] == 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--since", "yesterday"), "'yesterday' is not a day such as 2025-03-30"),
        (("--since", "1969-12-31"), "no day before 1970-01-01"),
        (("--watch", "0"), "--watch: more than 0 seconds"),
        (("--watch", "nan"), "--watch: more than 0 seconds"),
        (("--watch", "often"), "invalid float value"),
    ],
)
def test_what_is_not_understood(chat: Any, arguments: tuple[str, ...], error: str) -> None:
    with pytest.raises(CommandError, match=error):
        run(*arguments)
    assert not DailyRollup.objects.exists()


def test_no_bots(db: None) -> None:
    assert "0 bots" in run()


def test_the_audit_log_is_not_flooded(chat: Any) -> None:
    with new_entries() as entries:
        run()
    assert entries == []


def test_watching_goes_on_until_it_is_stopped(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []

    def pause(seconds: float) -> None:
        passes.append(seconds)
        if len(passes) == 1:
            MessageFactory(conversation=chat, sent_at=datetime(2025, 3, 9, tzinfo=UTC))
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("metrics.management.commands.roll_up_metrics.time.sleep", pause)
    run("--watch", "30")
    assert passes == [30.0, 30.0]
    assert DailyRollup.objects.filter(day=date(2025, 3, 9), messages_in=1).exists()


def test_watching_outlives_a_lost_connection(chat: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []

    def pause(seconds: float) -> None:
        passes.append(seconds)
        if len(passes) == 1:
            with suppress(OperationalError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        elif len(passes) == 2:
            MessageFactory(conversation=chat, sent_at=datetime(2025, 3, 9, tzinfo=UTC))
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("metrics.management.commands.roll_up_metrics.time.sleep", pause)
    run("--watch", "30")
    assert DailyRollup.objects.filter(day=date(2025, 3, 9), messages_in=1).exists()


def test_watching_ends_with_its_parent(chat: Any) -> None:
    run("--watch", "30", "--parent", "1")
    assert DailyRollup.objects.count() == 3
