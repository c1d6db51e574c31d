"""Search for pages of the back office: newest first, with its filters, from any place on.

The filters are asked of the messages themselves, so that nothing is cut off before. Of a common
word the latest messages have a page of matches; how far back follows from how many the very latest
have. Of a rarer one there are so few that the full-text index may name them all. The planner cannot
know which it is: of a beginning of a word that a bot never says it expects one message in two
hundred, and looks for them through all of the bot's.

A rare kind of message has an index of its own: with a common word neither of the two ways is short.
"""

from django.db import migrations, models

FIND = r"""
GRANT CREATE ON SCHEMA public TO botplatform_searcher;
GRANT SELECT (conversation_id, sender_type, message_type) ON messages TO botplatform_searcher;
CREATE FUNCTION find_messages(query tsquery, most integer, only_bots uuid[], chat uuid,
    since timestamptz, until timestamptz, sender text, kind text,
    at_time timestamptz, at_id uuid, newer boolean)
    RETURNS TABLE (id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 50
    SET search_path = pg_catalog, public, pg_temp
    SET jit = off
AS $$
DECLARE
    seen uuid[] := public.staff_bots('viewer');
    in_order text := CASE WHEN newer THEN ' ORDER BY sent_at, id DESC' ELSE ' ORDER BY sent_at DESC, id' END;
    by_time text := CASE WHEN newer THEN ' ORDER BY sent_at' ELSE ' ORDER BY sent_at DESC' END;
    first text := CASE WHEN newer THEN 'max' ELSE 'min' END;
    last text := CASE WHEN newer THEN 'min' ELSE 'max' END;
    sent text := concat(
        CASE WHEN since IS NOT NULL THEN ' AND sent_at >= $3' END,
        CASE WHEN until IS NOT NULL THEN ' AND sent_at < $4' END,
        CASE WHEN at_id IS NULL OR at_time IS NULL THEN ''
            WHEN newer THEN ' AND sent_at >= $7 AND (sent_at > $7 OR messages.id < $8)'
            ELSE ' AND sent_at <= $7 AND (sent_at < $7 OR messages.id > $8)' END);
    fits text := concat(
        CASE WHEN chat IS NOT NULL THEN ' AND conversation_id = $2' END,
        CASE WHEN sender IS NOT NULL THEN ' AND sender_type = $5' END,
        CASE WHEN kind IS NOT NULL THEN ' AND message_type = $6' END);
    of_bots text := 'SELECT bot, public.query_of_bot(bot, $9) FROM unnest($10) AS bot OFFSET 0';
    looked_at integer := 2000;
    each integer;
    edge timestamptz;
    certain uuid[];
    parts text;
BEGIN
    most := least(most, 1000);
    IF querytree(query) IN ('', 'T') OR coalesce(most, 0) < 1 THEN
        RETURN;
    END IF;
    IF public.staff_is_superuser() THEN
        seen := ARRAY(SELECT bots.id FROM public.bots);
    END IF;
    IF only_bots IS NOT NULL THEN
        seen := ARRAY(SELECT unnest(seen) INTERSECT SELECT unnest(only_bots));
    END IF;
    IF cardinality(seen) = 0 THEN
        RETURN;
    END IF;
    WHILE chat IS NULL AND cardinality(seen) <= 100 AND looked_at <= 40000 LOOP
        -- The latest messages of all bots together: those after the edge are sure to be all.
        each := least(looked_at, 4 * looked_at / cardinality(seen));
        EXECUTE 'WITH latest AS MATERIALIZED (SELECT bot, own.sent_at FROM unnest($10) AS bot,'
            ' LATERAL (SELECT sent_at FROM public.messages WHERE bot_id = bot' || sent || by_time || ' LIMIT $11) AS own)'
            ' SELECT ' || last || '(sent_at) FROM ((SELECT sent_at FROM latest' || by_time || ' OFFSET $12 LIMIT 1)'
            ' UNION ALL SELECT ' || first || '(sent_at) FROM latest GROUP BY bot HAVING count(*) = $11) AS ends'
            INTO edge
            USING most, chat, since, until, sender, kind, at_time, at_id, query, seen, each, looked_at;
        EXECUTE 'SELECT ARRAY(SELECT own.id FROM (' || of_bots || ') AS seen (bot, asked), LATERAL ('
            ' SELECT messages.id, sent_at, search @@ asked' || fits || ' AS fits FROM public.messages'
            ' WHERE bot_id = bot' || sent || ' AND sent_at ' || CASE WHEN newer THEN '<' ELSE '>' END || ' $12'
            || by_time || ' LIMIT $11) AS own WHERE fits' || in_order || ' LIMIT $1)'
            INTO certain
            USING most, chat, since, until, sender, kind, at_time, at_id, query, seen, each,
                coalesce(edge, CASE WHEN newer THEN 'infinity' ELSE '-infinity' END::timestamptz);
        IF edge IS NULL OR cardinality(certain) = most THEN
            RETURN QUERY SELECT unnest(certain);
            RETURN;
        END IF;
        -- Half as many again as should do.
        EXIT WHEN looked_at > 2000 OR cardinality(certain) * 20 < most;
        looked_at := looked_at * 3 / 2 * most / cardinality(certain);
    END LOOP;
    IF cardinality(seen) <= 100 THEN
        -- Each is planned for its own partition; without OFFSET 0 by the order instead of the words.
        SELECT string_agg(format('(SELECT own.id, sent_at FROM (SELECT messages.id, sent_at FROM public.messages'
                ' WHERE bot_id = %L AND search @@ %L::tsquery%s OFFSET 0) AS own%s LIMIT $1)',
                bot, public.query_of_bot(bot, query), sent || fits, in_order), ' UNION ALL ')
            INTO parts FROM unnest(seen) AS bot;
    ELSE
        parts := 'SELECT own.id, sent_at FROM (' || of_bots || ') AS seen (bot, asked), LATERAL ('
            'SELECT messages.id, sent_at FROM public.messages WHERE bot_id IS NOT DISTINCT FROM bot'
            ' AND search @@ asked' || sent || fits || in_order || ' LIMIT $1) AS own';
    END IF;
    RETURN QUERY EXECUTE 'SELECT found.id FROM (' || parts || ') AS found' || in_order || ' LIMIT $1'
        USING most, chat, since, until, sender, kind, at_time, at_id, query, seen;
END
$$;
ALTER FUNCTION find_messages(tsquery, integer, uuid[], uuid, timestamptz, timestamptz, text, text, timestamptz, uuid, boolean)
    OWNER TO botplatform_searcher;
REVOKE CREATE ON SCHEMA public FROM botplatform_searcher;
REVOKE ALL ON FUNCTION find_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_messages TO admin;
"""

UNDO = """
DROP FUNCTION find_messages;
REVOKE SELECT (conversation_id, sender_type, message_type) ON messages FROM botplatform_searcher;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0009_people")]

    operations = [
        migrations.RunSQL(FIND, UNDO),
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["bot", "sent_at"],
                condition=models.Q(sender_type="system"),
                name="messages_system",
            ),
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["bot", "message_type", "sent_at"],
                condition=~models.Q(message_type="text"),
                name="messages_other_kinds",
            ),
        ),
    ]
