"""What staff searched for before a download goes with the person: tenants.audit.personal."""

from importlib import import_module

from django.db import migrations

DO = r"""
CREATE OR REPLACE FUNCTION audit_erase(bot uuid, person uuid, erased jsonb)
RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    telegram text;
    keys text[];
    names jsonb;
    words bytea[];
    entries bigint;
    clicks bigint;
    more bigint;
    searches bigint;
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
    -- As people type them; a name in the form of an id may be another row's.
    SELECT coalesce(array_agg(convert_to(typed.name, 'UTF8')), '{}') INTO words
        FROM public.security_audit_log AS log,
        LATERAL (VALUES (log.before ->> 'name'), (log.after ->> 'name')) AS said (name),
        LATERAL (VALUES (btrim(said.name)), (lower(btrim(said.name))), (upper(btrim(said.name))),
            (initcap(btrim(said.name)))) AS typed (name)
        WHERE log.bot_id = bot AND log.table_name = 'profiles' AND log.row_key = ANY (keys)
        AND btrim(said.name) <> '' AND said.name !~ '^[0-9a-fA-F-]{32,36}$';
    names := to_jsonb(keys);
    IF abs(telegram::numeric) >= 10000 THEN
        names := names || to_jsonb(telegram) || to_jsonb(telegram::bigint);
        words := words || convert_to(telegram, 'UTF8');
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
    -- What was searched for, where it is the name; the rest of the address stays.
    UPDATE public.security_audit_log AS log
        SET after = jsonb_build_object('path', split_part(log.after ->> 'path', '?', 1)
            || '?' || without.query)
        FROM (
            SELECT asked.id, asked.logged_at, string_agg(CASE WHEN given.value = ANY (words)
                THEN split_part(pair, '=', 1) || '=erased' ELSE pair END, '&' ORDER BY n) AS query
            FROM public.security_audit_log AS asked,
            LATERAL regexp_split_to_table(substr(asked.after ->> 'path',
                position('?' IN asked.after ->> 'path') + 1), '&') WITH ORDINALITY AS of (pair, n),
            LATERAL (SELECT btrim(string_agg(CASE WHEN piece[1] ~ '^%..$'
                THEN decode(substr(piece[1], 2), 'hex') ELSE convert_to(piece[1], 'UTF8') END,
                ''::bytea), ' '::bytea)
                FROM regexp_matches(replace(substr(pair, position('=' IN pair) + 1), '+', ' '),
                    '%[0-9A-Fa-f]{2}|.', 'g') AS piece) AS given (value)
            WHERE asked.bot_id IS NULL AND asked.operation = 'DOWNLOAD'
            AND position('?' IN asked.after ->> 'path') > 0
            GROUP BY asked.id, asked.logged_at
            HAVING bool_or(given.value = ANY (words))) AS without
        WHERE log.id = without.id AND log.logged_at = without.logged_at;
    GET DIAGNOSTICS searches = ROW_COUNT;
    UPDATE public.django_admin_log AS click SET object_repr = 'erased', change_message = ''
        WHERE click.object_id = ANY (keys);
    GET DIAGNOSTICS clicks = ROW_COUNT;
    PERFORM public.audit_write(bot, 'profiles', person::text, 'ERASE', NULL, erased
        || jsonb_build_object('security_audit_log', entries + more + searches,
            'django_admin_log', clicks));
    SELECT log.id INTO receipt FROM public.security_audit_log AS log
        WHERE log.bot_id = bot AND log.logged_at >= transaction_timestamp()
        AND log.row_key = person::text AND log.operation = 'ERASE'
        ORDER BY log.logged_at DESC LIMIT 1;
    RETURN receipt;
END;
$$;
"""

EARLIER = import_module("tenants.migrations.0009_people").DO
BEGIN = EARLIER.index("CREATE FUNCTION audit_erase")
UNDO = EARLIER[BEGIN : EARLIER.index("ALTER FUNCTION")].replace("CREATE", "CREATE OR REPLACE", 1)


class Migration(migrations.Migration):
    dependencies = [("tenants", "0009_people")]

    operations = [migrations.RunSQL(DO, UNDO)]
