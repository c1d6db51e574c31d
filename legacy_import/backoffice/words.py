"""What the ledger holds in names and numbers, in words."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

KINDS = {
    # Of records
    "profiles": gettext_lazy("people"),
    "conversations": gettext_lazy("conversations"),
    "messages": gettext_lazy("messages"),
    "metrics": gettext_lazy("metrics"),
    "backups": gettext_lazy("backups"),
    "other": gettext_lazy("other"),
    # Of files
    "profile": gettext_lazy("a person"),
    "conversation": gettext_lazy("a conversation"),
    "backup": gettext_lazy("a backup"),
    "bots": gettext_lazy("a list of bots"),
    "unknown": gettext_lazy("unknown"),
}
OPTIONS = {
    "folder": gettext_lazy("Folder"),
    "path": gettext_lazy("Where it lay"),
    "a_folder_for_each_bot": gettext_lazy("A folder for each bot"),
    "only": gettext_lazy("Only"),
    "workers": gettext_lazy("Processes"),
    "source_tz": gettext_lazy("Time zone of the old machine"),
    "min_age": gettext_lazy("Youngest files, in seconds"),
    "backups": gettext_lazy("Backups"),
    "store": gettext_lazy("kept whole"),
    "index": gettext_lazy("listed only"),
    "keep_written": gettext_lazy("Keeps what was written since"),
}


def options(given: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(OPTIONS.get(name, name)), _value(value)) for name, value in given.items() if value]


def _value(value: Any) -> str:
    if value is True:
        return _("yes")
    if isinstance(value, list):
        return ", ".join(str(KINDS.get(one, one)) for one in value)
    return str(OPTIONS.get(value, value))
