from django.contrib import admin

from conversations.models import Conversation
from tenants.backoffice.pages import TenantAdmin


@admin.register(Conversation)
class ConversationAdmin(TenantAdmin):
    list_display = ("__str__", "bot", "profile", "message_count", "last_message_at")
    list_filter = ("bot",)
    list_select_related = ("bot", "profile")
    search_fields = ("title", "chat_id")
    readonly_fields = ("message_count", "last_position", "last_message_at", "updated_at")
