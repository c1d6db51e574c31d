"""Tokens are encrypted at rest, open with old keys, and are never shown."""

import copy
import logging
import pickle
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.db import IntegrityError, connection

from tenants.models import Bot
from tenants.tokens import SealedToken, Token, WrongTokenKey
from tests.factories import BotFactory

pytestmark = pytest.mark.django_db

SECRET = "AAF-Abcdefghijklmnopqrstuvwxyz_0123"
TOKEN = f"123456789:{SECRET}"


@pytest.fixture
def bot(db: None) -> Bot:
    return BotFactory(token=TOKEN)


def stored(bot: Bot) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT bots::text FROM bots WHERE id = %s", [bot.pk])
        [(row,)] = cursor.fetchall()
    return str(row)


def test_the_table_holds_no_token(bot: Bot) -> None:
    assert "gAAAA" in stored(bot)
    assert SECRET not in stored(bot)
    assert SECRET[:-4] not in stored(bot)


def test_a_saved_token_opens_again(bot: Bot) -> None:
    assert Bot.objects.get(pk=bot.pk).reveal_token() == TOKEN
    bot.refresh_from_db()
    assert bot.reveal_token() == TOKEN


def test_the_same_token_is_sealed_differently_each_time() -> None:
    first, second = Token(TOKEN).sealed(), Token(TOKEN).sealed()
    assert first.ciphertext != second.ciphertext
    assert first.open() == second.open()


def test_a_cleared_token_is_gone(bot: Bot) -> None:
    bot.clear_token()
    bot.save()
    bot.refresh_from_db()
    assert (bot.telegram_token, bot.token_fingerprint, bot.reveal_token()) == (None, None, None)
    assert "gAAAA" not in stored(bot)


def test_an_older_key_still_opens(bot: Bot, settings: Any) -> None:
    new = Fernet.generate_key().decode()
    settings.TOKEN_KEYS = [new, *settings.TOKEN_KEYS]
    assert Bot.objects.get(pk=bot.pk).reveal_token() == TOKEN
    bot.set_token(TOKEN)
    bot.save()
    settings.TOKEN_KEYS = [new]
    assert Bot.objects.get(pk=bot.pk).reveal_token() == TOKEN


def test_a_wrong_key_says_what_to_do(bot: Bot, settings: Any) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode()]
    BotFactory(token=f"987654321:{SECRET}")
    bots = {found.pk: found for found in Bot.objects.all()}
    assert len(bots) == 2
    with pytest.raises(WrongTokenKey, match="TOKEN_KEYS") as refused:
        bots[bot.pk].reveal_token()
    assert bots[bot.pk].telegram_token.ciphertext not in str(refused.value)


def test_damaged_ciphertext_is_a_wrong_key(bot: Bot) -> None:
    with pytest.raises(WrongTokenKey):
        SealedToken(bot.telegram_token.ciphertext[:-5]).open()


def test_a_token_belongs_to_one_bot(bot: Bot, settings: Any) -> None:
    settings.TOKEN_KEYS = [Fernet.generate_key().decode(), *settings.TOKEN_KEYS]
    with pytest.raises(IntegrityError, match="bots_token_unique"):
        BotFactory(token=f" {TOKEN}\n")


def test_the_fingerprint_needs_its_key(settings: Any) -> None:
    before = Token(TOKEN).fingerprint
    settings.TOKEN_FINGERPRINT_KEY = "another key"
    assert Token(TOKEN).fingerprint != before


def test_nothing_shows_a_token(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    token = bot.telegram_token.open()
    sealed = bot.telegram_token
    shown = [f"{x} {x!r} {x!s} {[x]} { ({'x': x}) }" for x in (token, sealed, bot)]
    logging.getLogger("tenants").error("%s %r %s", token, sealed, bot)
    for text in (*shown, caplog.text, repr(vars(bot)), f"{token}"):
        assert SECRET not in text
        assert "gAAAA" not in text
    assert token.masked in repr(token)


def test_the_sql_log_shows_no_token(bot: Bot, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(5) as queries:
        bot.set_token(TOKEN)
        bot.save()
    assert SECRET not in str(queries.captured_queries)


@pytest.mark.parametrize("value", [TOKEN, "", b"bytes", Token(TOKEN)])
def test_a_token_in_the_clear_is_never_stored(bot: Bot, value: Any) -> None:
    with pytest.raises(TypeError, match="set_token"):
        Bot.objects.filter(pk=bot.pk).update(telegram_token=value)
    with pytest.raises(TypeError, match="set_token"):
        Bot.objects.create(name="plain", telegram_token=value)
    bot.telegram_token = value
    with pytest.raises(TypeError, match="set_token"):
        Bot.objects.bulk_update([bot], ["telegram_token"])
    with pytest.raises(TypeError, match="set_token"):
        bot.save()


def test_bots_can_be_copied_and_pickled(bot: Bot) -> None:
    assert copy.deepcopy(bot).reveal_token() == TOKEN
    assert pickle.loads(pickle.dumps(bot)).reveal_token() == TOKEN


def test_dumped_bots_can_be_loaded(bot: Bot) -> None:
    dumped = serializers.serialize("json", [bot])
    assert SECRET not in dumped
    bot.delete()
    for loaded in serializers.deserialize("json", dumped):
        loaded.save()
    assert Bot.objects.get(name=bot.name).reveal_token() == TOKEN
