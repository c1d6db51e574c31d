"""Bytes that were kept, as people can look at them: nothing in them acts on the page."""

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

MOST_SHOWN = 4096
IN_LINE = 16


def shown_bytes(value: bytes | memoryview, download: str) -> SafeString:
    data = bytes(value)
    some = data[:MOST_SHOWN]
    size = _("%(number)s bytes") % {"number": f"{len(data):,}"}
    if len(data) > MOST_SHOWN:
        size += ". " + _("Below are the first %(number)s.") % {"number": f"{MOST_SHOWN:,}"}
    return format_html(
        '<p class="imp-size">{} <a href="{}" download>{}</a></p>'
        '<pre class="imp-bytes">{}</pre>'
        "<details><summary>{}</summary>"
        '<pre class="imp-bytes" tabindex="0">{}</pre></details>',
        size,
        download,
        _("Download the bytes"),
        visible(some.decode("utf-8", "backslashreplace")),
        _("In hexadecimal"),
        "\n".join(dump(some)),
    )


def visible(text: str) -> str:
    """What cannot be seen, or turns the text around, as an escape."""
    return "".join(
        each if each.isprintable() or each == "\n" else each.encode("unicode_escape").decode()
        for each in text
    )


def dump(data: bytes) -> list[str]:
    lines = []
    for begin in range(0, len(data), IN_LINE):
        line = data[begin : begin + IN_LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in line)
        lines.append(f"{begin:04x}  {line.hex(' '):{IN_LINE * 3}} {text}")
    return lines
