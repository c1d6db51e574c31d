import pytest
from django.core.exceptions import ValidationError

from tenants.models import Bot
from tenants.tokens import Token

SECRET = "AAF-Abcdefghijklmnopqrstuvwxyz_0123"


@pytest.mark.parametrize(
    "text",
    [
        f"123456789:{SECRET}",
        f"12345:{SECRET}",
        f"1234567890123456:{SECRET}",
        f"  123456789:{SECRET}\n",
        f"123456789:{'-' * 35}",
    ],
)
def test_a_token(text: str) -> None:
    assert Token.parse(text).reveal() == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        SECRET,
        f"1234:{SECRET}",
        f"0123456789:{SECRET}",
        f"12345678901234567:{SECRET}",
        f"123456789 :{SECRET}",
        f"123456789:{SECRET}x",
        f"123456789:{SECRET[:-1]}",
        f"123456789:{SECRET[:-1]}é",
        f"123456789:{SECRET[:-1]}!",
        f"\u0661\u0662\u0663456789:{SECRET}",
        f"123456789:{SECRET}\n123456789:{SECRET}",
        f"123456789:{SECRET}\x00",
        f"https://api.telegram.org/bot123456789:{SECRET}/getMe",
    ],
)
def test_what_is_no_token_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Bot(name="Echo").set_token(text)
    [message] = refused.value.messages
    assert "not a Telegram token" in message
    assert SECRET[:10] not in message
    assert SECRET[:10] not in repr(refused.value)


def test_a_refused_token_leaves_the_bot_as_it_was() -> None:
    bot = Bot(name="Echo")
    bot.set_token(f"123456789:{SECRET}")
    with pytest.raises(ValidationError):
        bot.set_token("nonsense")
    assert bot.reveal_token() == f"123456789:{SECRET}"


def test_the_mask_shows_the_number_and_four_characters() -> None:
    assert Token.parse(f"123456789:{SECRET}").masked == "123456789:…0123"
