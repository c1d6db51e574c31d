"""Everything the back office says, it says in Russian as well, on a machine without gettext."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from django.utils.translation.template import templatize

from botplatform.model_texts import texts
from botplatform.model_words import WORDS

ROOT = settings.BASE_DIR
CATALOGUE = settings.LOCALE_PATHS[0] / "ru" / "LC_MESSAGES" / "django.po"
TRANSLATED = [entry for entry in polib.pofile(CATALOGUE) if not entry.obsolete]
AGAIN = "run `manage.py makemessages`, translate what it lists, and run it again"
CALLS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|</?\w+>|&\w+;")
STRING = r"""u?("{3}.*?"{3}|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"(?:gettext|\b_)\({STRING}", re.DOTALL)
OUR_APPS = ("botplatform", "tenants", "conversations", "metrics", "legacy_import")


def said() -> Iterator[tuple[str, Path]]:
    for app in OUR_APPS:
        for path in (ROOT / app).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                name = getattr(getattr(node, "func", None), "id", None)
                if name in CALLS and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value, path
        for path in (ROOT / app).rglob("templates/**/*.html"):
            for found in IN_TEMPLATE.finditer(templatize(path.read_text())):
                yield ast.literal_eval(found[1]), path


def test_everything_said_is_in_the_catalogue() -> None:
    known = {entry.msgid for entry in TRANSLATED}
    missing = {text: path.name for text, path in said() if text not in known}
    assert missing == {}, AGAIN


def test_so_are_the_models_texts() -> None:
    with override(None):
        assert texts() == WORDS, AGAIN


def test_everything_is_translated_with_its_placeholders() -> None:
    for entry in TRANSLATED:
        assert entry.translated(), entry.msgid
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            wanted = sorted(PLACEHOLDER.findall(entry.msgid))
            assert sorted(PLACEHOLDER.findall(text)) == wanted, text


def test_what_is_used_is_what_was_translated() -> None:
    """Also by who has no polib: the standard library reads it, as Django does."""
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        used = gettext.GNUTranslations(file)
    for entry in TRANSLATED:
        if entry.msgid_plural:
            assert used.ngettext(entry.msgid, entry.msgid_plural, 5) == entry.msgstr_plural[2]
        else:
            assert used.gettext(entry.msgid) == entry.msgstr, AGAIN


@pytest.mark.django_db
def test_a_page_in_russian(admin_client: Client) -> None:
    address = reverse("admin:conversations_profile_changelist")
    page = admin_client.get(address, headers={"Accept-Language": "ru"}).content.decode()
    for text in ("К содержимому", "Боты", "Журнал аудита", "Мои настройки", "Профили: 0"):
        assert text in page
