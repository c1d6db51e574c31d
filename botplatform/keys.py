"""Secret keys: generated for development, demanded and judged in production."""

import json
import os
import secrets
from base64 import urlsafe_b64decode
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

MINIMUM_LENGTH = 50
MINIMUM_DISTINCT = 10


def development_keys(path: Path) -> dict[str, str]:
    """The keys kept in `path`, made at the first call; readable by their owner alone."""
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_once(
                path,
                {
                    "SECRET_KEY": secrets.token_urlsafe(50),
                    "TOKEN_KEYS": Fernet.generate_key().decode(),
                    "TOKEN_FINGERPRINT_KEY": secrets.token_urlsafe(50),
                },
            )
    except OSError as error:
        raise ImproperlyConfigured(
            f"The development keys cannot be written to {path} ({error.strerror}). Make the "
            "folder writable, or choose another one with DATA_DIR."
        ) from error
    try:
        keys: dict[str, str] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(
            f"{path} cannot be read ({error}). It holds the keys the bots' tokens are encrypted "
            "with: restore it, or start over with `make reset`."
        ) from error
    return keys


def _write_once(path: Path, keys: dict[str, str]) -> None:
    """Complete or absent, and never twice, however many processes start at once."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(keys, file, indent=2)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def strong_secret(name: str, value: str) -> str:
    varied = len(value) >= MINIMUM_LENGTH and len(set(value)) >= MINIMUM_DISTINCT
    if varied and not value.startswith("django-insecure-"):
        return value
    raise ImproperlyConfigured(
        f"{name} is {'missing' if not value else 'too weak'}. Production needs {MINIMUM_LENGTH} "
        f"or more random characters: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    )


def token_keys(values: list[str]) -> list[str]:
    """Fernet keys, the newest first: it encrypts, all of them decrypt."""
    if not values:
        raise ImproperlyConfigured(
            "TOKEN_KEYS is missing. Make a key with: "
            "python3 -c 'from base64 import urlsafe_b64encode as e; from os import urandom; "
            "print(e(urandom(32)).decode())'"
        )
    for number, value in enumerate(values, start=1):
        try:
            Fernet(value)
        except ValueError as error:
            raise ImproperlyConfigured(
                f"TOKEN_KEYS: key {number} is not 32 bytes in URL-safe base64."
            ) from error
        if len(set(urlsafe_b64decode(value))) < MINIMUM_DISTINCT:
            raise ImproperlyConfigured(f"TOKEN_KEYS: key {number} is too weak; make a random one.")
    return values


def context_keys(values: list[str]) -> list[str]:
    """The first seals the contexts of this process; the database accepts those of all."""
    if not values:
        return [strong_secret("CONTEXT_KEYS", "")]
    return [strong_secret(f"CONTEXT_KEYS, key {n}", value) for n, value in enumerate(values, 1)]
