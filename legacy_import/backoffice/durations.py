from datetime import datetime

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

MINUTE = 60


def in_words(begin: datetime | None, end: datetime | None) -> str:
    """To the second where it is short."""
    if begin is None or end is None:
        return ""
    seconds = (end - begin).total_seconds()
    if seconds < MINUTE:
        return _("%(seconds)s s") % {
            "seconds": f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"
        }
    return timesince(begin, end)
