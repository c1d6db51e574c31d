"""A bot in an address: `?bot=`, chosen by typing its name."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Field
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.models import Bot, BotAccess


class BotChoice(forms.ModelChoiceField):
    """`field` is any model's key to bots: whoever may see a bot is offered it."""

    def __init__(self, field: Any = None, **options: Any) -> None:
        field = field or BotAccess._meta.get_field("bot")
        options = {"label": _("Bot"), "required": False, **options}
        widget = AutocompleteSelect(field, admin.site, attrs={"data-width": "100%"})
        super().__init__(queryset=Bot.objects.none(), widget=widget, **options)


def bot_form(field: Field, bot: Bot | None) -> forms.Form:
    form = forms.Form(initial={"bot": bot and bot.pk}, label_suffix="")
    form.fields["bot"] = BotChoice(field)
    form.fields["bot"].queryset = Bot.objects.all()  # type: ignore[attr-defined]
    return form


def bot_asked_for(request: HttpRequest) -> Bot | None:
    """A bot of others is one that is not there."""
    if not (asked := request.GET.get("bot", "")):
        return None
    try:
        bot: Bot = Bot.objects.get(pk=uuid.UUID(asked))
    except (ValueError, Bot.DoesNotExist):
        raise Http404(_("There is no such bot.")) from None
    return bot
