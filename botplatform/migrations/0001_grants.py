"""What each plane's login may do with Django's own tables and with `bots`."""

from django.db import migrations

# The office writes users, sessions and its log; the other planes only look whether the tables are
# there (migrations) and who did what (users).
GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON
    auth_user, auth_group, auth_user_groups, auth_group_permissions, auth_user_user_permissions,
    django_admin_log, django_session, bots
    TO botplatform_office;
GRANT SELECT ON auth_permission, django_content_type TO botplatform_office;
GRANT SELECT ON django_migrations
    TO botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT ON auth_user TO botplatform_ops;
GRANT SELECT, INSERT, UPDATE, DELETE ON bots TO botplatform_ops;
GRANT SELECT, UPDATE ON bots TO botplatform_runtime;
"""

REVOKES = """
REVOKE ALL ON
    auth_user, auth_group, auth_user_groups, auth_group_permissions, auth_user_user_permissions,
    auth_permission, django_content_type, django_admin_log, django_session, bots
    FROM botplatform_office, botplatform_runtime, botplatform_ops;
REVOKE ALL ON django_migrations FROM botplatform_office, botplatform_runtime, botplatform_ops;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("sessions", "0001_initial"),
        ("tenants", "0001_initial"),
    ]

    operations = [migrations.RunSQL(GRANTS, REVOKES)]
