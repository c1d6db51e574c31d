from django.apps import AppConfig


class LegacyImportConfig(AppConfig):
    name = "legacy_import"
    verbose_name = "legacy import"

    def ready(self) -> None:
        from conversations.backoffice.marks import MARKERS
        from legacy_import.marks import repair_marks
        from legacy_import.personal import LedgerHolder
        from tenants.personal import register

        MARKERS.append(repair_marks)
        register(LedgerHolder())
