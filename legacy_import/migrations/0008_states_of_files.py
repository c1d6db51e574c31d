"""The bytes of each state of a file stay; what a state has in common with the next is there once."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("legacy_import", "0007_results")]

    operations = [
        migrations.AddField(
            model_name="filepart",
            name="same_as",
            field=models.UUIDField(null=True),
        ),
        migrations.RunSQL(
            "GRANT UPDATE (data, same_as) ON import_file_parts TO super_admin",
            migrations.RunSQL.noop,
        ),
    ]
