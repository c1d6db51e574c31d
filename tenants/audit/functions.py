"""The functions that write the audit log, as pure strings; emitted by migrations.

They run as the keeper, who alone may insert. No setting can suppress an entry: a malformed
correlation id or address is left out, and staff cannot act in another's name or in nobody's (the
seal). The role is read from its setting: inside a definer function current_user is the keeper.
"""

from tenants.policies import KEEPER, SUPERUSER, VIEWED, close_partition, keeper_sees

TABLE = "security_audit_log"

# Called by definer functions alone, as the keeper; its names are qualified because a search_path
# of its own would cost a third of each call. A token that somebody typed into a name or a config
# is cut as in the logs. Only an admin's session acts for a staff user; a statement that changes the
# setting on its way fails.
AUDIT_WRITE = r"""
CREATE FUNCTION audit_write(
    bot uuid, name text, key text, operation text, before jsonb, after jsonb,
    correlation text DEFAULT NULL, staff bigint DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    role text := nullif(pg_catalog.current_setting('role'), 'none');
    tied text := coalesce(
        nullif(pg_catalog.current_setting('app.correlation_id', true), ''), correlation);
    address text := pg_catalog.current_setting('app.client_address', true);
    token CONSTANT text := '(\d{5,16}(?::|%3[Aa]))[A-Za-z0-9_-]{30,}';
BEGIN
    IF role = 'admin' THEN
        staff := coalesce(public.current_staff(), staff);
        IF staff IS NULL THEN
            RAISE insufficient_privilege USING MESSAGE = 'the context has no staff user';
        END IF;
    END IF;
    INSERT INTO public.security_audit_log (logged_at, login, role, user_id, bot_id, table_name,
        row_key, operation, before, after, correlation_id, client_address)
    VALUES (
        pg_catalog.clock_timestamp(), session_user, role,
        staff, bot, name, pg_catalog.regexp_replace(key, token, '\1…', 'g'), operation,
        pg_catalog.regexp_replace(before::text, token, '\1…', 'g')::jsonb,
        pg_catalog.regexp_replace(after::text, token, '\1…', 'g')::jsonb,
        CASE WHEN tied ~ '^[A-Za-z0-9._-]{8,64}$' THEN tied END,
        CASE WHEN address ~ '^[0-9A-Fa-f:.]{2,45}$' THEN address END);
END;
$$
"""

# Of logins, refused requests and downloads only: it takes no table, no row and no values. Outside
# a context the name is a claim of the office's process; nobody else may call it.
AUDIT_EVENT = """
CREATE FUNCTION audit_event(event text, username text, path text, correlation text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    staff bigint;
BEGIN
    IF event IS NULL OR event NOT IN ('LOGIN', 'LOGIN_FAILED', 'LOGOUT', 'DENIED', 'DOWNLOAD') THEN
        RAISE EXCEPTION 'no such event' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF event <> 'LOGIN_FAILED' THEN
        SELECT person.id INTO staff FROM public.auth_user person
            WHERE person.username = audit_event.username;
    END IF;
    PERFORM public.audit_write(NULL, NULL, left(username, 150), event, NULL,
        CASE WHEN path IS NOT NULL THEN jsonb_build_object('path', left(path, 500)) END,
        correlation, staff);
END;
$$
"""

SIGNATURES = {
    "audit_write": "uuid, text, text, text, jsonb, jsonb, text, bigint",
    "audit_event": "text, text, text, text",
}
AUDITORS = "botplatform_office, admin"


def functions() -> list[str]:
    statements = [AUDIT_WRITE.strip(), AUDIT_EVENT.strip()]
    for name, arguments in SIGNATURES.items():
        statements += [
            f"ALTER FUNCTION {name}({arguments}) OWNER TO {KEEPER}",
            f"REVOKE ALL ON FUNCTION {name}({arguments}) FROM PUBLIC",
        ]
    event = f"audit_event({SIGNATURES['audit_event']})"
    return [*statements, f"GRANT EXECUTE ON FUNCTION {event} TO {AUDITORS}"]


def secure_audit_log() -> list[str]:
    """The owner keeps INSERT for a restore and TRUNCATE and DROP for retention, no more."""
    return [
        f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {TABLE}_nobody ON {TABLE} TO app_base, bot USING (false)",
        f"CREATE POLICY {TABLE}_staff_read ON {TABLE} FOR SELECT TO admin "
        f"USING (bot_id = {VIEWED} OR {SUPERUSER})",
        f"CREATE POLICY {TABLE}_operators ON {TABLE} FOR SELECT TO super_admin USING (true)",
        f"CREATE POLICY {TABLE}_keeper_insert ON {TABLE} FOR INSERT TO {KEEPER} WITH CHECK (true)",
        *closed(TABLE)[2:],
        f"GRANT SELECT ON {TABLE} TO admin, super_admin",
        f"GRANT INSERT ON {TABLE} TO {KEEPER}",
    ]


def closed(partition: str) -> list[str]:
    return [
        *close_partition(partition),
        f"REVOKE UPDATE, DELETE, REFERENCES, TRIGGER ON {partition} FROM CURRENT_USER",
    ]


# The months are made by what says now in the migration, and then by pgpartition.
FIRST_MONTHS = f"""
DO $$
DECLARE
    month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    part text;
BEGIN
    FOR n IN 0..3 LOOP
        part := '{TABLE}_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I PARTITION OF {TABLE} FOR VALUES FROM (%L) TO (%L)',
            part, month || '+00', month + interval '1 month' || '+00');
        EXECUTE format('COMMENT ON TABLE %I IS %L', part, 'psqlextra_auto_partitioned');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('REVOKE UPDATE, DELETE, REFERENCES, TRIGGER ON %I FROM CURRENT_USER', part);
        month := month + interval '1 month';
    END LOOP;
END;
$$
"""


def keeper_rights() -> list[str]:
    """To see whether a row's bot is still there, and who has just signed in."""
    return [
        *keeper_sees("bots", "SELECT (id)"),
        f"GRANT SELECT (username) ON auth_user TO {KEEPER}",
    ]
