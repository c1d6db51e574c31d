from django.contrib import admin

from metrics.models import BotMetric
from tenants.backoffice.pages import TenantAdmin


@admin.register(BotMetric)
class BotMetricAdmin(TenantAdmin):
    list_display = ("metric_name", "bot", "metric_value", "recorded_at")
    list_filter = ("bot",)
    list_select_related = ("bot",)
    search_fields = ("metric_name",)
