"""The erasure of a person whose id reads like a date leaves dates in others' records alone."""

from importlib import import_module

from django.db import migrations

DO = r"""
CREATE OR REPLACE FUNCTION erase_from_import(
    bot uuid, profile uuid, telegram bigint, chats uuid[], shared uuid[]
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    files uuid[];
    names jsonb := to_jsonb(profile) || to_jsonb(chats);
    telling boolean := abs(telegram::numeric) >= 10000;
    digits bytea := convert_to(telegram::text, 'UTF8');
    -- As UTF-16 has them.
    wide bytea := decode(regexp_replace(encode(convert_to(telegram::text, 'UTF8'), 'hex'), '(..)(?=.)', '\100', 'g'), 'hex');
    alone text := '(^|[^0-9])' || telegram || '($|[^0-9])';
    -- An id that reads like a date counts only where an id stands, or begins an entry.
    theirs text := CASE WHEN telegram::text ~ '^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$'
        THEN format('^[^"{]{0,12}"%1$s"\s*:|"([^"]*[_/])?(id|sender|user|chat|peer)"\s*:\s*"?[a-z]*%1$s"?\s*([],}]|$)', telegram)
        ELSE alone END;
    counts jsonb := '{}';
    part text;
    content text;
    gone bigint;
BEGIN
    IF (current_setting('role') = 'admin' AND (public.staff_is_superuser()
        OR bot = ANY (public.staff_bots('manager')))) IS NOT TRUE
    THEN
        RAISE insufficient_privilege USING MESSAGE = 'only managers of the bot erase people';
    END IF;
    IF telling THEN
        names := names || to_jsonb(telegram) || to_jsonb(telegram::text);
    END IF;
    SELECT coalesce(array_agg(id), '{}') INTO files FROM public.import_files
        WHERE bot_id = bot AND (key = telegram OR key IS NULL AND telling AND path ~ alone OR key IN (
            SELECT chat_id FROM public.conversations WHERE bot_id = bot AND id = ANY (chats)));
    -- What rows of the person were before, in whatever file that stood.
    DELETE FROM public.import_changes AS change WHERE change.bot_id = bot AND (
        change.file_id = ANY (files) OR change.row_id = profile OR change.row_id = ANY (chats)
        OR change.row_id IN (SELECT message.id FROM public.messages AS message
            WHERE message.bot_id = bot
            AND (message.conversation_id = ANY (chats) OR message.sender_id = telegram))
        OR jsonb_path_exists(change.before, '$.** ? (@ == $names[*])',
            jsonb_build_object('names', names)));
    GET DIAGNOSTICS gone = ROW_COUNT;
    counts := counts || jsonb_build_object('import_changes', gone);
    -- What a repair replaced, behind the name of its field.
    FOR part, content IN VALUES ('import_rejects', 'raw'), ('import_originals', 'original'),
        ('import_repairs', $c$convert_to('"' || pointer || '":', 'UTF8') || original$c$)
    LOOP
        EXECUTE format($q$
            DELETE FROM public.%1$I WHERE bot_id = $1 AND (file_id = ANY ($2)
            OR $3 AND (position($4 IN %2$s) > 0 OR position($5 IN %2$s) > 0)
            AND replace(encode(%2$s, 'escape'), '\000', '') ~ $6
            OR file_id = ANY ($7) AND %1$L <> 'import_rejects')$q$, part, content)
            USING bot, files, telling, digits, wide, theirs, shared;
        GET DIAGNOSTICS gone = ROW_COUNT;
        counts := counts || jsonb_build_object(part, gone);
    END LOOP;
    UPDATE public.import_backups SET stored = false WHERE bot_id = bot AND file_id = ANY (shared);
    UPDATE public.import_files SET header = header || '{"stored": false}'
        WHERE bot_id = bot AND id = ANY (shared);
    DELETE FROM public.import_file_parts
        WHERE bot_id = bot AND (file_id = ANY (files) OR file_id = ANY (shared));
    GET DIAGNOSTICS gone = ROW_COUNT;
    counts := counts || jsonb_build_object('import_file_parts', gone);
    DELETE FROM public.import_backups WHERE bot_id = bot AND file_id = ANY (files);
    GET DIAGNOSTICS gone = ROW_COUNT;
    counts := counts || jsonb_build_object('import_backups', gone);
    DELETE FROM public.import_chunks WHERE bot_id = bot AND file_id = ANY (files);
    GET DIAGNOSTICS gone = ROW_COUNT;
    counts := counts || jsonb_build_object('import_chunks', gone);
    -- What was said of the person's records while the bot's imports were looked at.
    UPDATE public.import_jobs SET output = '', report = NULL
        WHERE bot_id = bot AND finished_at IS NOT NULL AND (output <> '' OR report IS NOT NULL);
    GET DIAGNOSTICS gone = ROW_COUNT;
    counts := counts || jsonb_build_object('import_jobs', gone);
    DELETE FROM public.import_files WHERE bot_id = bot AND id = ANY (files);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN counts || jsonb_build_object('import_files', gone);
END;
$$;
"""

EARLIER = import_module("legacy_import.migrations.0005_people").DO
UNDO = EARLIER[: EARLIER.index("ALTER FUNCTION")].replace("CREATE", "CREATE OR REPLACE", 1)


class Migration(migrations.Migration):
    dependencies = [("legacy_import", "0005_people")]

    operations = [migrations.RunSQL(DO, UNDO)]
