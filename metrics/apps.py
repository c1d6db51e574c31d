from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "metrics"

    def ready(self) -> None:
        from metrics.personal import MetricsHolder
        from tenants.personal import register

        register(MetricsHolder())
