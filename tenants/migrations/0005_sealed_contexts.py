"""Row security believes only settings that a process of ours sealed: tenants.seals.

Of two conditions the one that most statements end with comes first: staff's own bots, then whether
they are superusers.
"""

from typing import Any

from django.db import migrations

from tenants.seals import install_context_keys

FUNCTIONS = r"""
CREATE TABLE context_keys (inner_pad bytea NOT NULL, outer_pad bytea NOT NULL);
REVOKE ALL ON context_keys FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT ON context_keys TO botplatform_keeper;
CREATE FUNCTION current_bot() RETURNS uuid
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    claimed text := nullif(current_setting('app.current_bot_id', true), '');
BEGIN
    IF claimed IS NULL OR EXISTS (SELECT FROM public.context_keys
        WHERE current_setting('app.context_seal', true) = encode(
            sha256(outer_pad || sha256(inner_pad || convert_to('bot:' || claimed, 'UTF8'))), 'hex'))
    THEN
        RETURN claimed::uuid;
    END IF;
    RAISE insufficient_privilege USING
        MESSAGE = 'app.current_bot_id is not sealed with a key of this database',
        HINT = 'Enter a context: tenants.context. If all of them fail, CONTEXT_KEYS has changed: '
            'run manage.py install_context_keys.';
END
$$;
CREATE FUNCTION current_staff() RETURNS integer
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    claimed text := nullif(current_setting('app.current_user_id', true), '');
BEGIN
    IF claimed IS NULL OR EXISTS (SELECT FROM public.context_keys
        WHERE current_setting('app.context_seal', true) = encode(
            sha256(outer_pad || sha256(inner_pad || convert_to('staff:' || claimed, 'UTF8'))), 'hex'))
    THEN
        RETURN claimed::integer;
    END IF;
    RAISE insufficient_privilege USING
        MESSAGE = 'app.current_user_id is not sealed with a key of this database',
        HINT = 'Enter a context: tenants.context. If all of them fail, CONTEXT_KEYS has changed: '
            'run manage.py install_context_keys.';
END
$$;
CREATE OR REPLACE FUNCTION staff_bots(least_role text) RETURNS uuid[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    asking integer := public.current_staff();
BEGIN
    RETURN (
        SELECT array_agg(access.bot_id)
        FROM public.auth_user staff JOIN public.bot_access access ON access.user_id = staff.id
        WHERE staff.id = asking AND staff.is_active AND staff.is_staff
        AND access.role = ANY (CASE least_role
            WHEN 'viewer' THEN ARRAY['viewer', 'operator', 'manager']
            WHEN 'operator' THEN ARRAY['operator', 'manager']
            WHEN 'manager' THEN ARRAY['manager'] END));
END
$$;
CREATE OR REPLACE FUNCTION staff_is_superuser() RETURNS boolean
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    asking integer := public.current_staff();
BEGIN
    RETURN EXISTS (SELECT FROM public.auth_user staff
        WHERE staff.id = asking AND staff.is_active AND staff.is_staff AND staff.is_superuser);
END
$$;
CREATE OR REPLACE FUNCTION audit_write(
    bot uuid, name text, key text, operation text, before jsonb, after jsonb,
    correlation text DEFAULT NULL, staff bigint DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    role text := nullif(pg_catalog.current_setting('role'), 'none');
    tied text := coalesce(
        nullif(pg_catalog.current_setting('app.correlation_id', true), ''), correlation);
    token CONSTANT text := '(\d{5,16}(?::|%3[Aa]))[A-Za-z0-9_-]{30,}';
BEGIN
    IF role = 'admin' THEN
        staff := coalesce(public.current_staff(), staff);
        IF staff IS NULL THEN
            RAISE insufficient_privilege USING MESSAGE = 'the context has no staff user';
        END IF;
    END IF;
    INSERT INTO public.security_audit_log (logged_at, login, role, user_id, bot_id, table_name,
        row_key, operation, before, after, correlation_id)
    VALUES (
        pg_catalog.clock_timestamp(), session_user, role,
        staff, bot, name, pg_catalog.regexp_replace(key, token, '\1…', 'g'), operation,
        pg_catalog.regexp_replace(before::text, token, '\1…', 'g')::jsonb,
        pg_catalog.regexp_replace(after::text, token, '\1…', 'g')::jsonb,
        CASE WHEN tied ~ '^[A-Za-z0-9._-]{8,64}$' THEN tied END);
END;
$$;
ALTER FUNCTION current_bot() OWNER TO botplatform_keeper;
ALTER FUNCTION current_staff() OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION current_bot(), current_staff() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION current_bot() TO bot;
"""

