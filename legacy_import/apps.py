from django.apps import AppConfig


class LegacyImportConfig(AppConfig):
    name = "legacy_import"
    verbose_name = "legacy import"

    def ready(self) -> None:
        from conversations.backoffice.marks import MARKERS
        from legacy_import.marks import repair_marks

        MARKERS.append(repair_marks)
