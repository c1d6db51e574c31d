"""What is wrong with a tenant's table in the catalog, as lists of sentences."""

from botplatform.planes import KEEPER, OWNER, SEARCHER
from tenants.partitioning import PARTITIONS
from tests.tenants.guards import foreign_keys, query

# Prefixes: django-pgtrigger ends a function's name with a hash.
KEEPER_FUNCTIONS = (
    *("staff_bots", "staff_is_superuser", "current_bot", "current_staff"),
    *("pgtrigger_assign_position", "pgtrigger_count_inserted"),
    *("pgtrigger_count_deleted", "pgtrigger_follow_sent_at", "pgtrigger_audit_", "audit_"),
    *("pgtrigger_note_", "erase_from_import"),
)
# Function -> why it is not the owner's or the keeper's.
SEARCHER_FUNCTIONS = {
    "search_messages": "reads every bot's search column, and nothing else",
    "find_messages": "and what messages are filtered by",
}


def table_problems(table: str, tenant_tables: set[str]) -> list[str]:
    partitions = [f"{table}_p{n}" for n in range(PARTITIONS)]
    problems = partition_problems(table)
    for part in [table, *(name for name in partitions if exists(name))]:
        problems += key_problems(part)
        problems += foreign_key_problems(part, tenant_tables)
    return problems


def exists(table: str) -> bool:
    return query("SELECT to_regclass(%(table)s) IS NOT NULL", table=table) == [(True,)]


def partition_problems(table: str) -> list[str]:
    strategy = query(
        "SELECT partstrat, array(SELECT attname FROM unnest(partattrs) AS n JOIN pg_attribute"
        " ON attrelid = partrelid AND attnum = n)::text[]"
        " FROM pg_partitioned_table WHERE partrelid = %(table)s::regclass",
        table=table,
    )
    if strategy != [("h", ["bot_id"])]:
        return [f"{table} is not partitioned by hash of bot_id"]
    found = query(
        "SELECT relname, relkind, pg_get_expr(relpartbound, pg_class.oid)"
        " FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
        " WHERE inhparent = %(table)s::regclass",
        table=table,
    )
    wanted = {
        (f"{table}_p{n}", "r", f"FOR VALUES WITH (modulus {PARTITIONS}, remainder {n})")
        for n in range(PARTITIONS)
    }
    return [f"{name} is not a right partition of {table}: {bound}" for name, _, bound in found
            if not any(name == right for right, *_ in wanted)] + [
        f"{name} is missing or not {bound}" for name, kind, bound in sorted(wanted - set(found))
    ]  # fmt: skip


def key_problems(table: str) -> list[str]:
    indexes = query(
        "SELECT indexrelid::regclass::text, indisprimary, array(SELECT attname"
        "  FROM unnest(indkey[0:indnkeyatts - 1]) WITH ORDINALITY AS k(n, place)"
        "  JOIN pg_attribute ON attrelid = indrelid AND attnum = n ORDER BY place)::text[]"
        " FROM pg_index WHERE indrelid = %(table)s::regclass AND indisunique",
        table=table,
    )
    problems = [f"unique {name} lacks bot_id" for name, _, columns in indexes
                if "bot_id" not in columns]  # fmt: skip
    if [columns for _, primary, columns in indexes if primary] != [["id", "bot_id"]]:
        problems.append(f"the primary key of {table} is not (id, bot_id)")
    return problems


def foreign_key_problems(table: str, tenant_tables: set[str]) -> list[str]:
    problems = []
    for key in foreign_keys(table):
        what = f"{table}.{key['name']}"
        if not key["validated"]:
            problems.append(f"{what} was never validated")
        if key["target"] == "bots":
            if (key["columns"], key["on_delete"]) != (["bot_id"], "c"):
                problems.append(f"{what} does not cascade from bots")
            continue
        parent, _, remainder = key["target"].rpartition("_p")
        if parent not in tenant_tables:
            if key["target"] in tenant_tables:
                problems.append(f"{what} points to a whole table, not to a sibling partition")
            else:
                continue
        elif not table.endswith(f"_p{remainder}"):
            problems.append(f"{what} points to {key['target']}, which is no sibling")
        pairs = list(zip(key["columns"], key["target_columns"], strict=True))
        if ("bot_id", "bot_id") not in pairs:
            problems.append(f"{what} lacks bot_id on both sides")
        sets_null = key["on_delete"] == "n" and key["nulled"] and "bot_id" not in key["nulled"]
        if key["on_delete"] != "c" and not sets_null:
            problems.append(f"{what} neither cascades nor sets its own column null")
    return problems


def without_way_to_bots(table: str, tenant_tables: set[str]) -> list[str]:
    """A row must go with its bot: by a key to `bots`, or by one to a row that goes."""
    if any(key["target"] == "bots" for key in foreign_keys(table)):
        return []
    if all(
        any(
            key["on_delete"] == "c" and key["target"].rpartition("_p")[0] in tenant_tables
            for key in foreign_keys(f"{table}_p{n}")
        )
        for n in range(PARTITIONS)
        if exists(f"{table}_p{n}")
    ):
        return []
    return [f"the rows of {table} stay when their bot is deleted"]


def ownership_problems() -> list[str]:
    return [
        f"{kind} {name} belongs to {owner}"
        for kind, name, owner in query(
            "SELECT 'relation', relname, pg_get_userbyid(relowner) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind <> 'i' AND relkind <> 'I'"
            " UNION ALL SELECT 'function', proname, pg_get_userbyid(proowner) FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend"
            "  WHERE objid = pg_proc.oid AND deptype = 'e') ORDER BY 1, 2"
        )
        if owner != _right_owner(name)
    ]


def _right_owner(name: str) -> str:
    if name in SEARCHER_FUNCTIONS:
        return SEARCHER
    return KEEPER if name.startswith(KEEPER_FUNCTIONS) else OWNER


def tables_with_bot_id() -> set[str]:
    """Ordinary and partitioned tables, without the partitions."""
    rows = query(
        "SELECT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND attname = 'bot_id' AND NOT attisdropped"
    )
    return {name for (name,) in rows}