POLICIES = """
ALTER POLICY bots_bot ON bots USING (id = (SELECT current_bot()));
ALTER POLICY bots_staff_read ON bots USING (id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bots_staff_change ON bots USING (id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_access_staff_read ON bot_access USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_access_staff_add ON bot_access WITH CHECK (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_access_staff_change ON bot_access USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_access_staff_delete ON bot_access USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY security_audit_log_staff_read ON security_audit_log USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
"""

FUNCTIONS_BEFORE = r"""
CREATE OR REPLACE FUNCTION staff_bots(least_role text) RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT array_agg(access.bot_id)
    FROM public.auth_user staff JOIN public.bot_access access ON access.user_id = staff.id
    WHERE staff.id = nullif(current_setting('app.current_user_id', true), '')::integer
    AND staff.is_active AND staff.is_staff
    AND access.role = ANY (CASE least_role
        WHEN 'viewer' THEN ARRAY['viewer', 'operator', 'manager']
        WHEN 'operator' THEN ARRAY['operator', 'manager']
        WHEN 'manager' THEN ARRAY['manager'] END)
$$;
CREATE OR REPLACE FUNCTION staff_is_superuser() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(bool_or(staff.is_superuser), false) FROM public.auth_user staff
    WHERE staff.id = nullif(current_setting('app.current_user_id', true), '')::integer
    AND staff.is_active AND staff.is_staff
$$;
CREATE OR REPLACE FUNCTION audit_write(
    bot uuid, name text, key text, operation text, before jsonb, after jsonb,
    correlation text DEFAULT NULL, staff bigint DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    role text := nullif(pg_catalog.current_setting('role'), 'none');
    asked text := pg_catalog.current_setting('app.current_user_id', true);
    tied text := coalesce(
        nullif(pg_catalog.current_setting('app.correlation_id', true), ''), correlation);
    token CONSTANT text := '(\d{5,16}(?::|%3[Aa]))[A-Za-z0-9_-]{30,}';
BEGIN
    INSERT INTO public.security_audit_log (logged_at, login, role, user_id, bot_id, table_name,
        row_key, operation, before, after, correlation_id)
    VALUES (
        pg_catalog.clock_timestamp(), session_user, role,
        CASE WHEN role = 'admin' AND asked ~ '^[0-9]{1,18}$' THEN asked::bigint ELSE staff END,
        bot, name, pg_catalog.regexp_replace(key, token, '\1…', 'g'), operation,
        pg_catalog.regexp_replace(before::text, token, '\1…', 'g')::jsonb,
        pg_catalog.regexp_replace(after::text, token, '\1…', 'g')::jsonb,
        CASE WHEN tied ~ '^[A-Za-z0-9._-]{8,64}$' THEN tied END);
END;
$$;
DROP FUNCTION current_bot();
DROP FUNCTION current_staff();
DROP TABLE context_keys;
"""

POLICIES_BEFORE = """
ALTER POLICY bots_bot ON bots USING (id = (SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid));
ALTER POLICY bots_staff_read ON bots USING ((SELECT staff_is_superuser()) OR id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
ALTER POLICY bots_staff_change ON bots USING ((SELECT staff_is_superuser()) OR id = ANY ((SELECT staff_bots('manager'))::uuid[]));
ALTER POLICY bot_access_staff_read ON bot_access USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
ALTER POLICY bot_access_staff_add ON bot_access WITH CHECK ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
ALTER POLICY bot_access_staff_change ON bot_access USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
ALTER POLICY bot_access_staff_delete ON bot_access USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
ALTER POLICY security_audit_log_staff_read ON security_audit_log USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
"""


def install(apps: Any, schema_editor: Any) -> None:
    """Before the first policy asks for them. Live code on purpose: it must fit what it signs."""
    install_context_keys(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_accounts")]

    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BEFORE),
        migrations.RunPython(install, migrations.RunPython.noop),
        migrations.RunSQL(POLICIES, POLICIES_BEFORE),
    ]
