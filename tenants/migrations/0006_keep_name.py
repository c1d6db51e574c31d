"""Only superusers name bots."""

import pgtrigger.migrations
import tenants.triggers
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0005_sealed_contexts"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="bot",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="keep_name",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.name IS DISTINCT FROM NEW.name AND current_setting('role') = 'admin')",
                    func="\n    IF NOT staff_is_superuser() THEN\n        RAISE EXCEPTION 'only a superuser names bots' USING ERRCODE = 'insufficient_privilege';\n    END IF;\n    RETURN NEW;\n",
                    hash="40d84fedb44c613ddded10822967b3ddd3f2299f",
                    operation='UPDATE OF "name"',
                    pgid="pgtrigger_keep_name_d31b5",
                    table="bots",
                    when="BEFORE",
                ),
            ),
        ),
    ]
