"""One person erased from the ledger, for managers of their bot: legacy_import.personal.

Files of the person, known by the id in their paths, go with everything that is kept of them. Of
other files those records go that have the id in their bytes; and the bytes of files of several
people (`shared`), which the caller has looked into, as only Python can.
"""

from django.db import migrations

DO = r"""
CREATE FUNCTION erase_from_import(
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
    FOR part, content IN VALUES ('import_rejects', 'raw'), ('import_repairs', 'original'),
        ('import_originals', 'original')
    LOOP
        EXECUTE format($q$
            DELETE FROM public.%1$I WHERE bot_id = $1 AND (file_id = ANY ($2)
            OR $3 AND (position($4 IN %2$I) > 0 OR position($5 IN %2$I) > 0)
            AND replace(encode(%2$I, 'escape'), '\000', '') ~ $6
            OR file_id = ANY ($7) AND %1$L <> 'import_rejects')$q$, part, content)
            USING bot, files, telling, digits, wide, alone, shared;
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
ALTER FUNCTION erase_from_import(uuid, uuid, bigint, uuid[], uuid[]) OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION erase_from_import(uuid, uuid, bigint, uuid[], uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_from_import(uuid, uuid, bigint, uuid[], uuid[]) TO admin;
GRANT SELECT, DELETE ON import_rejects, import_repairs, import_originals, import_changes, import_chunks, import_file_parts TO botplatform_keeper;
CREATE POLICY import_rejects_keeper_select ON import_rejects FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_rejects_keeper_delete ON import_rejects FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_repairs_keeper_select ON import_repairs FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_repairs_keeper_delete ON import_repairs FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_originals_keeper_select ON import_originals FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_originals_keeper_delete ON import_originals FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_changes_keeper_select ON import_changes FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_changes_keeper_delete ON import_changes FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_chunks_keeper_select ON import_chunks FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_chunks_keeper_delete ON import_chunks FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_file_parts_keeper_select ON import_file_parts FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_file_parts_keeper_delete ON import_file_parts FOR DELETE TO botplatform_keeper USING (true);
GRANT SELECT, DELETE, UPDATE (stored) ON import_backups TO botplatform_keeper;
CREATE POLICY import_backups_keeper_select ON import_backups FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_backups_keeper_delete ON import_backups FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_backups_keeper_update ON import_backups FOR UPDATE TO botplatform_keeper USING (true);
GRANT SELECT, UPDATE (output, report) ON import_jobs TO botplatform_keeper;
CREATE POLICY import_jobs_keeper_select ON import_jobs FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_jobs_keeper_update ON import_jobs FOR UPDATE TO botplatform_keeper USING (true);
GRANT SELECT, DELETE, UPDATE (header) ON import_files TO botplatform_keeper;
CREATE POLICY import_files_keeper_select ON import_files FOR SELECT TO botplatform_keeper USING (true);
CREATE POLICY import_files_keeper_delete ON import_files FOR DELETE TO botplatform_keeper USING (true);
CREATE POLICY import_files_keeper_update ON import_files FOR UPDATE TO botplatform_keeper USING (true);
"""

UNDO = """
DROP FUNCTION erase_from_import(uuid, uuid, bigint, uuid[], uuid[]);
REVOKE SELECT, DELETE ON import_rejects, import_repairs, import_originals, import_changes, import_chunks, import_file_parts FROM botplatform_keeper;
DROP POLICY import_rejects_keeper_select ON import_rejects;
DROP POLICY import_rejects_keeper_delete ON import_rejects;
DROP POLICY import_repairs_keeper_select ON import_repairs;
DROP POLICY import_repairs_keeper_delete ON import_repairs;
DROP POLICY import_originals_keeper_select ON import_originals;
DROP POLICY import_originals_keeper_delete ON import_originals;
DROP POLICY import_changes_keeper_select ON import_changes;
DROP POLICY import_changes_keeper_delete ON import_changes;
DROP POLICY import_chunks_keeper_select ON import_chunks;
DROP POLICY import_chunks_keeper_delete ON import_chunks;
DROP POLICY import_file_parts_keeper_select ON import_file_parts;
DROP POLICY import_file_parts_keeper_delete ON import_file_parts;
REVOKE SELECT, DELETE, UPDATE (stored) ON import_backups FROM botplatform_keeper;
DROP POLICY import_backups_keeper_select ON import_backups;
DROP POLICY import_backups_keeper_delete ON import_backups;
DROP POLICY import_backups_keeper_update ON import_backups;
REVOKE SELECT, UPDATE (output, report) ON import_jobs FROM botplatform_keeper;
DROP POLICY import_jobs_keeper_select ON import_jobs;
DROP POLICY import_jobs_keeper_update ON import_jobs;
REVOKE SELECT, DELETE, UPDATE (header) ON import_files FROM botplatform_keeper;
DROP POLICY import_files_keeper_select ON import_files;
DROP POLICY import_files_keeper_delete ON import_files;
DROP POLICY import_files_keeper_update ON import_files;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0009_people"),
        ("legacy_import", "0004_jobs"),
    ]

    operations = [migrations.RunSQL(DO, UNDO)]
