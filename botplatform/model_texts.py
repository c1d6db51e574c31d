"""The models' own texts, translated where they are shown.

Models say them in English and migrations keep them; `manage.py makemessages` writes them down for
translators in model_words.py.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy

OURS = ("tenants", "conversations", "metrics", "legacy_import")


def translate_models() -> None:
    for holder, name in _places():
        value = getattr(holder, name)
        if name == "choices":
            translated: Any = [(key, gettext_lazy(str(label))) for key, label in value]
        else:
            translated = gettext_lazy(str(value))
        setattr(holder, name, translated)


def texts() -> set[str]:
    """In English, when no language is active."""
    found: set[str] = set()
    for holder, name in _places():
        value = getattr(holder, name)
        found |= {str(label) for _, label in value} if name == "choices" else {str(value)}
    return found


def _places() -> Iterator[tuple[Any, str]]:
    """What has a text, and the attribute it is in."""
    for label in OURS:
        config: AppConfig = apps.get_app_config(label)
        yield config, "verbose_name"
        for model in config.get_models():
            yield model._meta, "verbose_name"
            yield model._meta, "verbose_name_plural"
            for constraint in model._meta.constraints:
                said = constraint.violation_error_message
                if said != constraint.default_violation_error_message:
                    yield constraint, "violation_error_message"
            for field in model._meta.local_fields:
                yield field, "verbose_name"
                for name in ("help_text", "choices"):
                    if getattr(field, name):
                        yield field, name
