from collections.abc import Iterator

from tenants.doctor.expectations import (
    DEFINER_INSERTS,
    DEFINER_READS,
    OWNER,
    READ_ONLY,
    READERS,
    RUNTIME,
    RUNTIME_READS,
)
from tenants.doctor.registry import kept_columns
from tenants.doctor.rows import Grant
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot
from tenants.policies import KEEPER

KEYS = "context_keys"
ROW_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")


def on_relations(catalog: Snapshot) -> Iterator[Grant]:
    """Every grant but an owner's to itself."""
    owners = {relation.name: relation.owner for relation in catalog.relations}
    for grant in catalog.grants:
        if grant.kind == "relation" and grant.grantee not in (OWNER, owners[grant.name]):
            yield grant


def _target(grant: Grant) -> str:
    return f"{grant.name}.{grant.column}" if grant.column else grant.name


@rule(
    "I004",
    "Nobody has rights on a partition",
    "REVOKE ALL: a right on a partition goes past the policies of its table.",
    opens_data=True,
)
def partitions_are_closed(catalog: Snapshot) -> Iterator[Finding]:
    partitions = catalog.partitions
    for grant in on_relations(catalog):
        if grant.name in partitions and grant.privilege in ROW_RIGHTS:
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


@rule(
    "I006",
    "Only the context roles, and owners of definer functions, have rights on bots' rows",
    "REVOKE the right from whoever is named; a login works through SET ROLE only.",
    opens_data=True,
)
def only_planned_roles(catalog: Snapshot) -> Iterator[Finding]:
    tables = catalog.tenant_tables
    for grant in on_relations(catalog):
        if grant.name not in tables or grant.privilege not in ROW_RIGHTS:
            continue
        if grant.grantable:
            yield Finding(_target(grant), f"{grant.grantee} may pass on {grant.privilege}")
        elif not _is_planned(grant):
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


def _is_planned(grant: Grant) -> bool:
    if grant.privilege == "INSERT" and (grant.grantee, grant.name) in DEFINER_INSERTS:
        return True
    if grant.name in READ_ONLY:
        return grant.privilege == "SELECT" and grant.grantee in READ_ONLY[grant.name]
    if grant.grantee in READERS:
        return True
    tables = DEFINER_READS.get(grant.grantee, {})
    if grant.privilege == "UPDATE":
        return grant.column in tables.get(grant.name, ())
    return grant.privilege == "SELECT" and grant.name in tables


@rule(
    "I007",
    "Nobody but the owner may TRUNCATE, reference, put triggers on or maintain a table",
    "REVOKE TRUNCATE, REFERENCES, TRIGGER, MAINTAIN: none of them knows row security.",
    opens_data=True,
)
def no_rights_past_row_security(catalog: Snapshot) -> Iterator[Finding]:
    for grant in on_relations(catalog):
        if grant.privilege in ("TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"):
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


@rule(
    "I008",
    "UPDATE is granted by column, never on ids, the bot, positions or counters",
    "REVOKE UPDATE, then GRANT UPDATE of the columns that may change.",
    opens_data=True,
)
def updates_by_column(catalog: Snapshot) -> Iterator[Finding]:
    kept = kept_columns()
    for grant in on_relations(catalog):
        # I006 names whoever may not update the table at all.
        if grant.privilege != "UPDATE" or grant.grantee not in READERS or grant.name in READ_ONLY:
            continue
        if grant.name in catalog.tenant_tables and grant.column is None:
            yield Finding(grant.name, f"{grant.grantee} may update every column")
        elif grant.column in kept.get(grant.name, ()):
            yield Finding(_target(grant), f"{grant.grantee} may update it")


@rule(
    "I009",
    "A bot's Telegram token is readable by the role bot only",
    "REVOKE SELECT on bots and grant the other columns one by one.",
    opens_data=True,
)
def tokens_are_the_bots(catalog: Snapshot) -> Iterator[Finding]:
    for grant in on_relations(catalog):
        reads_tokens = (
            grant.name == "bots"
            and grant.column in (None, "telegram_token")
            and grant.privilege == "SELECT"
        )
        # I006 names whoever is no reader at all.
        if reads_tokens and grant.grantee in set(READERS) - {"bot"}:
            yield Finding("bots.telegram_token", f"{grant.grantee} may read it")


@rule(
    "I010",
    "Bot processes have no rights on tables that are nobody's rows",
    "REVOKE ALL: users, password hashes and sessions are the office's.",
    opens_data=True,
)
def bots_stay_among_bots(catalog: Snapshot) -> Iterator[Finding]:
    tenants = catalog.tenant_tables | catalog.partitions.keys()
    for grant in on_relations(catalog):
        if grant.name in tenants | {KEYS} or grant.privilege not in ROW_RIGHTS:
            continue
        if grant.grantee not in ("bot", "app_base", RUNTIME):
            continue
        if grant.name not in RUNTIME_READS or grant.privilege != "SELECT":
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")


@rule(
    "I028",
    "The keys that contexts are sealed with are read by the keeper's functions alone",
    "REVOKE ALL: whoever reads a key can claim to be any bot and any staff user.",
    opens_data=True,
)
def keys_are_secret(catalog: Snapshot) -> Iterator[Finding]:
    for grant in on_relations(catalog):
        if grant.name == KEYS and (grant.grantee, grant.privilege) != (KEEPER, "SELECT"):
            yield Finding(_target(grant), f"{grant.grantee} has {grant.privilege}")
