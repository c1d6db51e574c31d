import pytest
from django.db import IntegrityError

from tenants.models import Bot
from tests.factories import BotFactory

pytestmark = pytest.mark.django_db


def test_an_unknown_status() -> None:
    with pytest.raises(IntegrityError, match="bots_status_known"):
        BotFactory(status="asleep")


def test_a_bot_without_a_name() -> None:
    with pytest.raises(IntegrityError, match="bots_name_present"):
        BotFactory(name="")


def test_a_name_twice_in_another_case() -> None:
    BotFactory(name="Ёлка")
    with pytest.raises(IntegrityError, match="bots_name_unique"):
        BotFactory(name="ёлка")


@pytest.mark.parametrize("part", ["telegram_token", "token_fingerprint"])
def test_half_a_token(alice_bot: Bot, part: str) -> None:
    with pytest.raises(IntegrityError, match="bots_token_whole"):
        Bot.objects.filter(pk=alice_bot.pk).update(**{part: None})


def test_a_token_without_its_mask(alice_bot: Bot) -> None:
    with pytest.raises(IntegrityError, match="bots_token_whole"):
        Bot.objects.filter(pk=alice_bot.pk).update(token_masked="")


def test_a_mask_without_a_token() -> None:
    with pytest.raises(IntegrityError, match="bots_token_whole"):
        Bot.objects.create(name="Masked", token_masked="1:…")


def test_bots_without_tokens() -> None:
    assert {BotFactory(token="").token_fingerprint for _ in range(2)} == {None}
