"""A bot is set to work or to rest: asked before it is done, for one bot and for many alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tenants.backoffice.look import ModelAdmin
from tenants.backoffice.pages import may
from tenants.models import Bot

VERBS = {
    Bot.Status.ACTIVE: gettext_lazy("Activate"),
    Bot.Status.INACTIVE: gettext_lazy("Deactivate"),
    Bot.Status.MAINTENANCE: gettext_lazy("Set to maintenance"),
}
# At once, and of these so many are named.
MOST, MOST_NAMED = 500, 20


@dataclass(frozen=True)
class Change:
    """What a status would change."""

    status: str
    bots: list[Bot]
    """Those that get it."""
    same: int
    """So many have it already."""
    refused: list[Bot]
    """Of these the user is no manager."""

    @classmethod
    def of(cls, chosen: list[Bot], status: str) -> "Change":
        managed = [bot for bot in chosen if may("manager", bot)]
        bots = [bot for bot in managed if bot.status != status]
        refused = [bot for bot in chosen if bot not in managed]
        return cls(status, bots, len(managed) - len(bots), refused)

    def make(self) -> int:
        bots = Bot.objects.filter(pk__in=[bot.pk for bot in self.bots])
        changed: int = bots.exclude(status=self.status).update(status=self.status)
        return changed

    @property
    def named(self) -> list[Bot]:
        return self.bots[:MOST_NAMED]

    @property
    def unnamed(self) -> int:
        return len(self.bots) - len(self.named)


def _bulk(status: Bot.Status) -> Callable[..., Any]:
    @admin.action(description=VERBS[status], permissions=["manage"])
    def ask_or_change(model_admin: Any, request: HttpRequest, queryset: Any) -> Any:
        chosen = list(queryset[: MOST + 1])
        if len(chosen) > MOST:
            text = _("Nothing was changed: choose at most %(most)s bots at once.")
            model_admin.message_user(request, text % {"most": MOST}, messages.ERROR)
            return None
        return model_admin.ask_or_change(request, Change.of(chosen, status), ask_or_change.__name__)

    ask_or_change.__name__ = f"set_{status}"
    return ask_or_change


class StatusActions(ModelAdmin):
    """Of the admin of bots."""

    actions = [_bulk(status) for status in VERBS]

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return may("manager")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.status_view)
        status = path("<path:object_id>/status/<str:status>/", view, name="tenants_bot_status")
        return [status, *super().get_urls()]

    def status_view(self, request: HttpRequest, object_id: str, status: str) -> HttpResponse:
        if status not in VERBS:
            raise Http404
        bot = self.get_object(request, object_id)
        if bot is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(
                request, self.opts, object_id
            )
            return missing
        change = Change.of([bot], status)
        if change.refused:
            raise PermissionDenied
        asked = self.ask_or_change(request, change)
        return asked or HttpResponseRedirect(reverse("admin:tenants_bot_change", args=[bot.pk]))

    def ask_or_change(
        self, request: HttpRequest, change: Change, action: str = ""
    ) -> HttpResponse | None:
        if "confirmed" in request.POST:
            self._change(request, change)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{VERBS[Bot.Status(change.status)]}?",
            "opts": self.opts,
            "change": change,
            "status": Bot.Status(change.status).label,
            "verb": VERBS[Bot.Status(change.status)],
            "action": action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "back": request.path if action else reverse("admin:tenants_bot_changelist"),
        }
        return TemplateResponse(request, "backoffice/status.html", context)

    def _change(self, request: HttpRequest, change: Change) -> None:
        changed = change.make()
        for bot in change.bots:
            self.log_change(request, bot, f"status: {change.status}")
        text = ngettext(
            "%(count)s bot is now “%(status)s”.", "%(count)s bots are now “%(status)s”.", changed
        )
        said = [text % {"count": changed, "status": Bot.Status(change.status).label}]
        if change.same:
            said.append(_("%(count)s had this status already.") % {"count": change.same})
        if change.refused:
            names = get_text_list([bot.name for bot in change.refused[:MOST_NAMED]], _("and"))
            said.append(_("Left alone, as you are not their manager: %(bots)s.") % {"bots": names})
        level = messages.SUCCESS if changed else messages.WARNING
        self.message_user(request, " ".join(said), level)
