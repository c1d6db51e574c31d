"""As tenants.0005, for people, chats, messages and the search of them."""

import pgtrigger.migrations
import tenants.triggers
from django.db import migrations

POLICIES = """
ALTER POLICY profiles_bot ON profiles USING (bot_id = (SELECT current_bot()));
ALTER POLICY profiles_staff_read ON profiles USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY profiles_staff_add ON profiles WITH CHECK (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY profiles_staff_change ON profiles USING (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY profiles_staff_delete ON profiles USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY conversations_bot ON conversations USING (bot_id = (SELECT current_bot()));
ALTER POLICY conversations_staff_read ON conversations USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY conversations_staff_add ON conversations WITH CHECK (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY conversations_staff_change ON conversations USING (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY conversations_staff_delete ON conversations USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY messages_bot ON messages USING (bot_id = (SELECT current_bot()));
ALTER POLICY messages_staff_read ON messages USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY messages_staff_add ON messages WITH CHECK (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY messages_staff_change ON messages USING (bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]) OR (SELECT staff_is_superuser()));
ALTER POLICY messages_staff_delete ON messages USING (bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]) OR (SELECT staff_is_superuser()));
"""

POLICIES_BEFORE = """
ALTER POLICY profiles_bot ON profiles USING (bot_id = (SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid));
ALTER POLICY profiles_staff_read ON profiles USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
ALTER POLICY profiles_staff_add ON profiles WITH CHECK ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY profiles_staff_change ON profiles USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY profiles_staff_delete ON profiles USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
ALTER POLICY conversations_bot ON conversations USING (bot_id = (SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid));
ALTER POLICY conversations_staff_read ON conversations USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
ALTER POLICY conversations_staff_add ON conversations WITH CHECK ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY conversations_staff_change ON conversations USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY conversations_staff_delete ON conversations USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
ALTER POLICY messages_bot ON messages USING (bot_id = (SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid));
ALTER POLICY messages_staff_read ON messages USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
ALTER POLICY messages_staff_add ON messages WITH CHECK ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY messages_staff_change ON messages USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('operator'))::uuid[]));
ALTER POLICY messages_staff_delete ON messages USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
"""

SEARCH = """
GRANT EXECUTE ON FUNCTION current_bot() TO botplatform_searcher;
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

SEARCH_BEFORE = """
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
REVOKE EXECUTE ON FUNCTION current_bot() FROM botplatform_searcher;
"""


class Migration(migrations.Migration):
    dependencies = [("conversations", "0004_search"), ("tenants", "0005_sealed_contexts")]

    operations = [
        migrations.RunSQL(POLICIES, POLICIES_BEFORE),
        migrations.RunSQL(SEARCH, SEARCH_BEFORE),
        pgtrigger.migrations.RemoveTrigger(
            model_name="message",
            name="assign_position",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="message",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="assign_position",
                sql=tenants.triggers.KeeperTriggerSql(
                    declare="DECLARE taken bigint;",
                    func="\n    IF current_setting('role') = 'bot' AND NEW.bot_id IS DISTINCT FROM current_bot() THEN\n        RETURN NEW;\n    END IF;\n    IF NEW.position IS NOT NULL\n        AND current_setting('botplatform.locked_conversation', true) = NEW.conversation_id::text\n    THEN\n        RETURN NEW;\n    END IF;\n    SELECT last_position INTO taken FROM conversations\n        WHERE bot_id = NEW.bot_id AND id = NEW.conversation_id FOR NO KEY UPDATE;\n    PERFORM set_config('botplatform.locked_conversation', NEW.conversation_id::text, true);\n    IF NEW.position IS NULL THEN\n        SELECT greatest(taken, max(position), 0) + 1 INTO NEW.position FROM messages\n            WHERE bot_id = NEW.bot_id AND conversation_id = NEW.conversation_id;\n    END IF;\n    RETURN NEW;\n",
                    hash="f7b3512c2900723c83c87cfec4d652996959b25f",
                    operation="INSERT",
                    pgid="pgtrigger_assign_position_16907",
                    table="messages",
                    when="BEFORE",
                ),
            ),
        ),
    ]
