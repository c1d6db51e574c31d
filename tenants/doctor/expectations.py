"""What isolation is made of, written down a second time: the doctor compares the catalog with it.

Whoever adds a role, a definer function, or a table of bots' rows that is no TenantModel, adds a
line here. Everything else follows from the models and from tenants.policies.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tenants import policies
from tenants.audit import functions as audit
from tenants.doctor.bodies import body_of, digest
from tenants.policies import KEEPER

OWNER = "botplatform_owner"
SEARCHER = "botplatform_searcher"
MIGRATOR = "botplatform_migrator"
RUNTIME = "botplatform_runtime"
GROUPS = ("super_admin", "admin", "bot", "app_base")
# Login -> the roles it is a member of.
LOGINS: dict[str, frozenset[str]] = {
    MIGRATOR: frozenset({OWNER, KEEPER, SEARCHER}),
    "botplatform_office": frozenset({"admin"}),
    RUNTIME: frozenset({"bot"}),
    "botplatform_ops": frozenset({"super_admin"}),
}
# Own things, and never log in.
OWNERS = (OWNER, KEEPER, SEARCHER)
ROLES = (*GROUPS, *OWNERS, *LOGINS)
# The test suite's migrator makes databases and enters every context; never so in production.
TEST_MEMBERSHIPS = {MIGRATOR: frozenset(GROUPS)}

# Roles with grants on tables of bots' rows, besides the owner.
READERS = ("bot", "admin", "super_admin")
# Besides, owners of definer functions: all rows of these tables, and UPDATE of these columns.
DEFINER_READS: dict[str, dict[str, tuple[str, ...]]] = {
    KEEPER: {
        "bots": (),
        "bot_access": (),
        "conversations": ("message_count", "last_position", "last_message_at"),
        "messages": (),
    },
    SEARCHER: {"bots": (), "messages": ()},
}
DEFINER_INSERTS = {(KEEPER, audit.TABLE)}
# Append-only tables -> the context roles that may read them; these may do nothing else.
READ_ONLY = {audit.TABLE: ("admin", "super_admin")}
# What a bot process needs of tables that are nobody's rows.
RUNTIME_READS = ("django_migrations",)


@dataclass(frozen=True)
class Definer:
    owner: str
    callers: frozenset[str]
    # Begin of the SHA-256 of its body's words: a change of what it does is reviewed here again.
    body: str


# SECURITY DEFINER functions; those of a model's KeeperTrigger are known from the model.
DEFINERS: dict[str, Definer] = {
    "current_bot": Definer(KEEPER, frozenset({"bot", SEARCHER}), "113efe250722c341"),
    "current_staff": Definer(KEEPER, frozenset({"admin"}), "4549d89af2956b0d"),
    "staff_bots": Definer(KEEPER, frozenset({"admin", SEARCHER}), "6fd3893838f1a68c"),
    "staff_is_superuser": Definer(KEEPER, frozenset({"admin", SEARCHER}), "2f315031220656a4"),
    "audit_event": Definer(
        KEEPER, frozenset({"botplatform_office", "admin"}), digest(body_of(audit.AUDIT_EVENT))
    ),
    "search_messages": Definer(SEARCHER, frozenset(READERS), "cda285e121d554d4"),
}
# The owners of functions may create for as long as a migration runs that hands them over.
SCHEMA_CREATORS = ("pg_database_owner", OWNER)
# Owners that come with the server: PostgreSQL's own schema `public`.
SERVER_OWNERS = ("pg_database_owner",)

# Tables of bots' rows that are no TenantModel -> the statements that secure them.
SECURED: dict[str, Callable[[], list[str]]] = {
    "bots": lambda: policies.secure_bots([], [], []),
    "bot_access": policies.secure_bot_access,
    audit.TABLE: audit.secure_audit_log,
}
# Table and columns of keys that no bot can guess or fill: they tell nothing about another bot.
UNIQUE_WITHOUT_BOT = {
    ("bots", "id"): "the bot itself",
    ("bots", "expression"): "only staff superusers name bots",
    ("bots", "token_fingerprint"): "only managers set tokens",
    ("bot_access", "id"): "a random id",
    (audit.TABLE, "id, logged_at"): "a random id, and only the keeper inserts",
}
# Triggers on tables of bots' rows that neither a model nor tenants.audit names: (table, trigger).
TRIGGERS: frozenset[tuple[str, str]] = frozenset()

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
