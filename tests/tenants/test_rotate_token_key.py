import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from tenants.models import Bot
from tests.factories import BotFactory

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def ciphertexts() -> dict:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, telegram_token FROM bots")
        return dict(cursor.fetchall())


def test_after_rotation_the_old_key_can_go(db, settings, capsys):
    settings.TOKEN_KEYS = [OLD]
    bots = BotFactory.create_batch(3)
    without_token = BotFactory(token="")
    tokens = {bot.pk: bot.reveal_token() for bot in bots}
    before = ciphertexts()

    settings.TOKEN_KEYS = [NEW, OLD]
    call_command("rotate_token_key")
    assert "3 tokens" in capsys.readouterr().out
    settings.TOKEN_KEYS = [NEW]

    after = ciphertexts()
    assert all(after[pk] != before[pk] for pk in tokens)
    assert {
        bot.pk: bot.reveal_token() for bot in Bot.objects.exclude(pk=without_token.pk)
    } == tokens


def test_a_new_fingerprint_key_still_finds_a_token_used_twice(db, settings):
    bot = BotFactory()
    old = bot.token_fingerprint
    settings.TOKEN_FINGERPRINT_KEY = "another key of the kind that is long and random enough"
    call_command("rotate_token_key")
    bot.refresh_from_db()
    assert bot.token_fingerprint != old
    twin = Bot(name="twin")
    twin.set_token(bot.reveal_token())
    assert twin.token_fingerprint == bot.token_fingerprint


def test_a_token_stored_twice_is_said(db, settings):
    bot = BotFactory()
    settings.TOKEN_FINGERPRINT_KEY = "another key of the kind that is long and random enough"
    BotFactory(token=bot.reveal_token())
    with pytest.raises(CommandError, match="Two bots have the same token"):
        call_command("rotate_token_key")


def test_one_token_that_does_not_open_and_nothing_changes(db, settings):
    settings.TOKEN_KEYS = [OLD]
    BotFactory()
    settings.TOKEN_KEYS = [NEW]
    BotFactory()
    before = ciphertexts()
    with pytest.raises(CommandError, match=r"none of the keys in TOKEN_KEYS.*Nothing was changed"):
        call_command("rotate_token_key")
    assert ciphertexts() == before
