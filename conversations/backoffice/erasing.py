"""The way to erase a person: asked, typed, done, and a receipt of it."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import Profile
from conversations.personal import Gone, chats_of, erase
from tenants.models import AuditEntry, Bot

RECEIPT = "admin:conversations_profile_receipt"


class TypedForm(forms.Form):
    typed = forms.CharField(
        label=gettext_lazy("Type this person's Telegram id or name to confirm"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "bo-field"}),
    )

    def __init__(self, profile: Profile, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.profile = profile

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if typed not in {str(self.profile.telegram_id), self.profile.name.strip()} - {""}:
            raise forms.ValidationError(
                _("This is neither the Telegram id nor the name. Nothing was erased.")
            )
        return typed


def erase_page(request: HttpRequest, profile: Profile, common: dict[str, Any]) -> HttpResponse:
    form = TypedForm(profile, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(reverse(RECEIPT, args=[erase(profile)]))
        except Gone:
            messages.error(request, _("Somebody else erased this person a moment ago."))
            return HttpResponseRedirect(reverse("admin:conversations_profile_changelist"))
        except OperationalError:
            busy = _("The bot was writing at that moment. Nothing was erased; please try again.")
            form.add_error(None, busy)
    chats = list(chats_of(profile).values_list("message_count", flat=True))
    context = {
        **common,
        "title": _("Erase a person"),
        "person": profile,
        "form": form,
        "chats": len(chats),
        "messages_count": sum(chats),
    }
    return TemplateResponse(request, "backoffice/people/erase.html", context)


def receipt_page(
    request: HttpRequest, receipt: uuid.UUID, form: str | None, common: dict[str, Any]
) -> HttpResponse:
    entry = AuditEntry.objects.filter(pk=receipt, operation=AuditEntry.Operation.ERASE).first()
    if entry is None:
        raise Http404
    bot = Bot.objects.filter(pk=entry.bot_id).values("id", "name").first()
    facts = {
        "receipt": entry.pk,
        "erased_at": entry.logged_at,
        "bot": bot or {"id": entry.bot_id, "name": None},
        "profile": entry.row_key,
        "by": {"id": entry.user_id, "username": _username(entry)},
        "request": entry.correlation_id,
        "erased": entry.after,
    }
    if form == "json":
        name = f'attachment; filename="erased-{entry.pk}.json"'
        return JsonResponse(facts, headers={"Content-Disposition": name})
    context = {**common, "title": _("Receipt of an erasure"), "facts": facts}
    return TemplateResponse(request, "backoffice/people/receipt.html", context)


def _username(entry: AuditEntry) -> str | None:
    staff = User.objects.filter(pk=entry.user_id or 0)
    return staff.values_list("username", flat=True).first()
