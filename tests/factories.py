"""Factories for every model. A row's relations belong to its own bot."""

from datetime import date, timedelta
from typing import Any

import factory
from django.contrib.auth.models import User
from factory.django import DjangoModelFactory

from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric, DailyRollup
from metrics.rollups.sums import FIGURES
from tenants.models import Bot, BotAccess


class BotFactory(DjangoModelFactory[Bot]):
    class Meta:
        model = Bot
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Bot {n}")
    username = factory.Sequence(lambda n: f"bot_number_{n}")
    status = Bot.Status.ACTIVE
    token = factory.Sequence(lambda n: f"{100_000_000 + n}:{n:A>35}")

    @classmethod
    def _create(cls, model_class: type[Bot], *args: Any, token: str = "", **kwargs: Any) -> Bot:
        bot = model_class(*args, **kwargs)
        if token:
            bot.set_token(token)
        bot.save()
        return bot


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"staff{n}")
    is_staff = True


class BotAccessFactory(DjangoModelFactory[BotAccess]):
    class Meta:
        model = BotAccess

    user = factory.SubFactory(UserFactory)
    bot = factory.SubFactory(BotFactory)
    role = BotAccess.Role.VIEWER


class ProfileFactory(DjangoModelFactory[Profile]):
    class Meta:
        model = Profile

    bot = factory.SubFactory(BotFactory)
    telegram_id = factory.Sequence(lambda n: 1_000_000 + n)
    name = factory.Faker("first_name", locale="ru_RU")
    age = factory.Faker("random_int", min=18, max=100)
    interests = ["музыка", "travel"]


class ConversationFactory(DjangoModelFactory[Conversation]):
    class Meta:
        model = Conversation

    bot = factory.SubFactory(BotFactory)
    profile = factory.SubFactory(ProfileFactory, bot=factory.SelfAttribute("..bot"))
    chat_id = factory.Sequence(lambda n: 1_000_000 + n)


class MessageFactory(DjangoModelFactory[Message]):
    class Meta:
        model = Message

    conversation = factory.SubFactory(ConversationFactory)
    sender_type = Message.Sender.USER
    content = factory.Faker("sentence", locale="ru_RU")


class BotMetricFactory(DjangoModelFactory[BotMetric]):
    class Meta:
        model = BotMetric

    bot = factory.SubFactory(BotFactory)
    metric_name = "messages_per_hour"
    metric_value = factory.Faker("pyint", max_value=500)


class DailyRollupFactory(DjangoModelFactory[DailyRollup]):
    class Meta:
        model = DailyRollup

    bot = factory.SubFactory(BotFactory)
    day = factory.Sequence(lambda n: date(2025, 1, 1) + timedelta(days=n))

    @classmethod
    def _adjust_kwargs(cls, **kwargs: Any) -> dict[str, Any]:
        return {**dict.fromkeys(FIGURES, 0), **kwargs}
