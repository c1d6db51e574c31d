"""All texts for translators, and what they translated for the back office, in one go.

Needs GNU gettext (`apt-get install gettext`); running what it wrote does not.
"""

from typing import Any

import polib
from django.conf import settings
from django.core.management.commands import makemessages
from django.utils.translation import override

from botplatform.model_texts import texts

WORDS = settings.BASE_DIR / "botplatform" / "model_words.py"
HEAD = '''"""Texts of the models, for translators: written by `manage.py makemessages`."""

from django.utils.translation import gettext_noop

WORDS = {
'''


class Command(makemessages.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with override(None):
            lines = [f"    gettext_noop({text!r}),\n" for text in sorted(texts())]
        WORDS.write_text(f"{HEAD}{''.join(lines)}}}\n")
        options |= {
            "locale": options["locale"] or ["ru"],
            "no_location": True,
            "ignore_patterns": [*options["ignore_patterns"], ".venv", "tests/*"],
        }
        super().handle(*args, **options)
        for catalogue in settings.LOCALE_PATHS[0].glob("*/LC_MESSAGES/django.po"):
            translated = polib.pofile(catalogue)
            translated.save_as_mofile(catalogue.with_suffix(".mo"))
            left = len(translated.untranslated_entries()) + len(translated.fuzzy_entries())
            self.stdout.write(f"{catalogue.parts[-3]}: {left} of {len(translated)} to translate")
