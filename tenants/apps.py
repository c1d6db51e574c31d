from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants.audit import events
        from tenants.doctor import checks  # noqa: F401

        events.connect()
