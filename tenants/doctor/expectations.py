"""What isolation is made of, written down a second time: the doctor compares the catalog with it.

Whoever adds a role, a function, a right on a table, or a table of bots' rows that is no
TenantModel, adds a line here. Everything else follows from the models and from tenants.policies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tenants import policies
from tenants.audit import functions as audit
from tenants.audit import personal
from tenants.doctor.bodies import body_of, digest
from tenants.policies import KEEPER

OWNER = "botplatform_owner"
SEARCHER = "botplatform_searcher"
MIGRATOR = "botplatform_migrator"
OFFICE = "botplatform_office"
RUNTIME = "botplatform_runtime"
OPS = "botplatform_ops"
GROUPS = ("super_admin", "admin", "bot", "app_base")


def _settings(statement: str, lock: str, idle: str) -> dict[str, str]:
    return {
        "statement_timeout": statement,
        "lock_timeout": lock,
        "idle_in_transaction_session_timeout": idle,
    }


# Login -> the roles it is a member of.
LOGINS: dict[str, frozenset[str]] = {
    MIGRATOR: frozenset({OWNER, KEEPER, SEARCHER}),
    OFFICE: frozenset({"admin"}),
    RUNTIME: frozenset({"bot"}),
    OPS: frozenset({"super_admin"}),
}
# Own things, and never log in.
OWNERS = (OWNER, KEEPER, SEARCHER)
ROLES = (*GROUPS, *OWNERS, *LOGINS)
# The test suite's migrator makes databases and enters every context; never so in production.
TEST_MEMBERSHIPS = {MIGRATOR: frozenset(GROUPS)}

# What ALTER ROLE ... SET has given each login, and no more: tests compare it with provisioning.
LOGIN_SETTINGS: dict[str, dict[str, str]] = {
    MIGRATOR: _settings("0", "30s", "10min"),
    OFFICE: _settings("30s", "5s", "1min"),
    RUNTIME: _settings("10s", "5s", "30s"),
    OPS: _settings("0", "30s", "10min"),
}
# Only a superuser's provisioning can, and managed servers may have it in their own parameters.
HIDING_SETTINGS = {
    OFFICE: {"log_min_error_statement": "panic"},
    RUNTIME: {"log_min_error_statement": "panic", "track_activities": "off"},
}
DATABASE_RIGHTS = {("CONNECT", login) for login in LOGINS} | {
    ("TEMPORARY", role) for role in (MIGRATOR, OPS, "super_admin")
}

# Rights on tables: those that tenants.policies grants, and these. Policies of owners of definer
# functions, who see all rows of these tables, follow from them.
GRANTS = (
    f"GRANT SELECT (id) ON bots TO {KEEPER}",
    f"GRANT SELECT ON bot_access, conversations, messages, context_keys TO {KEEPER}",
    f"GRANT UPDATE (message_count, last_position, last_message_at) ON conversations TO {KEEPER}",
    f"GRANT SELECT (id, username, is_active, is_staff, is_superuser) ON auth_user TO {KEEPER}",
    f"GRANT SELECT (id, bot_id, conversation_id, sent_at, sender_type, message_type, search) "
    f"ON messages TO {SEARCHER}",
    f"GRANT SELECT (id) ON bots TO {SEARCHER}",
    # One person's export and erasure.
    *personal.GRANTS,
    "GRANT SELECT, DELETE ON import_rejects, import_repairs, import_originals, import_changes, "
    f"import_chunks, import_file_parts TO {KEEPER}",
    f"GRANT SELECT, DELETE, UPDATE (stored) ON import_backups TO {KEEPER}",
    f"GRANT SELECT, DELETE, UPDATE (header) ON import_files TO {KEEPER}",
    f"GRANT SELECT, UPDATE (output, report) ON import_jobs TO {KEEPER}",
    # Django's own tables: botplatform.migrations.
    "GRANT SELECT, INSERT, UPDATE, DELETE ON auth_user, auth_group, auth_user_groups, "
    "auth_group_permissions, auth_user_user_permissions TO admin",
    "GRANT SELECT, INSERT, DELETE ON django_admin_log TO admin",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO {OFFICE}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON axes_accessattempt TO {OFFICE}",
    "GRANT SELECT, UPDATE (last_t, last_used_at, throttling_failure_timestamp, "
    f"throttling_failure_count) ON otp_totp_totpdevice TO {OFFICE}",
    "GRANT SELECT (id, user_id, name, confirmed, created_at), INSERT, DELETE "
    "ON otp_totp_totpdevice TO admin",
    f"GRANT SELECT ON staff_preferences TO {OFFICE}",
    "GRANT SELECT, INSERT, UPDATE (language, time_zone), DELETE ON staff_preferences TO admin",
    "GRANT SELECT ON auth_user, auth_group, auth_user_groups, auth_group_permissions, "
    f"auth_user_user_permissions TO {OFFICE}",
    f"GRANT UPDATE (last_login) ON auth_user TO {OFFICE}",
    f"GRANT SELECT ON auth_permission, django_content_type TO {OFFICE}, admin",
    f"GRANT SELECT ON django_migrations TO {OFFICE}, {RUNTIME}, {OPS}, admin, super_admin",
    f"GRANT SELECT ON auth_user TO {OPS}, super_admin",
)
# Append-only: of these even the owner may not change a row.
APPEND_ONLY = (audit.TABLE,)


@dataclass(frozen=True)
class Definer:
    owner: str
    callers: frozenset[str]
    # Begin of the SHA-256 of its body's words: a change of what it does is reviewed here again.
    body: str
    # Otherwise it runs with its caller's rights, as a part of what our definers and triggers do.
    definer: bool = True
    # Else STABLE or VOLATILE: what an index is made of does not change.
    immutable: bool = False
    # Besides the search_path.
    settings: tuple[str, ...] = ()


WRITERS = ("bot", "admin", "super_admin")
# All our functions but those of the models' triggers, which are known from the models.
DEFINERS: dict[str, Definer] = {
    "current_bot": Definer(KEEPER, frozenset({"bot", SEARCHER}), "113efe250722c341"),
    "current_staff": Definer(KEEPER, frozenset({"admin"}), "4549d89af2956b0d"),
    "staff_bots": Definer(KEEPER, frozenset({"admin", SEARCHER}), "6fd3893838f1a68c"),
    "staff_is_superuser": Definer(KEEPER, frozenset({"admin", SEARCHER}), "2f315031220656a4"),
    "audit_event": Definer(
        KEEPER, frozenset({OFFICE, "admin"}), digest(body_of(audit.AUDIT_EVENT))
    ),
    "audit_write": Definer(KEEPER, frozenset(), digest(body_of(audit.AUDIT_WRITE)), definer=False),
    "audit_export": Definer(KEEPER, frozenset({"admin"}), digest(body_of(personal.AUDIT_EXPORT))),
    "audit_erase": Definer(KEEPER, frozenset({"admin"}), digest(body_of(personal.AUDIT_ERASE))),
    "erase_from_import": Definer(KEEPER, frozenset({"admin"}), "babf16f7e7e7d553"),
    "guard_accounts": Definer(OWNER, frozenset(), "a19dcb45727ca1b7", definer=False),
    "search_messages": Definer(
        SEARCHER, frozenset(WRITERS), "cda285e121d554d4", settings=("jit=off",)
    ),
    "find_messages": Definer(
        SEARCHER, frozenset({"admin"}), "016d0329a014361d", settings=("jit=off",)
    ),
    "words_of_bot": Definer(
        OWNER, frozenset(WRITERS), "8bc4b45f522aa4e5", definer=False, immutable=True
    ),
    "query_of_bot": Definer(
        OWNER, frozenset({*WRITERS, SEARCHER}), "5a5738cf7a90038e", definer=False, immutable=True
    ),
}
# The owners of functions may create for as long as a migration runs that hands them over.
SCHEMA_CREATORS = ("pg_database_owner", OWNER)
# Owners that come with the server: PostgreSQL's own schema `public`.
SERVER_OWNERS = ("pg_database_owner",)

BOT_OPEN = (
    *("name", "token_fingerprint", "token_masked", "username", "owner_telegram_id"),
    *("status", "config", "last_active_at"),
)
# Tables of bots' rows that are no TenantModel -> the statements that secure them.
SECURED: dict[str, Callable[[], list[str]]] = {
    "bots": lambda: policies.secure_bots(
        [*BOT_OPEN, "id", "created_at", "updated_at"],
        [*BOT_OPEN, "telegram_token"],
        ["status", "config", "last_active_at"],
    ),
    "bot_access": policies.secure_bot_access,
    audit.TABLE: audit.secure_audit_log,
}
# What legacy_import keeps of what was imported -> what operators change of it.
LEDGER: dict[str, tuple[str, ...]] = {
    "import_runs": ("status", "options", "counts", "finished_at", "transactions", "linked"),
    "import_files": ("status", "size", "mtime_ns", "sha256", "header", "counts"),
    "import_chunks": ("hashes",),
    "import_rejects": ("solved_by",),
    **dict.fromkeys(("import_repairs", "import_originals", "import_changes"), ()),
    "import_backups": (),
    "import_file_parts": ("data", "same_as"),
}
SECURED |= {table: partial(policies.secure_ledger, table, [*of]) for table, of in LEDGER.items()}
SECURED["import_jobs"] = partial(
    policies.secure_jobs,
    "import_jobs",
    ["id", "bot_id", "run_id", "action", "keep_written", "asked_by_id"],
    ["started_at", "finished_at", "exit_code", "output", "result", "report"],
)
# What is remembered for summing up days.
SECURED["changed_days"] = lambda: [
    *policies.secure_ledger("changed_days", []),
    *policies.keeper_adds("changed_days"),
]
# Who was erased: managers' erasures add to it.
SECURED["erased_people"] = lambda: [
    *policies.secure_ledger("erased_people", []),
    "GRANT INSERT ON erased_people TO admin",
    "CREATE POLICY erased_people_managers_add ON erased_people FOR INSERT TO admin "
    f"WITH CHECK (bot_id = {policies.MANAGED} OR {policies.SUPERUSER})",
]
SECURED["rollup_states"] = partial(
    policies.secure_ledger,
    "rollup_states",
    ["zone", "rolled_up_at", "settled_at", "pending_at", "pending_xid"],
)
# Table and columns of keys that no bot can guess or fill: they tell nothing about another bot.
UNIQUE_WITHOUT_BOT = {
    ("bots", "id"): "the bot itself",
    ("bots", "expression"): "only staff superusers name bots",
    ("bots", "token_fingerprint"): "only managers set tokens",
    ("bot_access", "id"): "a random id",
    (audit.TABLE, "id, logged_at"): "a random id, and only the keeper inserts",
    ("erased_people", "id"): "a random id, and no bot sees or inserts",
    ("changed_days", "id"): "a random id, and only the keeper inserts",
    ("import_jobs", "id"): "a random id",
    **{(table, "id"): "a random id, and no bot sees or inserts" for table in LEDGER},
}
# Triggers that neither a model nor tenants.audit names: (table, trigger) -> what fires it. They
# fire always, and are those of the function of the same name.
GUARDED = (
    *("auth_user", "auth_group", "auth_user_groups", "auth_group_permissions"),
    "auth_user_user_permissions",
)
TRIGGERS = {(table, "guard_accounts"): "BEFORE INSERT OR DELETE OR UPDATE" for table in GUARDED}

# What functions of the server let a session do to others of its login -> their names as a pattern.
# Provisioning by a superuser leaves them to the migrator alone, and to the keeper.
CLOSED = {
    "end others of the same login": "pg_(cancel|terminate)_backend",
    "share large objects": (
        "lo_(close|creat|create|from_bytea|get|lseek|lseek64|open|put|tell|tell64|truncate"
        "|truncate64|unlink)|loread|lowrite"
    ),
    "watch each other": (
        "pg_stat_get_(activity|backend_.*|progress_info)|pg_lock_status|pg_stat_statements"
    ),
    "change a setting inside a query": "set_config",
    "write messages for replication": "pg_logical_emit_message",
    "follow row versions past row security": "currtid2",
}

# Settings with which a session begins in somebody's context, or with somebody's code.
DANGEROUS_SETTINGS = (
    *("role", "session_authorization", "row_security", "session_replication_role"),
    *("search_path", "session_preload_libraries", "local_preload_libraries"),
)
OUR_SETTINGS = ("app.", "pgtrigger.")
# What the server's parameters must leave as it is, or triggers and row security do not hold.
SESSION_SETTINGS = {
    "session_replication_role": "origin",
    "row_security": "on",
    "allow_system_table_mods": "off",
    "lo_compat_privileges": "off",
}
# Membership in one of them reads or writes past row security.
POWERFUL = (
    *("pg_read_all_data", "pg_write_all_data", "pg_execute_server_program"),
    *("pg_read_server_files", "pg_write_server_files"),
)
