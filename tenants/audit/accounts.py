"""Audit of Django's accounts and their rights, whose models are not ours to put triggers on.

Plain triggers, which django-pgtrigger neither knows nor prunes.
"""

from typing import Any

from django.contrib.auth.models import Group, User
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.audit.triggers import audit_rows

# Their last login is an event of its own.
ACCOUNTS: list[tuple[Any, dict[str, Any]]] = [
    (User, {"ignored": ("last_login",), "secret": ("password",)}),
    (Group, {}),
    (User.groups.through, {}),
    (User.user_permissions.through, {}),
    (Group.permissions.through, {}),
]
USED = ("last_t", "drift", "last_used_at", "throttling_failure_timestamp")
SECOND_FACTORS: list[tuple[Any, dict[str, Any]]] = [
    (TOTPDevice, {"ignored": (*USED, "throttling_failure_count"), "secret": ("key",)}),
]


def account_triggers(
    accounts: list[tuple[Any, dict[str, Any]]] = ACCOUNTS,
) -> list[tuple[str, str]]:
    """Each with what takes it away again."""
    found = []
    for model, columns in accounts:
        for trigger in audit_rows(bot=None, **columns):
            compiled = trigger.compile(model)
            found.append(
                (
                    str(compiled.sql).replace("pgtrigger_audit", "audit"),
                    str(compiled.uninstall_sql).replace("pgtrigger_audit", "audit"),
                )
            )
    return found
