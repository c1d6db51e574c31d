"""Staff cannot give themselves, through Django's account tables, what row security refuses them."""

from django.db import migrations

TABLES = (
    *("auth_user", "auth_group", "auth_user_groups", "auth_group_permissions"),
    "auth_user_user_permissions",
)

FUNCTION = """
CREATE FUNCTION guard_accounts() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    -- One after the other: only admin may call the function at all.
    IF current_setting('role') <> 'admin' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF staff_is_superuser() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_TABLE_NAME = 'auth_user' AND TG_OP = 'UPDATE' THEN
        IF OLD.id = nullif(current_setting('app.current_user_id', true), '')::integer
            AND ROW(NEW.id, NEW.username, NEW.is_superuser, NEW.is_staff, NEW.is_active)
            IS NOT DISTINCT FROM
            ROW(OLD.id, OLD.username, OLD.is_superuser, OLD.is_staff, OLD.is_active)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'only a superuser manages accounts' USING ERRCODE = 'insufficient_privilege';
END
$$;
"""
TRIGGER = """
CREATE TRIGGER guard_accounts BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION guard_accounts();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_accounts;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0003_audit_log"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.RunSQL(
            FUNCTION + "".join(TRIGGER.format(table=table) for table in TABLES),
            "".join(f"DROP TRIGGER guard_accounts ON {table};" for table in TABLES)
            + "DROP FUNCTION guard_accounts();",
        )
    ]
