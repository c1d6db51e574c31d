"""Kinds of messages as they are shown: a symbol and a name in place of what is not text."""

from typing import Any

from django.utils.translation import gettext_lazy as _

KINDS: dict[str, tuple[str, Any]] = {
    "text": ("chat", _("Text")),
    "photo": ("image", _("Photo")),
    "voice": ("mic", _("Voice message")),
    "audio": ("music_note", _("Audio")),
    "video": ("movie", _("Video")),
    "video_note": ("movie", _("Video message")),
    "animation": ("gif_box", _("Animation")),
    "sticker": ("mood", _("Sticker")),
    "document": ("description", _("Document")),
    "location": ("location_on", _("Location")),
    "contact": ("contact_page", _("Contact")),
    "poll": ("ballot", _("Poll")),
    "service": ("info", _("Service message")),
}


def shown_kind(message_type: str) -> tuple[str, Any]:
    return KINDS.get(message_type, ("attach_file", message_type))
