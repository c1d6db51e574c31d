"""What staff may do with Django's record of their clicks, as pure strings; emitted by a migration.

It names what was changed, another bot's rows as well: staff read what they did themselves. What
others did with their bots, the audit log says.
"""

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
