"""Language and time zone of staff: everybody's own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# From tenants.office.
SQL = """
ALTER TABLE staff_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_preferences FORCE ROW LEVEL SECURITY;
CREATE POLICY staff_preferences_sign_in ON staff_preferences FOR SELECT TO botplatform_office USING (true);
CREATE POLICY staff_preferences_read ON staff_preferences FOR SELECT TO admin USING (user_id = (SELECT current_staff()) OR (SELECT staff_is_superuser()));
CREATE POLICY staff_preferences_add ON staff_preferences FOR INSERT TO admin WITH CHECK (user_id = (SELECT current_staff()));
CREATE POLICY staff_preferences_change ON staff_preferences FOR UPDATE TO admin USING (user_id = (SELECT current_staff()));
CREATE POLICY staff_preferences_delete ON staff_preferences FOR DELETE TO admin USING (user_id = (SELECT current_staff()) OR (SELECT staff_is_superuser()));
GRANT SELECT ON staff_preferences TO botplatform_office;
GRANT SELECT, INSERT, UPDATE (language, time_zone), DELETE ON staff_preferences TO admin;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("tenants", "0007_downloads"),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffPreferences",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="preferences",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("language", models.CharField(blank=True, default="", max_length=16)),
                ("time_zone", models.CharField(blank=True, default="", max_length=64)),
            ],
            options={"db_table": "staff_preferences"},
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
