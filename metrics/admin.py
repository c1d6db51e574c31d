from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from metrics.dashboard.of_bot import messages_of_bot
from metrics.explorer.page import exploration
from metrics.models import BotMetric
from tenants.backoffice import panels
from tenants.backoffice.filters import BotFilter
from tenants.backoffice.one_order import InOneOrder
from tenants.backoffice.pages import TenantAdmin

panels.of_bot.append(messages_of_bot)


@admin.register(BotMetric)
class BotMetricAdmin(InOneOrder, TenantAdmin):
    list_display = ("metric_name", "bot", "metric_value", "recorded_at")
    list_filter = (("bot", BotFilter),)
    list_filter_submit = True
    list_select_related = ("bot",)
    search_fields = ("metric_name",)
    change_list_template = "metrics/metrics.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.explore_view)
        return [path("explore/", view, name="metrics_botmetric_explore"), *super().get_urls()]

    def explore_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), **exploration(request)}
        return TemplateResponse(request, "metrics/explore.html", context)
