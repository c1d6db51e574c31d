"""Environment variables, read strictly: a value that is not understood stops the start."""

import zoneinfo
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


class Environment:
    """An empty variable counts as absent, as it does in a copied .env.example."""

    def __init__(self, file: Path) -> None:
        self._env = environ.Env()
        if file.exists():
            self._env.read_env(str(file))

    def text(self, name: str, default: str = "") -> str:
        return str(self._env.str(name, default="")).strip() or default

    def texts(self, name: str) -> list[str]:
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(
                f"{name} is {value!r}; it must be {', '.join(choices[:-1])} or {choices[-1]}."
            )
        return value

    def switch(self, name: str, default: bool) -> bool:
        value = self.text(name, YES[0] if default else NO[0]).lower()
        if value not in YES + NO:
            raise ImproperlyConfigured(f"{name} is {value!r}; it must be true or false.")
        return value in YES

    def number(self, name: str, default: int, least: int = 0) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit()) or int(value) < least:
            raise ImproperlyConfigured(
                f"{name} is {value!r}; it must be a whole number of {least} or more."
            )
        return int(value)

    def time_zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ImproperlyConfigured(
                f"{name} is {value!r}; it must be a name like Europe/Moscow."
            ) from None
        return value
