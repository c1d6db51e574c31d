from django.apps import AppConfig


class LegacyImportConfig(AppConfig):
    name = "legacy_import"
    verbose_name = "legacy import"

    def ready(self) -> None:
        from legacy_import.personal import LedgerHolder
        from tenants.personal import register

        register(LedgerHolder())
