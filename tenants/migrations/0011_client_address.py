"""The audit log says from which address a request came."""

from importlib import import_module

from django.db import migrations, models

DO = r"""
CREATE OR REPLACE FUNCTION audit_write(
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
$$;
"""

EARLIER = import_module("tenants.migrations.0005_sealed_contexts").FUNCTIONS
BEGIN = EARLIER.index("CREATE OR REPLACE FUNCTION audit_write")
UNDO = EARLIER[BEGIN : EARLIER.index("$$;", EARLIER.index("$$", BEGIN) + 2) + 3]


class Migration(migrations.Migration):
    dependencies = [("tenants", "0010_searches")]

    operations = [
        migrations.AddField(
            model_name="auditentry",
            name="client_address",
            field=models.CharField("IP address", editable=False, null=True),
        ),
        migrations.RunSQL(DO, UNDO),
    ]
