"""Every constraint of every model is said by full_clean() before the database refuses."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model

from conversations.models import Conversation, Message, Profile
from legacy_import.models import ImportRun, Job
from metrics.models import BotMetric, DailyRollup
from metrics.rollups.sums import FIGURES
from tenants.models import Bot, BotAccess
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    DailyRollupFactory,
    MessageFactory,
    ProfileFactory,
    UserFactory,
)
from tests.tenants.guards import models_of_bots

pytestmark = pytest.mark.django_db

NEW_ROW = {
    **{Profile: {}, Conversation: {}, Message: {"sender_type": "user"}},
    DailyRollup: dict.fromkeys(FIGURES, 0),
}


def bot(**values: Any) -> Bot:
    return Bot(**{"name": "Echo", **values})


def bot_with_token_of_another() -> Bot:
    token = f"987654321:{'x' * 35}"
    BotFactory(token=token)
    row = bot(name="Twin")
    row.set_token(token)
    return row


def second_access() -> BotAccess:
    first = BotAccessFactory()
    return BotAccess(user=first.user, bot=first.bot, role="manager")


def second(model: type[Model], factory: Any, **same: Any) -> Model:
    first = factory(**same)
    shared = {name: getattr(first, name) for name in same}
    if model is Message:
        shared["conversation"] = first.conversation
    return model(bot=first.bot, **{**NEW_ROW[model], **shared})


def second_job() -> Job:
    run = ImportRun.objects.create(bot=BotFactory(), number=1, action="import", status="done")
    asked = {"bot": run.bot, "run": run, "action": "retry", "asked_by": UserFactory()}
    Job.objects.create(**asked)
    return Job(**asked)


CALENDAR = (
    *((Profile, "created_at"), (Profile, "last_active_at"), (Message, "sent_at")),
    *((Conversation, "created_at"), (Conversation, "last_message_at")),
    (BotMetric, "recorded_at"),
)


def out_of_calendar(model: type[Model], field: str) -> Model:
    factories = {
        **{Profile: ProfileFactory, Conversation: ConversationFactory},
        **{Message: MessageFactory, BotMetric: BotMetricFactory},
    }
    row: Model = factories[model]()
    setattr(row, field, datetime(9999, 1, 2, tzinfo=UTC))
    return row


# Constraint -> a row that breaks it, and what the person reads.
BROKEN: dict[str, tuple[Any, str]] = {
    "bots_name_unique": (
        lambda: BotFactory(name="Echo") and bot(name="eCHO"),
        "A bot with this name exists already.",
    ),
    "bots_token_unique": (bot_with_token_of_another, "Another bot uses this token already."),
    "bots_name_present": (lambda: bot(name=""), "This field cannot be blank."),
    "bots_status_known": (lambda: bot(status="asleep"), "'asleep' is not a valid choice"),
    "bots_token_whole": (lambda: bot(token_masked="1:…"), "Set a bot's token with set_token()."),
    "profiles_telegram_id_unique": (
        lambda: second(Profile, ProfileFactory, telegram_id=5),
        "This bot has a profile with this Telegram id already.",
    ),
    "profiles_age_range": (
        lambda: ProfileFactory.build(bot=BotFactory(), age=17),
        "greater than or equal to 18",
    ),
    "conversations_chat_id_unique": (
        lambda: second(Conversation, ConversationFactory, chat_id=5),
        "This bot has a conversation with this chat id already.",
    ),
    "conversations_counters_positive": (
        lambda: Conversation(bot=BotFactory(), chat_id=1, message_count=-1),
        "negative",
    ),
    "messages_position_unique": (
        lambda: second(Message, MessageFactory, position=3),
        "This conversation has a message at this position already.",
    ),
    "messages_telegram_id_unique": (
        lambda: second(Message, MessageFactory, telegram_message_id=3),
        "This conversation has this Telegram message already.",
    ),
    "messages_position_positive": (
        lambda: MessageFactory.build(conversation=ConversationFactory(), position=0),
        "Positions begin at 1.",
    ),
    "messages_sender_known": (
        lambda: MessageFactory.build(conversation=ConversationFactory(), sender_type="robot"),
        "'robot' is not a valid choice",
    ),
    "messages_type_present": (
        lambda: MessageFactory.build(conversation=ConversationFactory(), message_type=""),
        "This field cannot be blank.",
    ),
    "bot_access_unique": (
        second_access,
        "This user has a role for this bot already.",
    ),
    "bot_access_role_known": (
        lambda: BotAccessFactory.build(bot=BotFactory(), user=UserFactory(), role="owner"),
        "'owner' is not a valid choice",
    ),
    "bot_metrics_name_present": (
        lambda: BotMetricFactory.build(bot=BotFactory(), metric_name=""),
        "This field cannot be blank.",
    ),
    "daily_rollups_day_unique": (
        lambda: second(DailyRollup, DailyRollupFactory, day=date(2025, 3, 1)),
        "This day of the bot is summed up already.",
    ),
    **{
        f"{model._meta.db_table}_{field}_in_calendar": (
            partial(out_of_calendar, model, field),
            "Times lie in the years 2 to 9998.",
        )
        for model, field in CALENDAR
    },
    "import_jobs_one_of_bot": (second_job, "A job of this bot is not finished yet."),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_constraint_is_said(name: str) -> None:
    make, message = BROKEN[name]
    with pytest.raises(ValidationError, match=message.replace("(", r"\(").replace(")", r"\)")):
        make().full_clean()


@pytest.mark.parametrize("name", BROKEN)
def test_the_constraint_speaks_for_itself(name: str) -> None:
    """Also where the field's own validation is not what catches it."""
    row = BROKEN[name][0]()
    with pytest.raises(ValidationError) as refused:
        row.validate_constraints()
    assert name not in str(refused.value), "Constraint ... is violated is not for people"


def test_the_table_covers_every_constraint() -> None:
    models = [Bot, *models_of_bots(apps)]
    names = {constraint.name for model in models for constraint in model._meta.constraints}
    assert set(BROKEN) == names


@pytest.mark.parametrize(
    "make",
    [
        BotFactory,
        ProfileFactory,
        ConversationFactory,
        MessageFactory,
        BotMetricFactory,
        lambda: ProfileFactory.build(bot=BotFactory()),
        lambda: Conversation(bot=BotFactory(), chat_id=1),
        lambda: MessageFactory.build(conversation=ConversationFactory()),
        lambda: BotMetricFactory.build(bot=BotFactory(), metric_value=0),
    ],
)
def test_a_right_row_is_let_through(make: Any) -> None:
    make().full_clean()
