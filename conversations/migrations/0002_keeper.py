"""What the keeper needs to keep positions and counters; emitted by tenants.policies."""

from django.db import migrations

RIGHTS = """
GRANT SELECT, UPDATE (message_count, last_position, last_message_at) ON conversations TO botplatform_keeper;
CREATE POLICY conversations_keeper_select ON conversations FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY conversations_keeper_update ON conversations FOR UPDATE TO botplatform_keeper USING (true);
GRANT SELECT ON messages TO botplatform_keeper;
CREATE POLICY messages_keeper_select ON messages FOR SELECT TO botplatform_keeper USING (true);
"""

UNDO = """
DROP POLICY conversations_keeper_select ON conversations;
DROP POLICY conversations_keeper_update ON conversations;
DROP POLICY messages_keeper_select ON messages;
REVOKE ALL ON conversations, messages FROM botplatform_keeper;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0001_initial")]

    operations = [migrations.RunSQL(RIGHTS, UNDO)]
