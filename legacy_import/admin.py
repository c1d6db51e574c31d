"""What was imported, for staff to look at: read-only, of the bots they may see."""

import json
from typing import Any, ClassVar

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from legacy_import.latest_runs import latest_runs
from legacy_import.models import ImportFile, ImportRun, Reject, Repair
from tenants.backoffice import panels
from tenants.backoffice.pages import ReadOnlyAdmin

MOST_SHOWN = 4000

panels.on_dashboard.append(latest_runs)


class LedgerAdmin(ReadOnlyAdmin):
    list_select_related: ClassVar[tuple[str, ...]] = ("bot",)


def shown_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, ensure_ascii=False, indent=2))


def shown_bytes(value: bytes | memoryview) -> SafeString:
    data = bytes(value)
    text = data[:MOST_SHOWN].decode("utf-8", "backslashreplace")
    more = f"\n… {len(data):,} bytes in all" if len(data) > MOST_SHOWN else ""
    return format_html("<pre>{}{}</pre>", text, more)


@admin.register(ImportRun)
class ImportRunAdmin(LedgerAdmin):
    list_display = ("number", "bot", "action", "status", "about", "started_at", "finished_at")
    list_filter = ("bot", "action", "status")
    fields = (*list_display, "options_shown", "counts_shown")

    @admin.display(description="options")
    def options_shown(self, run: ImportRun) -> SafeString:
        return shown_json(run.options)

    @admin.display(description="counts")
    def counts_shown(self, run: ImportRun) -> SafeString:
        return shown_json(run.counts)


@admin.register(ImportFile)
class ImportFileAdmin(LedgerAdmin):
    list_display = ("path", "bot", "run", "kind", "status", "size")
    list_filter = ("bot", "kind", "status")
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "run")
    search_fields = ("path",)
    fields = (*list_display, "key", "fingerprint", "counts_shown", "header_shown")

    @admin.display(description="SHA-256")
    def fingerprint(self, file: ImportFile) -> str:
        return bytes(file.sha256).hex() if file.sha256 else "—"

    @admin.display(description="counts")
    def counts_shown(self, file: ImportFile) -> SafeString:
        return shown_json(file.counts)

    @admin.display(description="around the records")
    def header_shown(self, file: ImportFile) -> SafeString:
        return shown_json(file.header)


@admin.register(Reject)
class RejectAdmin(LedgerAdmin):
    list_display = ("code", "bot", "file", "place", "solved_by")
    list_filter = ("bot", "code")
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "file")
    search_fields = ("file__path",)
    fields = (*list_display, "reason", "piece", "raw_shown")

    @admin.display(description="as it stood in the file")
    def raw_shown(self, reject: Reject) -> SafeString:
        return shown_bytes(reject.raw)


@admin.register(Repair)
class RepairAdmin(LedgerAdmin):
    list_display = ("code", "bot", "file", "place", "pointer")
    list_filter = ("bot", "code")
    list_select_related: ClassVar[tuple[str, ...]] = ("bot", "file")
    search_fields = ("file__path",)
    fields = (*list_display, "original_shown")

    @admin.display(description="as it stood in the file")
    def original_shown(self, repair: Repair) -> SafeString:
        return shown_bytes(repair.original)
