from django.contrib import admin

from conversations.models import Profile
from tenants.backoffice.pages import TenantAdmin


@admin.register(Profile)
class ProfileAdmin(TenantAdmin):
    list_display = ("name", "bot", "telegram_id", "age", "location", "last_active_at")
    list_filter = ("bot",)
    list_select_related = ("bot",)
    search_fields = ("name", "telegram_id", "location")
    readonly_fields = ("updated_at",)
