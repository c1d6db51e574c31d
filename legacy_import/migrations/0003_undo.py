"""What a rollback needs to know: who wrote a changed row before, and which chats a run linked."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("legacy_import", "0002_row_security")]

    operations = [
        migrations.AddField(
            model_name="change",
            name="written_by",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="importrun",
            name="linked",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(), null=True
            ),
        ),
        migrations.RunSQL(
            "GRANT UPDATE (linked) ON import_runs TO super_admin", migrations.RunSQL.noop
        ),
    ]
