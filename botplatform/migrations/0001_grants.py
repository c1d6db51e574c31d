"""What each plane's login may do with Django's own tables; tenant tables have row security."""

from django.db import migrations

# Before it knows who is there the office signs people in (and renews the hash of a password);
# the rest it does as `admin`, in a staff user's context. The other planes look whether the tables are there.
GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON
    auth_user, auth_group, auth_user_groups, auth_group_permissions, auth_user_user_permissions,
    django_admin_log
    TO admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON django_session TO botplatform_office, admin;
GRANT SELECT ON
    auth_user, auth_group, auth_user_groups, auth_group_permissions, auth_user_user_permissions
    TO botplatform_office;
GRANT UPDATE (last_login, password) ON auth_user TO botplatform_office;
GRANT SELECT ON auth_permission, django_content_type TO botplatform_office, admin;
GRANT SELECT ON django_migrations
    TO botplatform_office, botplatform_runtime, botplatform_ops, admin, super_admin;
GRANT SELECT ON auth_user TO botplatform_ops, super_admin;
"""

REVOKES = """
REVOKE ALL ON
    auth_user, auth_group, auth_user_groups, auth_group_permissions, auth_user_user_permissions,
    auth_permission, django_content_type, django_admin_log, django_session, django_migrations
    FROM botplatform_office, botplatform_runtime, botplatform_ops, admin, super_admin;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
    ]

    operations = [migrations.RunSQL(GRANTS, REVOKES)]
