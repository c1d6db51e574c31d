"""One person: that they were exported, and how they are erased from the log; tenants.audit.personal."""

from django.db import migrations, models

DO = """
CREATE FUNCTION audit_export(bot uuid, person uuid)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (current_setting('role') = 'admin' AND (public.staff_is_superuser()
        OR bot = ANY (public.staff_bots('operator')))) IS NOT TRUE
    THEN
        RAISE insufficient_privilege USING MESSAGE = 'only operators of the bot export people';
    END IF;
    PERFORM public.audit_write(bot, 'profiles', person::text, 'EXPORT', NULL, NULL);
END;
$$;
CREATE FUNCTION audit_erase(bot uuid, person uuid, erased jsonb)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    telegram text;
    keys text[];
    names jsonb;
    entries bigint;
    clicks bigint;
    more bigint;
    receipt uuid;
    mark CONSTANT jsonb := '"erased"';
BEGIN
    IF (current_setting('role') = 'admin' AND (public.staff_is_superuser()
        OR bot = ANY (public.staff_bots('manager')))) IS NOT TRUE
    THEN
        RAISE insufficient_privilege USING MESSAGE = 'only managers of the bot erase people';
    END IF;
    IF EXISTS (SELECT FROM jsonb_each(erased) AS each
        WHERE each.key !~ '^[a-z_]{1,63}$' OR jsonb_typeof(each.value) <> 'number')
    THEN
        RAISE EXCEPTION 'a receipt has numbers of rows by table, and nothing else'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT log.before ->> 'telegram_id' INTO telegram FROM public.security_audit_log AS log
        WHERE log.bot_id = bot AND log.logged_at >= transaction_timestamp()
        AND log.table_name = 'profiles' AND log.row_key = person::text
        AND log.operation = 'DELETE' AND log.user_id = public.current_staff();
    IF telegram IS NULL THEN
        RAISE EXCEPTION 'this transaction erases no such person'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Also profiles and chats that went before, and came again with another id.
    SELECT array_agg(DISTINCT log.row_key) INTO keys FROM public.security_audit_log AS log
        WHERE log.bot_id = bot AND log.table_name = 'profiles'
        AND log.operation IN ('INSERT', 'DELETE')
        AND coalesce(log.before, log.after) ->> 'telegram_id' = telegram;
    SELECT keys || coalesce(array_agg(DISTINCT log.row_key), '{}') INTO keys
        FROM public.security_audit_log AS log
        WHERE log.bot_id = bot AND log.table_name = 'conversations'
        AND log.operation IN ('INSERT', 'DELETE') AND (
            coalesce(log.before, log.after) ->> 'chat_id' = telegram
            OR coalesce(log.before, log.after) ->> 'profile_id' = ANY (keys));
    names := to_jsonb(keys);
    IF abs(telegram::numeric) >= 10000 THEN
        names := names || to_jsonb(telegram) || to_jsonb(telegram::bigint);
    END IF;
    names := jsonb_build_object('names', names);
    UPDATE public.security_audit_log AS log SET
        before = (SELECT jsonb_object_agg(key, mark) FROM jsonb_object_keys(log.before) AS key),
        after = (SELECT jsonb_object_agg(key, mark) FROM jsonb_object_keys(log.after) AS key)
        WHERE log.bot_id = bot AND log.operation <> 'ERASE' AND (
            log.row_key = ANY (keys)
            OR jsonb_path_exists(log.before, '$.** ? (@ == $names[*])', names)
            OR jsonb_path_exists(log.after, '$.** ? (@ == $names[*])', names));
    GET DIAGNOSTICS entries = ROW_COUNT;
    -- Addresses that were asked for.
    UPDATE public.security_audit_log AS log SET after = '{"path": "erased"}'
        WHERE log.bot_id IS NULL AND (EXISTS (
            SELECT FROM unnest(keys) AS key WHERE position(key IN (log.after ->> 'path')) > 0)
            OR (abs(telegram::numeric) >= 10000
                AND log.after ->> 'path' ~ ('(^|[^0-9])' || telegram || '($|[^0-9])')));
    GET DIAGNOSTICS more = ROW_COUNT;
    UPDATE public.django_admin_log AS click SET object_repr = 'erased', change_message = ''
        WHERE click.object_id = ANY (keys);
    GET DIAGNOSTICS clicks = ROW_COUNT;
    PERFORM public.audit_write(bot, 'profiles', person::text, 'ERASE', NULL, erased
        || jsonb_build_object('security_audit_log', entries + more, 'django_admin_log', clicks));
    SELECT log.id INTO receipt FROM public.security_audit_log AS log
        WHERE log.bot_id = bot AND log.logged_at >= transaction_timestamp()
        AND log.row_key = person::text AND log.operation = 'ERASE'
        ORDER BY log.logged_at DESC LIMIT 1;
    RETURN receipt;
END;
$$;
ALTER FUNCTION audit_export(uuid, uuid) OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION audit_export(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_export(uuid, uuid) TO admin;
ALTER FUNCTION audit_erase(uuid, uuid, jsonb) OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION audit_erase(uuid, uuid, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_erase(uuid, uuid, jsonb) TO admin;
GRANT SELECT, UPDATE (before, after) ON security_audit_log TO botplatform_keeper;
CREATE POLICY security_audit_log_keeper_select ON security_audit_log FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY security_audit_log_keeper_update ON security_audit_log FOR UPDATE TO botplatform_keeper USING (true);
GRANT SELECT (object_id), UPDATE (object_repr, change_message) ON django_admin_log TO botplatform_keeper;
CREATE POLICY django_admin_log_keeper_select ON django_admin_log FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY django_admin_log_keeper_update ON django_admin_log FOR UPDATE TO botplatform_keeper USING (true);
"""

UNDO = """
DROP FUNCTION audit_export(uuid, uuid);
DROP FUNCTION audit_erase(uuid, uuid, jsonb);
DROP POLICY security_audit_log_keeper_select ON security_audit_log;
DROP POLICY security_audit_log_keeper_update ON security_audit_log;
REVOKE SELECT, UPDATE (before, after) ON security_audit_log FROM botplatform_keeper;
DROP POLICY django_admin_log_keeper_select ON django_admin_log;
DROP POLICY django_admin_log_keeper_update ON django_admin_log;
REVOKE SELECT (object_id), UPDATE (object_repr, change_message) ON django_admin_log FROM botplatform_keeper;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("tenants", "0008_staff_preferences"),
    ]

    operations = [
        migrations.RunSQL(DO, UNDO),
        migrations.AlterField(
            model_name="auditentry",
            name="operation",
            field=models.CharField(
                choices=[
                    ("INSERT", "Insert"),
                    ("UPDATE", "Update"),
                    ("DELETE", "Delete"),
                    ("LOGIN", "Login"),
                    ("LOGIN_FAILED", "Login Failed"),
                    ("LOGOUT", "Logout"),
                    ("DENIED", "Denied"),
                    ("DOWNLOAD", "Download"),
                    ("EXPORT", "Export"),
                    ("ERASE", "Erase"),
                ],
                editable=False,
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                fields=["user_id", "-logged_at"],
                condition=models.Q(user_id__isnull=False),
                name="audit_of_user",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                fields=["operation", "-logged_at"],
                condition=~models.Q(operation__in=["INSERT", "UPDATE", "DELETE"]),
                name="audit_of_event",
            ),
        ),
    ]
