"""All SQL of row security, as pure strings: reviewed here, emitted by migrations.

Who sees a row follows from the role, which only tenants.context sets:

* `bot` sees the rows of the bot in app.current_bot_id;
* `admin` sees the bots given to the staff user in app.current_user_id, and changes them as far as
  that user's role goes;
* `super_admin` sees everything;
* `app_base` sees nothing, and so does everybody else: no policy, no grant.

Both settings count only with the seal of a process (tenants.seals); a claim without is an error.
Each function stands in a (SELECT ...), so that it is called once a query and not once a row; and
of a staff user's own rows only one is called.
"""

KEEPER = "botplatform_keeper"

CURRENT_BOT = "(SELECT current_bot())"
# Of the first migrations, until the ones that follow seal their tables.
CLAIMED_BOT = "(SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid)"
SUPERUSER = "(SELECT staff_is_superuser())"
VIEWED, OPERATED, MANAGED = (
    f"ANY ((SELECT staff_bots('{role}'))::uuid[])" for role in ("viewer", "operator", "manager")
)


def close_partition(partition: str) -> list[str]:
    """Policies on a table do not protect its partitions: no policy there means no row."""
    return [
        f"ALTER TABLE {partition} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {partition} FORCE ROW LEVEL SECURITY",
        *_revoke_all(partition),
    ]


def secure_tenant_table(table: str, updatable: list[str], sealed: bool = True) -> list[str]:
    """Row security and grants; UPDATE of the named columns only, never of the bot."""
    columns = ", ".join(updatable)
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        *_policies(
            table,
            "bot_id",
            managed_by=OPERATED,
            added_by=OPERATED,
            deleted_by=MANAGED,
            own=CURRENT_BOT if sealed else CLAIMED_BOT,
        ),
        *_revoke_all(table),
        *(
            statement
            for role in ("bot", "admin", "super_admin")
            for statement in (
                f"GRANT SELECT, INSERT, DELETE ON {table} TO {role}",
                f"GRANT UPDATE ({columns}) ON {table} TO {role}",
            )
        ),
    ]


def secure_bots(readable: list[str], updatable: list[str], own: list[str]) -> list[str]:
    """Staff read everything but the tokens; a bot reads its own, and changes little of itself."""
    everything = ", ".join(readable)
    return [
        "ALTER TABLE bots ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE bots FORCE ROW LEVEL SECURITY",
        *_policies(
            "bots",
            "id",
            managed_by=MANAGED,
            added_by=SUPERUSER,
            deleted_by=SUPERUSER,
        ),
        *_revoke_all("bots"),
        f"GRANT SELECT ({everything}, telegram_token) ON bots TO bot",
        f"GRANT UPDATE ({', '.join(own)}) ON bots TO bot",
        *(
            statement
            for role in ("admin", "super_admin")
            for statement in (
                f"GRANT SELECT ({everything}), INSERT, DELETE ON bots TO {role}",
                f"GRANT UPDATE ({', '.join(updatable)}) ON bots TO {role}",
            )
        ),
    ]


def secure_bot_access() -> list[str]:
    return [
        "ALTER TABLE bot_access ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE bot_access FORCE ROW LEVEL SECURITY",
        *_policies("bot_access", "bot_id", MANAGED, MANAGED, MANAGED, own=None),
        *_revoke_all("bot_access"),
        "GRANT SELECT, INSERT, UPDATE (role), DELETE ON bot_access TO admin, super_admin",
    ]


def secure_ledger(table: str, updatable: list[str]) -> list[str]:
    """Of what operators' commands keep: they write it, staff read that of their bots, bots see
    nothing."""
    changes = f", UPDATE ({', '.join(updatable)})" if updatable else ""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_staff_read ON {table} FOR SELECT TO admin "
        f"USING (bot_id = {VIEWED} OR {SUPERUSER})",
        f"CREATE POLICY {table}_operators ON {table} TO super_admin USING (true)",
        f"CREATE POLICY {table}_nobody ON {table} TO app_base, bot USING (false)",
        *_revoke_all(table),
        f"GRANT SELECT ON {table} TO admin",
        f"GRANT SELECT, INSERT, DELETE{changes} ON {table} TO super_admin",
    ]


def secure_jobs(table: str, asked: list[str], answered: list[str]) -> list[str]:
    """Of what managers ask operators' processes to do: in their own name, for their bots."""
    of_managed = f"bot_id = {MANAGED} OR {SUPERUSER}"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {table}_staff_read ON {table} FOR SELECT TO admin USING ({of_managed})",
        f"CREATE POLICY {table}_staff_ask ON {table} FOR INSERT TO admin "
        f"WITH CHECK (({of_managed}) AND asked_by_id = (SELECT current_staff()))",
        f"CREATE POLICY {table}_operators ON {table} TO super_admin USING (true)",
        f"CREATE POLICY {table}_nobody ON {table} TO app_base, bot USING (false)",
        *_revoke_all(table),
        f"GRANT SELECT, INSERT ({', '.join(asked)}) ON {table} TO admin",
        f"GRANT SELECT, UPDATE ({', '.join(answered)}) ON {table} TO super_admin",
    ]


def keeper_adds(table: str) -> list[str]:
    """Rows that triggers write for whoever writes others."""
    return [
        f"GRANT INSERT ON {table} TO {KEEPER}",
        f"CREATE POLICY {table}_keeper_insert ON {table} FOR INSERT TO {KEEPER} WITH CHECK (true)",
    ]


def keeper_sees(table: str, grants: str, commands: tuple[str, ...] = ("SELECT",)) -> list[str]:
    """The keeper owns the definer functions and is nobody's role."""
    return [
        f"GRANT {grants} ON {table} TO {KEEPER}",
        *(
            f"CREATE POLICY {table}_keeper_{command.lower()} ON {table} FOR {command} "
            f"TO {KEEPER} USING (true)"
            for command in commands
        ),
    ]


def _policies(
    table: str,
    column: str,
    managed_by: str,
    added_by: str,
    deleted_by: str,
    own: str | None = CURRENT_BOT,
) -> list[str]:
    def rows(by: str) -> str:
        return by if by == SUPERUSER else f"{column} = {by} OR {SUPERUSER}"

    return [
        *([f"CREATE POLICY {table}_bot ON {table} TO bot USING ({column} = {own})"] if own else []),
        f"CREATE POLICY {table}_staff_read ON {table} FOR SELECT TO admin USING ({rows(VIEWED)})",
        f"CREATE POLICY {table}_staff_add ON {table} FOR INSERT TO admin "
        f"WITH CHECK ({rows(added_by)})",
        f"CREATE POLICY {table}_staff_change ON {table} FOR UPDATE TO admin "
        f"USING ({rows(managed_by)})",
        f"CREATE POLICY {table}_staff_delete ON {table} FOR DELETE TO admin "
        f"USING ({rows(deleted_by)})",
        f"CREATE POLICY {table}_operators ON {table} TO super_admin USING (true)",
        f"CREATE POLICY {table}_nobody ON {table} TO app_base USING (false)",
    ]


def _revoke_all(table: str) -> list[str]:
    roles = "PUBLIC, app_base, bot, admin, super_admin"
    logins = "botplatform_office, botplatform_runtime, botplatform_ops"
    return [f"REVOKE ALL ON {table} FROM {roles}, {logins}"]
