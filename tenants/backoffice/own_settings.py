"""What staff choose for themselves: language and time zone."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from tenants.backoffice.look import Select, TextInput
from tenants.preferences import StaffPreferences


def time_zones() -> list[str]:
    """Not those that mean another place on each server, or none."""
    return sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})


def languages() -> list[tuple[str, Any]]:
    """Each by its own name, for who cannot read the page as it is."""
    own_names = [(code, translation.get_language_info(code)["name_local"]) for code in _codes()]
    return [("", gettext_lazy("As the browser says")), *own_names]


class PreferencesForm(forms.ModelForm):
    language = forms.ChoiceField(
        choices=languages, required=False, label=gettext_lazy("Language"), widget=Select
    )

    class Meta:
        model = StaffPreferences
        fields = ("language", "time_zone")
        labels = {"time_zone": gettext_lazy("Time zone")}
        widgets = {"time_zone": TextInput(attrs={"list": "time-zones", "autocomplete": "off"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].help_text = gettext(
            "Times are shown in it. Type a part of the name, such as a city; empty: %(zone)s."
        ) % {"zone": settings.TIME_ZONE}

    def clean_time_zone(self) -> str:
        """In any case, and with blanks for the underscores."""
        typed = self.cleaned_data["time_zone"].strip().replace(" ", "_").lower()
        for zone in ("", *time_zones()):
            if zone.lower() == typed:
                return zone
        raise forms.ValidationError(
            gettext("There is no such time zone; they are named like Europe/Moscow.")
        )


def own_settings(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    chosen = getattr(user, "preferences", None) or StaffPreferences(user=user)
    form = PreferencesForm(request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        form.save()
        if chosen.language:
            translation.activate(chosen.language)
        messages.success(request, gettext("Your settings were saved."))
        return HttpResponseRedirect(reverse("settings"))
    context = {
        **admin.site.each_context(request),
        "title": gettext("My settings"),
        "form": form,
        "time_zones": time_zones(),
    }
    return TemplateResponse(request, "backoffice/own_settings.html", context)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """The switch in the menu: kept of staff, and by the browser for the page of the login."""
    language = request.POST.get("language", "")
    user = request.user
    if user.is_authenticated and user.is_active and user.is_staff and language in _codes():
        StaffPreferences.objects.update_or_create(user_id=user.pk, defaults={"language": language})
    return set_language(request)


def _codes() -> list[str]:
    return [code for code, _ in settings.LANGUAGES]
