"""Downloads of lists are in the audit log."""

from django.db import migrations, models

DO = r"""
CREATE OR REPLACE FUNCTION audit_event(event text, username text, path text, correlation text)
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
$$;
"""

UNDO = DO.replace(", 'DOWNLOAD'", "")


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0006_keep_name"),
    ]

    operations = [
        migrations.RunSQL(DO, UNDO),
        migrations.AlterField(
            model_name="auditentry",
            name="operation",
            field=models.CharField(
                choices=[
                    ("INSERT", "Insert"),
                    ("UPDATE", "Update"),
                    ("DELETE", "Delete"),
                    ("LOGIN", "Login"),
                    ("LOGIN_FAILED", "Login Failed"),
                    ("LOGOUT", "Logout"),
                    ("DENIED", "Denied"),
                    ("DOWNLOAD", "Download"),
                ],
                editable=False,
            ),
        ),
    ]
