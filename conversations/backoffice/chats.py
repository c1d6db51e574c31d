"""Conversations: the list, the transcript that a click opens, and the form behind "Edit"."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject, Left
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from conversations.backoffice.finding import Question, marked, page_found
from conversations.backoffice.kinds import shown_kind
from conversations.backoffice.transcript import window
from conversations.models import Conversation, Message
from tenants.backoffice.filters import BotFilter
from tenants.backoffice.keyset import OLDER, NewestFirst, Place
from tenants.backoffice.pages import TenantAdmin

HITS = 20
MOST_SHOWN = 100


@admin.register(Conversation)
class ConversationAdmin(NewestFirst, TenantAdmin):
    newest_by = "last_message_at"
    list_display = ("person", "bot", "chat", "message_count", "last_message", "last_message_at")
    list_filter = (("bot", BotFilter),)
    list_filter_submit = True
    list_select_related = ("bot", "profile")
    download_names: ClassVar = {"bot_name": "bot__name", "person": "profile__name"}
    search_fields = ("title", "chat_id")
    search_help_text = _("A person's name, a title, or a Telegram id")
    readonly_fields = ("message_count", "last_position", "last_message_at", "updated_at")

    @admin.display(description=_("person"))
    def person(self, chat: Conversation) -> str:
        return str(chat.profile or chat)

    @admin.display(description=_("chat"))
    def chat(self, chat: Conversation) -> str:
        return str(chat)

    @admin.display(description=_("last message"))
    def last_message(self, chat: Conversation) -> str:
        if not chat.last:  # type: ignore[attr-defined]
            return "—"
        [last] = chat.last  # type: ignore[attr-defined]
        text = Truncator(" ".join(last["content"].split())).chars(MOST_SHOWN)
        kind = "" if last["kind"] == "text" else f"[{shown_kind(last['kind'])[1]}]"
        return f"{kind} {text}".strip() or "—"

    def with_details(self, rows: QuerySet) -> QuerySet:
        own = Message.objects.filter(bot=OuterRef("bot"), conversation_id=OuterRef("pk"))
        last = own.order_by("-position").values(
            last=JSONObject(content=Left("content", MOST_SHOWN * 2), kind="message_type")
        )[:1]
        detailed: QuerySet = rows.annotate(last=ArraySubquery(last))
        return detailed

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        for word in search_term.replace("\0", "").split():
            named = Q(title__icontains=word) | Q(profile__name__icontains=word)
            if word.lstrip("-").isdecimal() and len(word) < 19:
                named |= Q(chat_id=int(word)) | Q(profile__telegram_id=int(word))
            queryset = queryset.filter(named)
        return queryset, False

    def get_urls(self) -> list[URLPattern]:
        edit = path(
            "<path:object_id>/edit/",
            self.admin_site.admin_view(self.edit_view),
            name="conversations_conversation_edit",
        )
        return [edit, *super().get_urls()]

    def edit_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form: HttpResponse = super().change_view(request, object_id)
        return form

    def response_post_save_change(
        self, request: HttpRequest, obj: Conversation
    ) -> HttpResponseRedirect:
        return HttpResponseRedirect(_address("change", obj))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        chat = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, chat):
            raise PermissionDenied
        if chat is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return missing
        shown = window(request, chat)
        text = request.GET.get("q", "").strip()
        asked = QueryDict(mutable=True)
        if text:
            asked["q"] = text
            if OLDER in request.GET:
                asked[OLDER] = request.GET[OLDER]
        context = {
            **{"chat": chat, "window": shown, "q": text, "asked": asked},
            "may_change": self.has_change_permission(request, chat),
        }
        if "part" in request.GET:
            return TemplateResponse(request, "conversations/window.html", context)
        context |= self.admin_site.each_context(request)
        context |= {"opts": self.opts, "original": chat, "title": self.person(chat)}
        addresses = {name: _address(name, chat) for name in ("edit", "history")}
        if context["may_change"] and chat.chat_id > 0:
            addresses["add_person"] = _to_add_the_person(chat)
        context |= {"addresses": addresses}
        if text:
            context |= self._hits(request, chat, text)
        return TemplateResponse(request, "conversations/transcript.html", context)

    def _hits(self, request: HttpRequest, chat: Conversation, text: str) -> dict[str, Any]:
        try:
            at = Place.parse(request.GET[OLDER])
        except (KeyError, ValueError):
            at = None
        of_chat = Message.objects.filter(bot_id=chat.bot_id, conversation_id=chat.pk)
        question = Question(text, bot=chat.bot_id, chat=chat.pk)
        page = page_found(of_chat.defer("search"), question, HITS, at)
        return {
            "hits": [(message, marked(message)) for message in page.rows],
            "older_hits": str(page.older or ""),
            "why_nothing": "" if page.rows else question.why_nothing(),
        }


def _to_add_the_person(chat: Conversation) -> str:
    """Of a private chat, whose id is the person's."""
    known = urlencode({"bot": str(chat.bot_id), "telegram_id": str(chat.chat_id)})
    return f"{reverse('admin:conversations_profile_add')}?{known}"


def _address(name: str, chat: Conversation) -> str:
    return reverse(f"admin:conversations_conversation_{name}", args=[quote(chat.pk)])
