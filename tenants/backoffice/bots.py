"""Bots: who they are, what they do lately, and who of the staff works on them."""

import json
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tenants.backoffice import panels
from tenants.backoffice.access import AccessInline
from tenants.backoffice.filters import FOR_FILTER
from tenants.backoffice.look import Checkbox, PasswordInput
from tenants.backoffice.pages import (
    PlatformAdmin,
    PlatformForm,
    bots_allowing,
    is_superuser,
)
from tenants.backoffice.statuses import VERBS, StatusActions
from tenants.models import Bot
from tenants.tokens import SHAPE, Token


class BotForm(PlatformForm):
    token = forms.CharField(
        label=_("New token"),
        required=False,
        strip=True,
        widget=PasswordInput(attrs={"autocomplete": "off", "size": 60}),
        help_text=_(
            "The token from @BotFather. It is stored encrypted and never shown again; leave empty "
            "to keep the present one."
        ),
    )
    other_bot = forms.BooleanField(
        label=_("It is another Telegram bot"),
        required=False,
        widget=Checkbox,
        help_text=_(
            "Only where the number before the colon changes: people have to start the other bot "
            "before it can write to them."
        ),
    )

    class Meta:
        model = Bot
        fields = ("name", "username", "owner_telegram_id", "status", "config", "last_active_at")

    def clean_token(self) -> str:
        text: str = self.cleaned_data["token"]
        if text:
            Token.parse(text)
        return text

    def clean_config(self) -> Any:
        config = self.cleaned_data["config"]
        if "config" in self.changed_data and SHAPE.search(json.dumps(config)):
            raise ValidationError(
                _("There is a token in it, and whoever sees the bot could read it. Leave it out.")
            )
        return config

    def clean(self) -> dict[str, Any]:
        """The number before the colon is the Telegram bot's; a slip of the hand is not saved."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        now, new = (
            t.partition(":")[0] for t in (self.instance.token_masked, given.get("token", ""))
        )
        if now and new and now != new and not given.get("other_bot"):
            told = gettext(
                "This token is of another Telegram bot, %(new)s; the present one is %(now)s. Paste "
                "it again and tick this if that is meant."
            )
            self.add_error("other_bot", told % {"new": new, "now": now})
        return given

    def _post_clean(self) -> None:
        # Before the constraints are looked at: a token of another bot is a message, not a crash.
        if not self.errors and (text := self.cleaned_data.get("token")):
            self.instance.set_token(text)
        super()._post_clean()


@admin.register(Bot)
class BotAdmin(StatusActions, PlatformAdmin):
    """Superusers add, name and delete bots; managers change theirs."""

    form = BotForm
    changed_by = "manager"
    list_display = ("name", "username", "status", "token_masked", "last_active_at")
    list_filter = ("status",)
    search_fields = ("name", "username")
    list_empty_text = _("Superusers add them, and an import brings those of its files.")
    readonly_fields = ("token_masked", "created_at", "updated_at")
    inlines = [AccessInline]
    change_form_template = "backoffice/bot.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The token is replaced on purpose only, and its status changed where that is asked."""
        about = ("name", "username", "owner_telegram_id", "config")
        if obj is None:
            return [(None, {"fields": (*about, "status", "token")})]
        times = ("last_active_at", "created_at", "updated_at")
        replace = {"fields": ("token", "other_bot"), "classes": ("collapse",)}
        return [
            (None, {"fields": (*about, "token_masked", *times)}),
            *([(_("Replace token"), replace)] if self.has_change_permission(request, obj) else []),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if self.has_add_permission(request) else (*fields, "name")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else []

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **options: Any
    ) -> Any:
        if obj is not None:
            context["panels"] = panels.rendered(panels.of_bot, request, obj)
            if self.has_change_permission(request, obj):
                context["status_verbs"] = [pair for pair in VERBS.items() if pair[0] != obj.status]
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        """The form of a row offers the bots that it may be added to, a filter all that are seen."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if FOR_FILTER in request.GET:
            return found, duplicates
        try:
            asking = admin.site._registry[
                apps.get_model(request.GET["app_label"], request.GET["model_name"])
            ]
        except (KeyError, LookupError):
            return found, duplicates
        offered = bots_allowing(getattr(asking, "added_by", "viewer"))
        return found.filter(pk__in=offered), duplicates
