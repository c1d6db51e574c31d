"""What the doctor asks the catalog. Every login may read all of it, on PostgreSQL 15 and later.

Objects of extensions and of PostgreSQL itself are theirs: tenants.doctor.server_queries.
"""

from tenants.doctor.expectations import CLOSED, SESSION_SETTINGS


def _ours(alias: str, catalog: str) -> str:
    """Not in an extension that somebody installed: PostgreSQL's own, plpgsql, hides nothing."""
    return (
        "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS ("
        f"SELECT FROM pg_depend e WHERE e.objid = {alias}.oid"
        f" AND e.classid = '{catalog}'::regclass AND e.deptype = 'e' AND e.refobjid >= 16384)"
    )


def _label(column: str) -> str:
    return f"CASE n.nspname WHEN 'public' THEN {column}::text ELSE n.nspname || '.' || {column} END"


def _columns(numbers: str, relation: str) -> str:
    return (
        f"array(SELECT coalesce(attname::text, 'expression')"
        f" FROM unnest({numbers}) WITH ORDINALITY AS part(number, place)"
        f" LEFT JOIN pg_attribute ON attrelid = {relation} AND attnum = number ORDER BY place)"
    )


_GRANTEE = "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END"
_GRANT = f"{_GRANTEE}, g.privilege_type, g.is_grantable"
_RELATIONS = "pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
_FUNCTIONS = "pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"

_NAMES = ("track_activities", "log_min_error_statement", *SESSION_SETTINGS)
_VALUES = ", ".join(f"'{name}', current_setting('{name}')" for name in _NAMES)
SESSION = f"SELECT session_user::text, json_build_object({_VALUES})"

RELATIONS = f"""
SELECT c.oid, {_label("c.relname")}, c.relkind::text, pg_get_userbyid(c.relowner)::text,
    c.relrowsecurity, c.relforcerowsecurity, coalesce(c.reloptions, '{{}}'), i.inhparent,
    array(SELECT attname::text FROM pg_attribute
        WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
    array(SELECT DISTINCT d.refobjid FROM pg_rewrite w JOIN pg_depend d ON d.objid = w.oid
        AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
        WHERE w.ev_class = c.oid AND d.refobjid <> c.oid)
FROM {_RELATIONS} LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_ours("c", "pg_class")}
"""

GRANTS = f"""
SELECT 'relation', {_label("c.relname")}, NULL::text, {_GRANT}
FROM {_RELATIONS}, aclexplode(coalesce(c.relacl,
    acldefault((CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", c.relowner))) g
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {_ours("c", "pg_class")}
UNION ALL
SELECT 'relation', {_label("c.relname")}, a.attname::text, {_GRANT}
FROM {_RELATIONS} JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped,
    aclexplode(a.attacl) g
WHERE {_ours("c", "pg_class")}
UNION ALL
SELECT 'function', {_label("p.proname")}, NULL, {_GRANT}
FROM {_FUNCTIONS}, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
WHERE {_ours("p", "pg_proc")}
UNION ALL
SELECT 'server function', p.proname, NULL, {_GRANT}
FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
WHERE p.proname ~ '^({"|".join(CLOSED.values())})$'
UNION ALL
SELECT 'schema', n.nspname, NULL, {_GRANT}
FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) g
WHERE {_ours("n", "pg_namespace")}
UNION ALL
SELECT 'database', datname, NULL, {_GRANT}
FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) g
WHERE datname = current_database()
UNION ALL
SELECT 'parameter', parname, NULL, {_GRANT} FROM pg_parameter_acl, aclexplode(paracl) g
"""

POLICIES = f"""
SELECT {_label("c.relname")}, p.polname::text, p.polpermissive,
    CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
        WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
    array(SELECT CASE r WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r)::text END
        FROM unnest(p.polroles) r ORDER BY 1),
    coalesce(pg_get_expr(p.polqual, p.polrelid), ''),
    coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '')
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
"""

ROLES = """
SELECT rolname::text, rolcanlogin, rolinherit, rolsuper, rolbypassrls, rolcreaterole,
    rolreplication, rolcreatedb
FROM pg_roles
"""

