from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"

    def ready(self) -> None:
        from tenants import personal
        from tenants.audit import events
        from tenants.audit.personal import LogHolder
        from tenants.doctor import checks  # noqa: F401

        events.connect()
        personal.register(LogHolder())
