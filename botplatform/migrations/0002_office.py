"""In a context staff have no right to sessions, and see of Django's log what they did themselves."""

from django.db import migrations

# From tenants.office.
SQL = """
REVOKE ALL ON django_session FROM admin;
ALTER TABLE django_admin_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE django_admin_log FORCE ROW LEVEL SECURITY;
CREATE POLICY django_admin_log_read ON django_admin_log FOR SELECT TO admin USING (user_id = (SELECT current_staff()) OR (SELECT staff_is_superuser()));
CREATE POLICY django_admin_log_add ON django_admin_log FOR INSERT TO admin WITH CHECK (user_id = (SELECT current_staff()));
CREATE POLICY django_admin_log_delete ON django_admin_log FOR DELETE TO admin USING ((SELECT staff_is_superuser()));
REVOKE UPDATE ON django_admin_log FROM admin;
GRANT EXECUTE ON FUNCTION current_staff() TO admin;
"""

UNDO = """
REVOKE EXECUTE ON FUNCTION current_staff() FROM admin;
GRANT UPDATE ON django_admin_log TO admin;
DROP POLICY django_admin_log_read ON django_admin_log;
DROP POLICY django_admin_log_add ON django_admin_log;
DROP POLICY django_admin_log_delete ON django_admin_log;
ALTER TABLE django_admin_log NO FORCE ROW LEVEL SECURITY;
ALTER TABLE django_admin_log DISABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO admin;
"""


class Migration(migrations.Migration):
    dependencies = [("botplatform", "0001_grants"), ("tenants", "0005_sealed_contexts")]

    operations = [migrations.RunSQL(SQL, UNDO)]
