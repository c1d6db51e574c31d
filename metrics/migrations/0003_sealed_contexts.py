"""As tenants.0005, for measurements."""

from django.db import migrations

POLICIES = """
ALTER POLICY bot_metrics_bot ON bot_metrics USING (bot_id = (SELECT current_bot()));
ALTER POLICY bot_metrics_staff_read ON bot_metrics USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_metrics_staff_add ON bot_metrics WITH CHECK (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_metrics_staff_change ON bot_metrics USING (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY bot_metrics_staff_delete ON bot_metrics USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
"""

POLICIES_BEFORE = """
ALTER POLICY bot_metrics_bot ON bot_metrics USING (bot_id = (SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid));
ALTER POLICY bot_metrics_staff_read ON bot_metrics USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
ALTER POLICY bot_metrics_staff_add ON bot_metrics WITH CHECK ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY bot_metrics_staff_change ON bot_metrics USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY bot_metrics_staff_delete ON bot_metrics USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
"""


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_audit"), ("tenants", "0005_sealed_contexts")]

    operations = [migrations.RunSQL(POLICIES, POLICIES_BEFORE)]
