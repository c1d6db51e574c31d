"""Who works in the back office, for superusers.

Django's groups and permissions are not shown: what staff may do follows from their role on a bot.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.backoffice.lists import LargeList
from tenants.backoffice.look import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

# What django-otp would show of second factors are the secrets.
admin.site.unregister([User, Group, TOTPDevice])


@admin.register(User)
class StaffAdmin(UserAdmin, LargeList):  # type: ignore[misc]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter: ClassVar = ("is_superuser", "is_staff", "is_active")
    download_columns: ClassVar = (
        *("username", "first_name", "last_name", "email", "is_superuser", "is_staff", "is_active"),
        *("last_login", "date_joined"),
    )
    readonly_fields: ClassVar = ("second_factor",)
    filter_horizontal: ClassVar = ()
    fieldsets: ClassVar = (
        (None, {"fields": ("username", "password")}),
        (_("Personal info"), {"fields": ("first_name", "last_name", "email")}),
        (_("Permissions"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Signing in"), {"fields": ("second_factor",)}),
        (_("Important dates"), {"fields": ("last_login", "date_joined")}),
    )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Somebody else does: so a superuser is always left."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and obj != request.user

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ("is_active", "is_staff", "is_superuser") if obj == request.user else ()
        return (*super().get_readonly_fields(request, obj), *own)

    @admin.display(description=_("second factor"))
    def second_factor(self, user: User) -> str:
        if not TOTPDevice.objects.filter(user_id=user.pk).exists():
            return gettext("not set up")
        address = reverse("second-factor-of", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("set up; take it away"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Not what goes with a user: Django would read all of it, and nobody reads the secret of a
        second factor."""
        users = [str(user) for user in objs]
        own = [gettext("yourself")] if request.user in objs else []
        return users, {self.opts.verbose_name_plural: len(users)}, set(), own
