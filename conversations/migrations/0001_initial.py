import conversations.queries
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.utils.timezone
import pgtrigger.migrations
import tenants.fields
import tenants.ids
import tenants.operations
import tenants.queries
import tenants.triggers
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tenants", "0002_row_security"),
    ]

    operations = [
        tenants.operations.CreateTenantTable(
            name="Profile",
            sealed=False,
            updatable=[
                "telegram_id",
                "name",
                "age",
                "location",
                "interests",
                "chat_style",
                "personality",
                "additional_data",
                "created_at",
                "last_active_at",
            ],
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("telegram_id", models.BigIntegerField()),
                ("name", models.CharField(blank=True, db_default="", default="")),
                (
                    "age",
                    models.SmallIntegerField(
                        blank=True,
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(18),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                ("location", models.CharField(blank=True, db_default="", default="")),
                (
                    "interests",
                    tenants.fields.JSONArrayField(
                        blank=True,
                        db_default=models.Value([], output_field=models.JSONField()),
                        default=list,
                    ),
                ),
                ("chat_style", models.CharField(blank=True, db_default="", default="")),
                ("personality", models.TextField(blank=True, db_default="", default="")),
                (
                    "additional_data",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("last_active_at", models.DateTimeField(blank=True, null=True)),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="tenants.bot",
                    ),
                ),
            ],
            options={
                "db_table": "profiles",
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        tenants.operations.CreateTenantTable(
            name="Conversation",
            sealed=False,
            updatable=["chat_id", "profile_id", "title", "created_at"],
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("chat_id", models.BigIntegerField()),
                ("profile_id", models.UUIDField(blank=True, null=True, verbose_name="profile")),
                ("title", models.CharField(blank=True, db_default="", default="")),
                ("message_count", models.BigIntegerField(db_default=0, default=0, editable=False)),
                ("last_position", models.BigIntegerField(db_default=0, default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                (
                    "updated_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("last_message_at", models.DateTimeField(editable=False, null=True)),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="tenants.bot",
                    ),
                ),
                (
                    "profile",
                    tenants.fields.SiblingKey(
                        from_fields=["bot", "profile_id"],
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="conversations",
                        to="conversations.profile",
                        to_fields=["bot", "id"],
                    ),
                ),
            ],
            options={
                "db_table": "conversations",
                "abstract": False,
                "base_manager_name": "objects",
            },
            managers=[
                ("objects", tenants.queries.TenantManager()),
            ],
        ),
        tenants.operations.CreateTenantTable(
            name="Message",
            sealed=False,
            updatable=[
                "telegram_message_id",
                "sender_type",
                "sender_id",
                "content",
                "message_type",
                "metadata",
                "sent_at",
            ],
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=tenants.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("conversation_id", models.UUIDField(verbose_name="conversation")),
                ("position", tenants.fields.PositionField(blank=True, editable=False)),
                ("telegram_message_id", models.BigIntegerField(blank=True, null=True)),
                (
                    "sender_type",
                    models.CharField(
                        choices=[("user", "User"), ("bot", "Bot"), ("system", "System")]
                    ),
                ),
                ("sender_id", models.BigIntegerField(blank=True, null=True)),
                ("content", models.TextField(blank=True, db_default="", default="")),
                ("message_type", models.CharField(db_default="text", default="text")),
                (
                    "metadata",
                    tenants.fields.JSONObjectField(
                        blank=True,
                        db_default=models.Value({}, output_field=models.JSONField()),
                        default=dict,
                    ),
                ),
                (
                    "sent_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        default=django.utils.timezone.now,
                    ),
                ),
                (
                    "search",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.contrib.postgres.search.SearchVector(
                            django.db.models.functions.text.Left("content", 100000),
                            config="russian",
                        ),
                        output_field=django.contrib.postgres.search.SearchVectorField(),
                    ),
                ),
                (
                    "bot",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        to="tenants.bot",
                    ),
                ),
                (
                    "conversation",
                    tenants.fields.SiblingKey(
                        from_fields=["bot", "conversation_id"],
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="messages",
                        to="conversations.conversation",
                        to_fields=["bot", "id"],
                    ),
                ),
            ],
            options={
                "db_table": "messages",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["search"], name="messages_search"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bot", "conversation_id", "position"),
                        name="messages_position_unique",
                        violation_error_message="This conversation has a message at this position already.",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("telegram_message_id__isnull", False)),
                        fields=("bot", "conversation_id", "telegram_message_id"),
                        name="messages_telegram_id_unique",
                        violation_error_message="This conversation has this Telegram message already.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("position__gte", 1)),
                        name="messages_position_positive",
                        violation_error_message="Positions begin at 1.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sender_type__in", ["user", "bot", "system"])),
                        name="messages_sender_known",
                        violation_error_message="The sender is user, bot or system.",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("message_type", ""), _negated=True),
                        name="messages_type_present",
                        violation_error_message="A message has a type, such as text.",
                    ),
                ],
            },
            managers=[
                ("objects", conversations.queries.MessageManager()),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="assign_position",
                sql=tenants.triggers.KeeperTriggerSql(
                    declare="DECLARE taken bigint;",
                    func="\n    IF current_setting('role') = 'bot' AND NEW.bot_id IS DISTINCT FROM\n        nullif(current_setting('app.current_bot_id', true), '')::uuid\n    THEN\n        RETURN NEW;\n    END IF;\n    IF NEW.position IS NOT NULL\n        AND current_setting('botplatform.locked_conversation', true) = NEW.conversation_id::text\n    THEN\n        RETURN NEW;\n    END IF;\n    SELECT last_position INTO taken FROM conversations\n        WHERE bot_id = NEW.bot_id AND id = NEW.conversation_id FOR NO KEY UPDATE;\n    PERFORM set_config('botplatform.locked_conversation', NEW.conversation_id::text, true);\n    IF NEW.position IS NULL THEN\n        SELECT greatest(taken, max(position), 0) + 1 INTO NEW.position FROM messages\n            WHERE bot_id = NEW.bot_id AND conversation_id = NEW.conversation_id;\n    END IF;\n    RETURN NEW;\n",
                    hash="d974a8dc713463fd8877265b952a6f486cb82553",
                    operation="INSERT",
                    pgid="pgtrigger_assign_position_16907",
                    table="messages",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="count_inserted",
                sql=tenants.triggers.KeeperTriggerSql(
                    declare="DECLARE chat record;",
                    func="\n    FOR chat IN\n        SELECT bot_id, conversation_id, count(*) AS messages, max(position) AS last_position,\n            (array_agg(sent_at ORDER BY position DESC))[1] AS last_sent_at\n        FROM inserted GROUP BY bot_id, conversation_id ORDER BY conversation_id\n    LOOP\n        UPDATE conversations SET\n            message_count = message_count + chat.messages,\n            last_position = greatest(last_position, chat.last_position),\n            last_message_at = CASE WHEN chat.last_position > last_position\n                THEN chat.last_sent_at\n                ELSE (SELECT sent_at FROM messages\n                    WHERE bot_id = chat.bot_id AND conversation_id = chat.conversation_id\n                    ORDER BY position DESC LIMIT 1)\n                END\n        WHERE bot_id = chat.bot_id AND id = chat.conversation_id;\n    END LOOP;\n    RETURN NULL;\n",
                    hash="ae03d01bd7d9f31df61bcfd42ba4b0f0cbdc2faa",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_count_inserted_074b6",
                    referencing="REFERENCING NEW TABLE AS inserted ",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="count_deleted",
                sql=tenants.triggers.KeeperTriggerSql(
                    declare="DECLARE chat record;",
                    func="\n    FOR chat IN\n        SELECT bot_id, conversation_id, count(*) AS messages\n        FROM deleted GROUP BY bot_id, conversation_id ORDER BY conversation_id\n    LOOP\n        UPDATE conversations SET\n            message_count = message_count - chat.messages,\n            last_message_at = (\n                SELECT sent_at FROM messages\n                WHERE bot_id = chat.bot_id AND conversation_id = chat.conversation_id\n                ORDER BY position DESC LIMIT 1)\n        WHERE bot_id = chat.bot_id AND id = chat.conversation_id;\n    END LOOP;\n    RETURN NULL;\n",
                    hash="517d1f3ed87693b62c5a7c2de020f8e15a869899",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_count_deleted_887a4",
                    referencing="REFERENCING OLD TABLE AS deleted ",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="follow_sent_at",
                sql=tenants.triggers.KeeperTriggerSql(
                    condition="WHEN (OLD.sent_at IS DISTINCT FROM NEW.sent_at)",
                    func="\n    UPDATE conversations SET last_message_at = NEW.sent_at\n        WHERE bot_id = NEW.bot_id AND id = NEW.conversation_id AND NOT EXISTS (\n            SELECT FROM messages WHERE bot_id = NEW.bot_id\n            AND conversation_id = NEW.conversation_id AND position > NEW.position);\n    RETURN NULL;\n",
                    hash="834a9d93defdb1132303ee738e517b3bc81c565a",
                    operation="UPDATE",
                    pgid="pgtrigger_follow_sent_at_db86c",
                    table="messages",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="keep_place",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (ROW(OLD.bot_id, OLD.conversation_id, OLD.position) IS DISTINCT FROM ROW(NEW.bot_id, NEW.conversation_id, NEW.position))",
                    func="RAISE EXCEPTION 'a message keeps its bot, conversation and position' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="b55ef2716605269ba4ab79a4ccd40798707aaa3b",
                    operation="UPDATE",
                    pgid="pgtrigger_keep_place_ac175",
                    table="messages",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="profile",
            index=models.Index(fields=["bot", "-last_active_at", "id"], name="profiles_activity"),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.UniqueConstraint(
                fields=("bot", "telegram_id"),
                name="profiles_telegram_id_unique",
                violation_error_message="This bot has a profile with this Telegram id already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="profile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("age__isnull", True), ("age__range", (18, 100)), _connector="OR"
                ),
                name="profiles_age_range",
                violation_error_message="The age is between 18 and 100.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="touch_updated_at",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = now(); RETURN NEW;",
                    hash="f6fc030eecb50d820f9fcbeaa15b26451b345199",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_updated_at_211a2",
                    table="profiles",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(
                fields=["bot", "-last_message_at", "id"], name="conversations_inbox"
            ),
        ),
        migrations.AddIndex(
            model_name="conversation",
            index=models.Index(fields=["bot", "profile_id"], name="conversations_profile"),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                fields=("bot", "chat_id"),
                name="conversations_chat_id_unique",
                violation_error_message="This bot has a conversation with this chat id already.",
            ),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.CheckConstraint(
                condition=models.Q(("last_position__gte", 0), ("message_count__gte", 0)),
                name="conversations_counters_positive",
                violation_error_message="Counters are never negative.",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="touch_updated_at",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.* IS DISTINCT FROM NEW.*)",
                    func="NEW.updated_at = now(); RETURN NEW;",
                    hash="cdc1e9bf8c41b168dc6813984896c3e104b7bacd",
                    operation="UPDATE",
                    pgid="pgtrigger_touch_updated_at_2a14f",
                    table="conversations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="conversation",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="keep_bot",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.bot_id IS DISTINCT FROM NEW.bot_id)",
                    func="RAISE EXCEPTION 'a row keeps its bot' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="c6399075e869d3799bd04bd61af6fc5f338af70a",
                    operation='UPDATE OF "bot_id"',
                    pgid="pgtrigger_keep_bot_3f300",
                    table="conversations",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="profile",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="keep_bot",
                sql=tenants.triggers.FirmTriggerSql(
                    condition="WHEN (OLD.bot_id IS DISTINCT FROM NEW.bot_id)",
                    func="RAISE EXCEPTION 'a row keeps its bot' USING ERRCODE = 'integrity_constraint_violation';",
                    hash="59be3026e90f7d7df7d039200fef66e92e62f73c",
                    operation='UPDATE OF "bot_id"',
                    pgid="pgtrigger_keep_bot_ad269",
                    table="profiles",
                    when="BEFORE",
                ),
            ),
        ),
    ]
