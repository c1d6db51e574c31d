"""Signing in to the back office, whose login reads the hashes of passwords and writes none."""

import time
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import verify_password
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.context import current_scope, staff_context


class StaffBackend(ModelBackend):
    """Renews an outdated hash in its user's own context, the only place where that is possible."""

    def get_user(self, user_id: int) -> User | None:
        """With what PreferencesMiddleware asks for."""
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        otp_token: str = "",
        **_: Any,
    ) -> User | None:
        if username is None or password is None:
            return None
        user = User.objects.filter(username=username).first()
        if user is None:
            # Takes as long as for a user who exists.
            User().set_password(password)
            return None
        correct, outdated = verify_password(password, user.password)
        if not correct or not self.user_can_authenticate(user):
            return None
        if not _second_factor(user, otp_token):
            return None
        if outdated and user.is_staff and current_scope() is None:
            with staff_context(user):
                user.check_password(password)
        return user


def _second_factor(user: User, otp_token: str) -> bool:
    """One after the other, or a code could be used twice at once."""
    with transaction.atomic():
        devices = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True)
        found = list(devices)
        return not found or any(_accepts(device, otp_token.replace(" ", "")) for device in found)


def _accepts(device: TOTPDevice, token: str) -> bool:
    """Writes only what the office's login may, and not the secret, as the device itself would."""
    if not device.verify_is_allowed()[0]:
        return False
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    clock.time = time.time()
    row = TOTPDevice.objects.filter(pk=device.pk)
    now = timezone.now()
    digits = token.isascii() and token.isdigit()
    if digits and clock.verify(int(token), device.tolerance, device.last_t + 1):
        row.update(last_t=clock.t(), last_used_at=now, throttling_failure_count=0)
        return True
    failures = device.throttling_failure_count + 1
    row.update(throttling_failure_timestamp=now, throttling_failure_count=failures)
    return False
