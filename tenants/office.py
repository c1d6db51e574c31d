"""What staff may do with rows of their own, as pure strings; emitted by migrations.

Django's record of their clicks names what was changed, another bot's rows as well: staff read what
they did themselves. What others did with their bots, the audit log says.
"""

from collections.abc import Callable

from tenants.policies import SUPERUSER, keeper_sees

TABLE = "django_admin_log"
OWN = "user_id = (SELECT current_staff())"


def secure_admin_log() -> list[str]:
    """A user's entries go with the user, whom a superuser deletes; nobody changes one."""
    return [
        f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {TABLE}_read ON {TABLE} FOR SELECT TO admin USING ({OWN} OR {SUPERUSER})",
        f"CREATE POLICY {TABLE}_add ON {TABLE} FOR INSERT TO admin WITH CHECK ({OWN})",
        f"CREATE POLICY {TABLE}_delete ON {TABLE} FOR DELETE TO admin USING ({SUPERUSER})",
        f"REVOKE UPDATE ON {TABLE} FROM admin",
        "GRANT EXECUTE ON FUNCTION current_staff() TO admin",
    ]


def let_keeper_erase() -> list[str]:
    """What an entry says of a person who is erased: tenants.audit.personal."""
    rights = "SELECT (object_id), UPDATE (object_repr, change_message)"
    return keeper_sees(TABLE, rights, ("SELECT", "UPDATE"))


def secure_preferences() -> list[str]:
    """Read when a user is signed in, which is before their context; they go with the user."""
    table = "staff_preferences"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_sign_in ON {table} FOR SELECT TO botplatform_office USING (true)",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT TO admin USING ({OWN} OR {SUPERUSER})",
        f"CREATE POLICY {table}_add ON {table} FOR INSERT TO admin WITH CHECK ({OWN})",
        f"CREATE POLICY {table}_change ON {table} FOR UPDATE TO admin USING ({OWN})",
        f"CREATE POLICY {table}_delete ON {table} FOR DELETE TO admin USING ({OWN} OR {SUPERUSER})",
        f"GRANT SELECT ON {table} TO botplatform_office",
        f"GRANT SELECT, INSERT, UPDATE (language, time_zone), DELETE ON {table} TO admin",
    ]


def secure_second_factors() -> list[str]:
    """Who signs people in reads the secrets; in a context nobody does, not even one's own, and a
    superuser takes a lost one away."""
    table = "otp_totp_totpdevice"
    seen = "id, user_id, name, confirmed, created_at"
    used = "last_t, last_used_at, throttling_failure_timestamp, throttling_failure_count"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_sign_in ON {table} FOR SELECT TO botplatform_office USING (true)",
        f"CREATE POLICY {table}_used ON {table} FOR UPDATE TO botplatform_office USING (true)",
        f"CREATE POLICY {table}_read ON {table} FOR SELECT TO admin USING ({OWN} OR {SUPERUSER})",
        f"CREATE POLICY {table}_add ON {table} FOR INSERT TO admin WITH CHECK ({OWN})",
        f"CREATE POLICY {table}_delete ON {table} FOR DELETE TO admin USING ({OWN} OR {SUPERUSER})",
        f"GRANT SELECT, UPDATE ({used}) ON {table} TO botplatform_office",
        f"GRANT SELECT ({seen}), INSERT, DELETE ON {table} TO admin",
    ]


OF_STAFF: dict[str, Callable[[], list[str]]] = {
    TABLE: lambda: [*secure_admin_log(), *let_keeper_erase()],
    "staff_preferences": secure_preferences,
    "otp_totp_totpdevice": secure_second_factors,
}