# From PostgreSQL 16 on a membership itself says whether it inherits; before, its member does.
MEMBERSHIPS = """
SELECT m.rolname::text, r.rolname::text, a.admin_option,
    coalesce((to_jsonb(a) ->> 'inherit_option')::boolean, m.rolinherit)
FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
"""

SETTINGS = """
SELECT coalesce(r.rolname::text, 'every role'), lower(split_part(setting, '=', 1)),
    substr(setting, strpos(setting, '=') + 1)
FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) setting
LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
"""

DEFAULT_PRIVILEGES = f"""
SELECT pg_get_userbyid(d.defaclrole)::text, d.defaclobjtype::text, coalesce(n.nspname::text, ''),
    {_GRANTEE}, g.privilege_type
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
LEFT JOIN LATERAL aclexplode(d.defaclacl) g ON true
"""

OWNED = f"""
SELECT 'function', {_label("p.proname")}, pg_get_userbyid(p.proowner)::text
FROM {_FUNCTIONS} WHERE {_ours("p", "pg_proc")}
UNION ALL
SELECT 'schema', n.nspname, pg_get_userbyid(n.nspowner)::text
FROM pg_namespace n WHERE {_ours("n", "pg_namespace")}
UNION ALL
SELECT 'database', datname, pg_get_userbyid(datdba)::text
FROM pg_database WHERE datname = current_database()
"""

FUNCTIONS = f"""
SELECT {_label("p.proname")}, pg_get_userbyid(p.proowner)::text, p.prosecdef,
    coalesce(p.proconfig, '{{}}'), p.prosrc, array_remove(ARRAY[
        CASE WHEN p.proleakproof THEN 'LEAKPROOF' END,
        CASE WHEN p.proisstrict THEN 'STRICT' END,
        CASE WHEN p.provolatile = 'i' THEN 'IMMUTABLE' END], NULL)
FROM {_FUNCTIONS} WHERE {_ours("p", "pg_proc")}
"""

# Internal triggers are foreign keys: worth a look when somebody switched them off.
TRIGGERS = f"""
SELECT {_label("c.relname")}, t.tgname::text, t.tgenabled::text, t.tgisinternal,
    pg_get_triggerdef(t.oid), p.prosrc
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE (NOT t.tgisinternal OR t.tgenabled NOT IN ('O', 'A')) AND {_ours("c", "pg_class")}
"""

# What acts on statements, or takes rows away, besides triggers.
INTERCEPTORS = f"""
SELECT {_label("c.relname")}, 'rule', w.rulename::text
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE w.rulename <> '_RETURN' AND {_ours("c", "pg_class")}
UNION ALL SELECT 'database', 'event trigger', evtname::text FROM pg_event_trigger
UNION ALL SELECT 'database', 'publication', pubname::text FROM pg_publication
"""

UNIQUE = f"""
SELECT {_label("c.relname")}, k.relname::text,
    {_columns("x.indkey[0:x.indnkeyatts - 1]", "c.oid")}, x.indpred IS NOT NULL
FROM pg_index x JOIN pg_class k ON k.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (x.indisunique OR x.indisexclusion) AND {_ours("c", "pg_class")}
"""

FOREIGN_KEYS = f"""
SELECT {_label("c.relname")}, k.conname::text, k.confrelid,
    {_columns("k.conkey", "k.conrelid")}, {_columns("k.confkey", "k.confrelid")},
    k.confdeltype::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND {_ours("c", "pg_class")}
"""

CHECKS = f"""
SELECT {_label("c.relname")}, k.conname::text, {_columns("k.conkey", "k.conrelid")}
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND {_ours("c", "pg_class")}
"""

# NOT ENFORCED (PostgreSQL 18) keys and checks are not validated either.
UNFINISHED = f"""
SELECT {_label("c.relname")}, k.conname::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT k.convalidated AND {_ours("c", "pg_class")}
UNION ALL
SELECT {_label("c.relname")}, k.relname::text
FROM pg_index x JOIN pg_class k ON k.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT x.indisvalid AND {_ours("c", "pg_class")}
"""
