from collections.abc import Iterator

from tenants.doctor.expectations import UNIQUE_WITHOUT_BOT
from tenants.doctor.rule import Finding, rule
from tenants.doctor.snapshot import Snapshot


@rule(
    "I023",
    "Every unique index on bots' rows contains the bot",
    "Put bot_id into the constraint: a key across bots tells one bot what another one has.",
    opens_data=False,
)
def unique_within_a_bot(catalog: Snapshot) -> Iterator[Finding]:
    tables = catalog.tenant_tables | catalog.partitions.keys()
    for index in catalog.uniques:
        table = catalog.partitions.get(index.table, index.table)
        known = (table, ", ".join(index.columns)) in UNIQUE_WITHOUT_BOT
        within = known or "bot_id" in index.columns
        if index.table in tables and not within:
            yield Finding(index.table, f"{index.name} is unique across bots")


@rule(
    "I024",
    "Every foreign key between bots' rows contains the bot on both sides",
    "FOREIGN KEY (bot_id, ..._id) REFERENCES ... (bot_id, id): checks see past row security.",
    opens_data=False,
)
def keys_within_a_bot(catalog: Snapshot) -> Iterator[Finding]:
    by_oid = catalog.by_oid
    tables = catalog.tenant_tables | catalog.partitions.keys()
    for key in catalog.foreign_keys:
        target = by_oid[key.target].name if key.target in by_oid else ""
        if target not in tables:
            continue
        the_bot = "id" if target == "bots" else "bot_id"
        if ("bot_id", the_bot) not in zip(key.columns, key.target_columns, strict=True):
            yield Finding(key.table, f"{key.name} reaches {target} without the bot")


@rule(
    "I025",
    "Constraints and indexes are validated",
    "ALTER TABLE ... VALIDATE CONSTRAINT, or REINDEX; wrong rows may be there already.",
    opens_data=False,
)
def constraints_are_validated(catalog: Snapshot) -> Iterator[Finding]:
    for unfinished in catalog.unfinished:
        yield Finding(unfinished.table, f"{unfinished.name} was never validated")
