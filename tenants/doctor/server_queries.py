"""What the doctor asks about the objects of PostgreSQL itself, and of extensions.

PostgreSQL keeps the rights it was installed with in pg_init_privs, and gives oids below 16384 to
what it installs. What is added to an extension later is noted there as if it had come with it: so a
right of a role of ours counts in any case, and so does everybody's on an extension's table.
"""

from tenants.doctor.expectations import OWNER, ROLES

# In an extension; plpgsql, which comes with PostgreSQL, has nothing outside its schemas.
_INSTALLED = """EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.class AND e.objid = o.oid
    AND e.deptype = 'e' AND e.refobjid >= 16384)"""
_SYSTEM = "('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
_OUR_ROLES = ", ".join(f"'{role}'" for role in ROLES if role != OWNER)

GRANTS = f"""
SELECT 'server object', o.name, NULL::text,
    CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(g.grantee)::text END,
    g.privilege_type, g.is_grantable
FROM (
    SELECT 'pg_proc'::regclass AS class, oid, 0 AS part, proname::text AS name, proacl AS acl,
        acldefault('f', proowner) AS usual, pronamespace AS schema, false AS is_table
    FROM pg_proc
    UNION ALL
    SELECT 'pg_class'::regclass, oid, 0, relname, relacl, NULL, relnamespace,
        relkind IN ('r', 'p', 'm', 'f')
    FROM pg_class
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, a.attnum, c.relname || '.' || a.attname, a.attacl, NULL,
        c.relnamespace, c.relkind IN ('r', 'p', 'm', 'f')
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, 0, nspname, nspacl, acldefault('n', nspowner), oid, false
    FROM pg_namespace
    UNION ALL
    SELECT 'pg_language'::regclass, oid, 0, lanname, lanacl, acldefault('l', lanowner),
        'pg_catalog'::regnamespace, false
    FROM pg_language
    UNION ALL
    SELECT 'pg_foreign_data_wrapper'::regclass, oid, 0, fdwname, fdwacl, acldefault('F', fdwowner),
        'pg_catalog'::regnamespace, false
    FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 'pg_foreign_server'::regclass, oid, 0, srvname, srvacl, acldefault('S', srvowner),
        'pg_catalog'::regnamespace, false
    FROM pg_foreign_server
) o
LEFT JOIN pg_init_privs i ON i.classoid = o.class AND i.objoid = o.oid AND i.objsubid = o.part
CROSS JOIN LATERAL aclexplode(o.acl) g
WHERE o.acl IS NOT NULL AND (o.schema IN {_SYSTEM} OR {_INSTALLED})
AND CASE
    WHEN g.grantee <> 0 THEN pg_get_userbyid(g.grantee) IN ({_OUR_ROLES})
    WHEN o.is_table AND o.oid >= 16384 THEN true
    -- The information schema is installed after the rights of the rest were noted.
    WHEN o.schema = 'information_schema'::regnamespace AND o.oid < 16384
        AND g.privilege_type IN ('SELECT', 'USAGE') THEN false
    ELSE NOT EXISTS (SELECT FROM aclexplode(coalesce(i.initprivs, o.usual)) u
        WHERE u.grantee = 0 AND u.privilege_type = g.privilege_type)
END
"""

STRANGERS = f"""
SELECT o.name, CASE
    WHEN o.system AND o.oid >= 16384 AND NOT {_INSTALLED} THEN 'is not PostgreSQL''s own'
    WHEN o.definer THEN 'runs with the rights of its owner'
    WHEN o.leakproof THEN 'was made LEAKPROOF'
    ELSE 'belongs to an extension and reads tables of ours' END
FROM (
    SELECT 'pg_proc'::regclass AS class, oid, proname || '()' AS name,
        pronamespace IN {_SYSTEM} AS system, prosecdef AS definer,
        -- Those that PostgreSQL installs have not been touched since.
        proleakproof AND (oid >= 16384 OR xmin::text::bigint > 2) AS leakproof, false AS reads
    FROM pg_proc
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, c.relname::text, c.relnamespace IN {_SYSTEM}, false, false,
        EXISTS (SELECT FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass
            AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
            JOIN pg_class t ON t.oid = d.refobjid AND t.relnamespace NOT IN {_SYSTEM}
            WHERE w.ev_class = c.oid AND NOT EXISTS (SELECT FROM pg_depend e
                WHERE e.classid = 'pg_class'::regclass AND e.objid = t.oid AND e.deptype = 'e'))
    FROM pg_class c WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'pg_namespace'::regclass, oid, nspname::text, true, false, false, false
    FROM pg_namespace WHERE nspname ~ '^pg_' AND nspname !~ '^pg_(toast_)?temp_'
) o
WHERE (o.system AND o.oid >= 16384 AND NOT {_INSTALLED})
OR ((o.definer OR o.leakproof OR o.reads) AND (o.system OR {_INSTALLED}))
"""
