"""A second factor of signing in: six digits of an app, for whoever set it up."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_lazy
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key
from qrcode.main import QRCode

from botplatform import guessing
from tenants.backoffice.look import AuthenticationForm, PasswordInput, TextInput

CODE: dict[str, Any] = {
    "autocomplete": "one-time-code",
    "inputmode": "numeric",
    "maxlength": 7,
    "pattern": "[0-9 ]*",
}
MINUTES = 15


class LoginForm(AuthenticationForm):
    otp_token = forms.CharField(
        label=gettext_lazy("Code of your app, if you use one"),
        required=False,
        widget=TextInput(attrs=CODE),
    )
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": gettext_lazy(
            "Name, password and code do not fit together. The code is needed if you set up an app."
        ),
    }

    def clean(self) -> dict[str, Any]:
        """Does not say which of them was wrong."""
        self.user_cache: Any = authenticate(
            self.request, **{name: self.cleaned_data.get(name) or "" for name in self.fields}
        )
        if self.user_cache is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(self.user_cache)
        cleaned: dict[str, Any] = self.cleaned_data
        return cleaned


class PasswordForm(forms.Form):
    """A session that somebody found gives its owner no factor, and takes none away."""

    password = forms.CharField(label=gettext_lazy("Your password"), widget=PasswordInput)

    def __init__(self, user: Any, data: Any = None) -> None:
        self.user = user
        super().__init__(data)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(gettext("This is not your password."), guessing.WRONG)
        return password


class SetUpForm(PasswordForm):
    key = forms.CharField(widget=forms.HiddenInput)
    otp_token = forms.CharField(
        label=gettext_lazy("The code that the app shows"), widget=TextInput(attrs=CODE)
    )

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(user, data)
        # Nobody reads a stored secret back, so until the first code the page has it, sealed.
        self.initial["key"] = self.sealed = self._given() or signing.dumps(
            default_key(), salt=self._salt()
        )

    def device(self) -> TOTPDevice:
        key = signing.loads(self.sealed, salt=self._salt())
        return TOTPDevice(user=self.user, name=self.user.get_username(), key=key)

    def clean_otp_token(self) -> str:
        """The device then refuses this code, which somebody may have seen."""
        token: str = self.cleaned_data["otp_token"].replace(" ", "")
        device = self.device()
        self.clock = TOTP(device.bin_key)
        digits = token.isascii() and token.isdigit()
        if not digits or not self.clock.verify(int(token), device.tolerance):
            wrong = gettext("This is not the app's code of now. Try the next one.")
            raise ValidationError(wrong, guessing.WRONG)
        if self.data.get("key") != self.sealed:
            raise ValidationError(gettext("This page was too old. Please scan the new picture."))
        return token

    def _given(self) -> str | None:
        try:
            signing.loads(self.data.get("key", ""), salt=self._salt(), max_age=MINUTES * 60)
        except signing.BadSignature:
            return None
        return str(self.data["key"])

    def _salt(self) -> str:
        return f"second-factor-{self.user.pk}"


def second_factor(request: HttpRequest) -> HttpResponse:
    form_class = PasswordForm if devices_of(request.user.pk).exists() else SetUpForm
    form = form_class(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if isinstance(form, SetUpForm):
            device = form.device()
            device.last_t = form.clock.t()
            device.save(force_insert=True)
            messages.success(request, gettext("From now on the code is asked for at each login."))
        else:
            devices_of(request.user.pk).delete()
            messages.success(request, gettext("Your password alone is enough again."))
        return HttpResponseRedirect(reverse("second-factor"))
    context: dict[str, Any] = {"title": gettext("Two-factor login"), "form": form}
    if isinstance(form, SetUpForm):
        url = form.device().config_url
        context |= {
            "picture": picture(url),
            "secret": url.partition("secret=")[2].partition("&")[0],
        }
    return _page(request, context)


def take_away(request: HttpRequest, user_id: int) -> HttpResponse:
    """Of a user who lost it; for superusers."""
    if not getattr(request.user, "is_superuser", False):
        raise PermissionDenied
    user = User.objects.filter(pk=user_id).first()
    if user is None or not devices_of(user_id).exists():
        raise Http404
    if request.method == "POST":
        devices_of(user_id).delete()
        messages.success(request, gettext("The second factor was taken away."))
        return HttpResponseRedirect(reverse("admin:auth_user_change", args=[user_id]))
    return _page(request, {"title": gettext("Take away the second factor"), "of": user})


def devices_of(user_id: Any) -> Any:
    return TOTPDevice.objects.filter(user_id=user_id).only("id")


def picture(text: str) -> SafeString:
    code = QRCode(border=4)
    code.add_data(text)
    rows = code.get_matrix()
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark
    )
    return mark_safe(  # noqa: S308
        f'<svg class="bo-qr" viewBox="0 0 {len(rows)} {len(rows)}" aria-hidden="true">'
        f'<path d="{path}"/></svg>'
    )


def _page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    context = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, "backoffice/second_factor.html", context)
