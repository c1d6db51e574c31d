"""Files that were read, and what is kept of single records."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from legacy_import.backoffice.filters import (
    BOT,
    KindFilter,
    RejectCodeFilter,
    RepairCodeFilter,
    RunFilter,
    RunOfFileFilter,
)
from legacy_import.backoffice.kept import shown_bytes
from legacy_import.backoffice.ledger import LedgerAdmin, View
from legacy_import.backoffice.words import KINDS
from legacy_import.models import ImportFile, Reject, Repair
from legacy_import.source.codes import REJECTS, REPAIRS
from tenants.audit import events
from tenants.backoffice.downloads import in_context_of
from tenants.backoffice.look import ChoicesDropdownFilter


def shown_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, ensure_ascii=False, indent=2))


@admin.register(ImportFile)
class ImportFileAdmin(LedgerAdmin):
    list_display = ("path", "bot", "run", "kind_shown", "status", "size")
    list_filter = (BOT, RunFilter, KindFilter, ("status", ChoicesDropdownFilter))
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "run")
    search_fields = ("path",)
    bulky = ("header", "counts")
    fields = (*list_display, "key", "fingerprint", "counts_shown", "header_shown")

    @admin.display(description=_("kind"))
    def kind_shown(self, file: ImportFile) -> str:
        return str(KINDS.get(file.kind, file.kind))

    @admin.display(description="SHA-256")
    def fingerprint(self, file: ImportFile) -> str:
        return bytes(file.sha256).hex() if file.sha256 else "—"

    @admin.display(description=_("counts"))
    def counts_shown(self, file: ImportFile) -> SafeString:
        return shown_json(file.counts)

    @admin.display(description=_("around the records"))
    def header_shown(self, file: ImportFile) -> SafeString:
        return shown_json(file.header)


class RecordAdmin(LedgerAdmin):
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "file")
    search_fields = ("file__path",)
    # The column of the bytes.
    kept: ClassVar[str]
    codes: ClassVar[dict[str, str]]

    class Media:
        css: ClassVar = {"all": ["backoffice/import.css"]}

    def views_of_row(self) -> dict[str, View]:
        return {"bytes": self.bytes_view}

    @admin.display(description=_("as it stood in the file"))
    def kept_shown(self, record: Any) -> SafeString:
        address = reverse(f"admin:{self._name('bytes')}", args=[record.pk])
        return shown_bytes(getattr(record, self.kept), address)

    @admin.display(description=_("meaning"))
    def meaning(self, record: Any) -> str:
        return gettext(self.codes[record.code]) if record.code in self.codes else "—"

    def bytes_view(self, request: HttpRequest, record: Any) -> StreamingHttpResponse:
        events.downloaded(request)

        def pieces() -> Iterator[bytes]:
            for data in self.pieces(record).values_list(self.kept, flat=True).iterator(1):
                yield bytes(data)

        return StreamingHttpResponse(
            in_context_of(request.user, pieces),
            content_type="application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="record-{record.pk}.bin"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    def pieces(self, record: Any) -> Any:
        return self.model._default_manager.filter(bot=record.bot_id, pk=record.pk)


@admin.register(Reject)
class RejectAdmin(RecordAdmin):
    list_display = ("code", "bot", "file", "place", "solved_by")
    list_filter = (BOT, RunOfFileFilter, RejectCodeFilter)
    bulky = ("raw",)
    kept, codes = "raw", REJECTS
    fields = ("code", "meaning", *list_display[1:], "reason", "piece", "kept_shown")

    def pieces(self, record: Reject) -> Any:
        """A long record lies in several."""
        rows = Reject.objects.filter(bot=record.bot_id, file=record.file_id, place=record.place)
        return rows.order_by("piece", "id")


@admin.register(Repair)
class RepairAdmin(RecordAdmin):
    list_display = ("code", "bot", "file", "place", "pointer")
    list_filter = (BOT, RunOfFileFilter, RepairCodeFilter)
    bulky = ("original",)
    kept, codes = "original", REPAIRS
    fields = ("code", "meaning", *list_display[1:], "kept_shown")
