"""Lists of people over all bots, and who was erased."""

import django.db.models.deletion
import django.db.models.functions.datetime
import tenants.ids
import tenants.queries
from django.db import migrations, models

SECURITY = """
ALTER TABLE erased_people ADD CONSTRAINT erased_people_bot_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE;
ALTER TABLE erased_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE erased_people FORCE ROW LEVEL SECURITY;
CREATE POLICY erased_people_staff_read ON erased_people FOR SELECT TO admin USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
CREATE POLICY erased_people_operators ON erased_people TO super_admin USING (true);
CREATE POLICY erased_people_nobody ON erased_people TO app_base, bot USING (false);
REVOKE ALL ON erased_people FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT ON erased_people TO admin;
GRANT SELECT, INSERT, DELETE ON erased_people TO super_admin;
GRANT INSERT ON erased_people TO admin;
CREATE POLICY erased_people_managers_add ON erased_people FOR INSERT TO admin WITH CHECK (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0008_changed_days"),
        ("tenants", "0009_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="ErasedPerson",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("mark", models.BinaryField(help_text="conversations.personal.mark_of()")),
                (
                    "erased_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
            ],
            options={
                "db_table": "erased_people",
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        migrations.AddField(
            model_name="erasedperson",
            name="bot",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="tenants.bot",
            ),
        ),
        migrations.AddIndex(
            model_name="erasedperson",
            index=models.Index(fields=["bot", "mark"], name="erased_people_mark"),
        ),
        migrations.RunSQL(SECURITY, migrations.RunSQL.noop),
    ]
