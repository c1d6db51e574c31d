"""Telegram tokens: encrypted at rest, found again by a keyed fingerprint, shown masked."""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy

SHAPE = re.compile(r"(?P<bot>[1-9][0-9]{4,15}):(?P<secret>[A-Za-z0-9_-]{35})", re.ASCII)


CIPHERTEXT = re.compile(r"gAAAA[A-Za-z0-9_-]+={0,2}", re.ASCII)


class WrongTokenKey(Exception):
    """A stored token that none of the configured keys opens."""


@dataclass(frozen=True)
class Token:
    """A Telegram token in the clear. It never shows itself whole but by `reveal()`."""

    _value: str

    @classmethod
    def parse(cls, text: str) -> "Token":
        text = text.strip()
        if not SHAPE.fullmatch(text):
            raise ValidationError(
                gettext_lazy(
                    "This is not a Telegram token. It looks like 123456789:AAF… : the bot's "
                    "number, a colon and 35 letters, digits, - or _."
                ),
                code="token",
            )
        return cls(text)

    def reveal(self) -> str:
        return self._value

    @property
    def masked(self) -> str:
        number, secret = self._value.split(":")
        return f"{number}:…{secret[-4:]}"

    @property
    def fingerprint(self) -> str:
        key = settings.TOKEN_FINGERPRINT_KEY.encode()
        return hmac.new(key, self._value.encode(), hashlib.sha256).hexdigest()

    def sealed(self) -> "SealedToken":
        return SealedToken(_fernet().encrypt(self._value.encode()).decode())

    def __repr__(self) -> str:
        return f"Token({self.masked})"

    __str__ = __repr__


@dataclass(frozen=True)
class SealedToken:
    ciphertext: str

    def open(self) -> Token:
        try:
            return Token(_fernet().decrypt(self.ciphertext.encode()).decode())
        except InvalidToken:
            raise WrongTokenKey(
                "A bot's token cannot be decrypted: none of the keys in TOKEN_KEYS made it. "
                "Put the key it was saved with back into TOKEN_KEYS (the newest key first)."
            ) from None

    def __repr__(self) -> str:
        return "SealedToken(…)"

    __str__ = __repr__


class SealedTokenField(models.TextField):
    """Holds a SealedToken; refuses a str, so that no token is ever stored in the clear."""

    description = "Encrypted token"

    def from_db_value(self, value: str | None, *args: Any) -> SealedToken | None:
        return None if value is None else SealedToken(value)

    def to_python(self, value: Any) -> Any:
        """For fixtures, which hold the ciphertext; a token in the clear is no ciphertext."""
        if isinstance(value, str) and CIPHERTEXT.fullmatch(value):
            return SealedToken(value)
        return value

    def get_prep_value(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, SealedToken):
            raise TypeError("Set a bot's token with Bot.set_token(); it is stored encrypted.")
        return value.ciphertext

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value.ciphertext)


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])
