"""Signing in to the back office, whose login reads the hashes of passwords and writes none."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import verify_password
from django.contrib.auth.models import User
from django.http import HttpRequest

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
        if outdated and user.is_staff and current_scope() is None:
            with staff_context(user):
                user.check_password(password)
        return user
