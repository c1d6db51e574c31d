"""Every word in the full-text index carries its bot, and so a search walks by no other bot's words.

Ten bots and more share an index. With plain words a bot's search for one that only another bot has
reads a page more than for one that nobody has, and takes longer. With `a1b2c3d4e5f6.борщ` (the end
of the bot's id; the begin of a uuid7 is a time) it finds nothing in either case, after the same
pages. Vector and index of 10,000 messages take 1.13 times as long. A bot's search stays at about a
millisecond; a search of 1,000 bots looks up each one's words, 35 ms for a rare one instead of 2.

`replace` on the vector's text costs 5 times less than a regular expression, and is right because the
parser makes no word with a space in it under this configuration. A query may be written by hand, with
anything in it: there the regular expression takes whole words.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models
from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION words_of_bot(bot uuid, content text) RETURNS tsvector
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    words tsvector := to_tsvector('pg_catalog.russian', left(content, 100000));
BEGIN
    -- A word holds 2,046 bytes with its bot, a vector 1 MB; lower case may take half as much again.
    IF octet_length(content) > 1300 THEN
        IF pg_column_size(words) + 16 * length(words) > 1000000 THEN
            words := to_tsvector('pg_catalog.russian', left(content, 40000));
        END IF;
        words := ts_delete(words, ARRAY(
            SELECT lexeme FROM unnest(words) WHERE octet_length(lexeme) > 2033));
    END IF;
    RETURN replace(' ' || words::text, ' ''', ' ''' || right(bot::text, 12) || '.')::tsvector;
END
$$;
CREATE FUNCTION query_of_bot(bot uuid, query tsquery) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT regexp_replace(query::text, '''((?:[^'']|'''')*)''',
        '''' || right(bot::text, 12) || E'.\\1''', 'g')::tsquery
$$;
REVOKE ALL ON FUNCTION words_of_bot(uuid, text), query_of_bot(uuid, tsquery) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION words_of_bot(uuid, text) TO bot, admin, super_admin;
GRANT EXECUTE ON FUNCTION query_of_bot(uuid, tsquery) TO bot, admin, super_admin, botplatform_searcher;
"""

FUNCTIONS_BEFORE = """
DROP FUNCTION words_of_bot(uuid, text);
DROP FUNCTION query_of_bot(uuid, tsquery);
"""

# A right to a column goes with the column.
READ_WORDS = "GRANT SELECT (search) ON messages TO botplatform_searcher;"

SEARCH = """
GRANT SELECT (id) ON bots TO botplatform_searcher;
CREATE POLICY bots_searcher_select ON bots FOR SELECT TO botplatform_searcher USING (true);
CREATE OR REPLACE FUNCTION search_messages(query tsquery, newest_first boolean, most integer, only_bots uuid[])
    RETURNS TABLE (id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path = pg_catalog, public, pg_temp
    SET jit = off -- Its guess of what a lookup costs is too high, and compiling takes longer.
AS $$
DECLARE
    seen uuid[];
    everything boolean := false;
    of_bots text;
    is_its text := 'bot_id = bot';
    rank text := CASE WHEN newest_first THEN '' ELSE 'ts_rank_cd(search, asked) DESC, ' END;
BEGIN
    CASE current_setting('role')
        WHEN 'bot' THEN
            seen := ARRAY[public.current_bot()];
        WHEN 'admin' THEN
            everything := public.staff_is_superuser();
            seen := public.staff_bots('viewer');
        WHEN 'super_admin' THEN
            everything := true;
        ELSE RETURN;
    END CASE;
    IF querytree(query) IN ('', 'T') OR coalesce(most, 0) < 1 THEN
        RETURN;
    END IF;
    IF everything THEN
        seen := ARRAY(SELECT bots.id FROM public.bots);
    END IF;
    IF only_bots IS NOT NULL THEN
        seen := ARRAY(SELECT unnest(seen) INTERSECT SELECT unnest(only_bots));
    END IF;
    -- EXECUTE plans with the values: for one bot with its own words, and for its partition alone.
    IF cardinality(seen) = 1 THEN
        of_bots := 'SELECT $3[1], public.query_of_bot($3[1], $1)';
    ELSE
        -- One plan that looks each bot's words up. It is not asked to think of the index by bot:
        -- knowing nothing of the words, it would read all entries of a bot there.
        of_bots := 'SELECT bot, public.query_of_bot(bot, $1) FROM unnest($3) AS bot OFFSET 0';
        is_its := 'bot_id IS NOT DISTINCT FROM bot';
    END IF;
    RETURN QUERY EXECUTE 'SELECT newest.id FROM (SELECT own.id, sent_at, search, asked'
        ' FROM (' || of_bots || ') AS seen (bot, asked), LATERAL ('
        '  SELECT messages.id, sent_at, search FROM public.messages WHERE ' || is_its ||
        '  AND search @@ asked ORDER BY sent_at DESC, id DESC LIMIT $4) AS own'
        ' ORDER BY sent_at DESC, id DESC LIMIT $4) AS newest'
        ' ORDER BY ' || rank || 'sent_at DESC, id DESC LIMIT $2'
        USING query, least(most, 1000), seen,
            CASE WHEN newest_first THEN least(most, 1000) ELSE 1000 END;
END
$$;
"""

SEARCH_BEFORE = """
DROP POLICY bots_searcher_select ON bots;
REVOKE SELECT (id) ON bots FROM botplatform_searcher;
CREATE OR REPLACE FUNCTION search_messages(query tsquery, newest_first boolean, most integer, only_bots uuid[])
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
            seen := ARRAY[public.current_bot()];
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
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0005_sealed_contexts"), ("tenants", "0005_sealed_contexts")]

    operations = [
        migrations.RunSQL(FUNCTIONS, FUNCTIONS_BEFORE),
        migrations.RunSQL(migrations.RunSQL.noop, READ_WORDS),
        migrations.RemoveIndex("message", "messages_search"),
        migrations.RemoveField("message", "search"),
        migrations.AddField(
            "message",
            "search",
            django.db.models.GeneratedField(
                db_persist=True,
                expression=django.db.models.Func(
                    django.db.models.F("bot"),
                    django.db.models.F("content"),
                    function="words_of_bot",
                ),
                output_field=django.contrib.postgres.search.SearchVectorField(),
            ),
        ),
        migrations.AddIndex(
            "message",
            django.contrib.postgres.indexes.GinIndex(
                fastupdate=False, fields=["search"], name="messages_search"
            ),
        ),
        migrations.RunSQL(READ_WORDS, migrations.RunSQL.noop),
        migrations.RunSQL(SEARCH, SEARCH_BEFORE),
    ]
