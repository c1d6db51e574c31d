"""Search over the rows of whoever asks, with the indexes that row security keeps from others.

Whose rows they are follows from the role, which nobody takes on without the right to: an argument
only narrows. `querytree` is '' for stop words only and 'T' for what no index can find.
Ranking reads the whole vector of a row, so of a common word's rows the newest are ranked.
"""

from django.db import migrations

SEARCH = """
GRANT USAGE, CREATE ON SCHEMA public TO botplatform_searcher;
GRANT SELECT (id, bot_id, sent_at, search) ON messages TO botplatform_searcher;
CREATE POLICY messages_searcher_select ON messages FOR SELECT TO botplatform_searcher USING (true);
GRANT EXECUTE ON FUNCTION staff_bots(text), staff_is_superuser() TO botplatform_searcher;
CREATE FUNCTION search_messages(query tsquery, newest_first boolean, most integer, only_bots uuid[])
    RETURNS TABLE (id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    seen uuid[];
    everything boolean := false;
    rows_of text := 'messages.bot_id = ANY ($3)';
BEGIN
    CASE current_setting('role')
        WHEN 'bot' THEN
            seen := ARRAY[nullif(current_setting('app.current_bot_id', true), '')::uuid];
        WHEN 'admin' THEN
            everything := public.staff_is_superuser();
            seen := public.staff_bots('viewer');
        WHEN 'super_admin' THEN
            everything := true;
        ELSE RETURN;
    END CASE;
    IF everything THEN
        seen := only_bots;
    ELSIF only_bots IS NOT NULL THEN
        seen := ARRAY(SELECT unnest(seen) INTERSECT SELECT unnest(only_bots));
    END IF;
    IF querytree(query) IN ('', 'T') OR coalesce(most, 0) < 1 THEN
        RETURN;
    END IF;
    IF seen IS NULL AND everything THEN
        rows_of := 'true';
    ELSIF cardinality(seen) = 1 THEN
        rows_of := 'messages.bot_id = $3[1]';
    END IF;
    -- EXECUTE plans with the values, and so for the partitions of these bots alone.
    IF newest_first THEN
        RETURN QUERY EXECUTE
            'SELECT messages.id FROM public.messages WHERE ' || rows_of || ' AND search @@ $1'
            ' ORDER BY sent_at DESC, id DESC LIMIT $2'
            USING query, least(most, 1000), seen;
    ELSE
        RETURN QUERY EXECUTE
            'SELECT newest.id FROM (SELECT messages.id, sent_at, search FROM public.messages'
            ' WHERE ' || rows_of || ' AND search @@ $1 ORDER BY sent_at DESC, id DESC LIMIT 1000)'
            ' AS newest ORDER BY ts_rank_cd(search, $1) DESC, sent_at DESC, id DESC LIMIT $2'
            USING query, least(most, 1000), seen;
    END IF;
END
$$;
ALTER FUNCTION search_messages(tsquery, boolean, integer, uuid[]) OWNER TO botplatform_searcher;
REVOKE CREATE ON SCHEMA public FROM botplatform_searcher;
REVOKE ALL ON FUNCTION search_messages(tsquery, boolean, integer, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_messages(tsquery, boolean, integer, uuid[]) TO bot, admin, super_admin;
"""

UNDO = """
DROP FUNCTION search_messages(tsquery, boolean, integer, uuid[]);
REVOKE EXECUTE ON FUNCTION staff_bots(text), staff_is_superuser() FROM botplatform_searcher;
DROP POLICY messages_searcher_select ON messages;
REVOKE ALL ON messages FROM botplatform_searcher;
REVOKE SELECT (id, bot_id, sent_at, search) ON messages FROM botplatform_searcher;
REVOKE USAGE ON SCHEMA public FROM botplatform_searcher;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0003_audit"), ("tenants", "0002_row_security")]

    operations = [migrations.RunSQL(SEARCH, UNDO)]
