"""People of two bots, and staff in each role on one of them."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from conversations.models import Profile
from tenants.models import Bot
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
)

ROLES = ("viewer", "operator", "manager")
# In every text of the person, and nowhere else.
MARKER = "Запись-Мария-7719"
TELEGRAM_ID = 771_904_112


def person(bot: Bot, marker: str = MARKER, telegram_id: int = TELEGRAM_ID) -> Profile:
    """With something in every table that has something of people."""
    profile = ProfileFactory(
        bot=bot,
        telegram_id=telegram_id,
        name=f"{marker} name",
        location=f"{marker} town",
        interests=[f"{marker} chess"],
        additional_data={"summary": {"20250810": f"{marker} <b>bold</b>"}, "n": [1, [2, {}]]},
    )
    chat = ConversationFactory(bot=bot, profile=profile, chat_id=telegram_id, title=f"{marker} t")
    for n in range(3):
        MessageFactory(
            conversation=chat,
            sender_id=telegram_id,
            content=f"{marker} says {n}",
            metadata={"original": f"{marker} {n}"},
        )
    BotMetricFactory(bot=bot, metric_tags={"telegram_id": telegram_id, "name": marker})
    return profile


@pytest.fixture
def bots(transactional_db: None) -> tuple[Bot, Bot]:
    return BotFactory(name="own"), BotFactory(name="other")


@pytest.fixture
def staff(bots: tuple[Bot, Bot]) -> dict[str, User]:
    users = {}
    for role in ROLES:
        users[role] = User.objects.create_user(role, password="x", is_staff=True)
        BotAccessFactory(user=users[role], bot=bots[0], role=role)
    users["nobody"] = User.objects.create_user("nobody", password="x", is_staff=True)
    users["root"] = User.objects.create_superuser("root", password="x")
    return users


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(name: str, profile: Any = None) -> str:
    args = [] if profile is None else [getattr(profile, "pk", profile)]
    return reverse(f"admin:conversations_profile_{name}", args=args)
