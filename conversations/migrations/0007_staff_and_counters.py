"""Staff lock no conversation that is not theirs to write to; new conversations count from zero."""

import pgtrigger.migrations
import tenants.triggers
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0006_words_of_bots"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="message",
            name="assign_position",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="start_at_zero",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (current_setting('role') = ANY (ARRAY['bot', 'admin']))",
                    func="\n    NEW.message_count = 0;\n    NEW.last_position = 0;\n    NEW.last_message_at = NULL;\n    RETURN NEW;\n",
                    hash="4a2d9b1af6cd61f13927a93d749e10aa8e9b1b69",
                    operation="INSERT",
                    pgid="pgtrigger_start_at_zero_19e43",
                    table="conversations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="assign_position",
                sql=tenants.triggers.KeeperTriggerSql(
                    declare="DECLARE taken bigint;",
                    func="\n    IF current_setting('role') = 'bot' AND NEW.bot_id IS DISTINCT FROM current_bot() THEN\n        RETURN NEW;\n    END IF;\n    IF current_setting('role') = 'admin'\n        AND coalesce(NEW.bot_id <> ALL (staff_bots('operator')), true) AND NOT staff_is_superuser()\n    THEN\n        RETURN NEW;\n    END IF;\n    IF NEW.position IS NOT NULL\n        AND current_setting('botplatform.locked_conversation', true) = NEW.conversation_id::text\n    THEN\n        RETURN NEW;\n    END IF;\n    SELECT last_position INTO taken FROM conversations\n        WHERE bot_id = NEW.bot_id AND id = NEW.conversation_id FOR NO KEY UPDATE;\n    PERFORM set_config('botplatform.locked_conversation', NEW.conversation_id::text, true);\n    IF NEW.position IS NULL THEN\n        SELECT greatest(taken, max(position), 0) + 1 INTO NEW.position FROM messages\n            WHERE bot_id = NEW.bot_id AND conversation_id = NEW.conversation_id;\n    END IF;\n    RETURN NEW;\n",
                    hash="c255889cd0282c8c8115f44d6577e9a31ed94c28",
                    operation="INSERT",
                    pgid="pgtrigger_assign_position_16907",
                    table="messages",
                    when="BEFORE",
                ),
            ),
        ),
    ]
