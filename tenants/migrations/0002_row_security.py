"""Roles, functions and row security of `bots` and `bot_access`; emitted by tenants.policies."""

from django.db import migrations

FUNCTIONS = """
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE ALL ON FUNCTION pgtrigger_touch_updated_at_f0c57() FROM PUBLIC;
GRANT CREATE ON SCHEMA public TO botplatform_keeper;
GRANT USAGE ON SCHEMA public TO botplatform_keeper, app_base, bot, admin, super_admin;
ALTER TABLE bot_access ADD CONSTRAINT bot_access_bot_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE;
CREATE FUNCTION staff_bots(least_role text) RETURNS uuid[]
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT array_agg(access.bot_id)
    FROM public.auth_user staff JOIN public.bot_access access ON access.user_id = staff.id
    WHERE staff.id = nullif(current_setting('app.current_user_id', true), '')::integer
    AND staff.is_active AND staff.is_staff
    AND access.role = ANY (CASE least_role
        WHEN 'viewer' THEN ARRAY['viewer', 'operator', 'manager']
        WHEN 'operator' THEN ARRAY['operator', 'manager']
        WHEN 'manager' THEN ARRAY['manager'] END)
$$;
CREATE FUNCTION staff_is_superuser() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(bool_or(staff.is_superuser), false) FROM public.auth_user staff
    WHERE staff.id = nullif(current_setting('app.current_user_id', true), '')::integer
    AND staff.is_active AND staff.is_staff
$$;
ALTER FUNCTION staff_bots(text) OWNER TO botplatform_keeper;
ALTER FUNCTION staff_is_superuser() OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION staff_bots(text), staff_is_superuser() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION staff_bots(text), staff_is_superuser() TO admin;
GRANT SELECT (id, is_active, is_staff, is_superuser) ON auth_user TO botplatform_keeper;
"""

SECURITY = """
ALTER TABLE bots ENABLE ROW LEVEL SECURITY;
ALTER TABLE bots FORCE ROW LEVEL SECURITY;
CREATE POLICY bots_bot ON bots TO bot USING (id = (SELECT nullif(current_setting('app.current_bot_id', true), '')::uuid));
CREATE POLICY bots_staff_read ON bots FOR SELECT TO admin USING ((SELECT staff_is_superuser()) OR id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
CREATE POLICY bots_staff_add ON bots FOR INSERT TO admin WITH CHECK ((SELECT staff_is_superuser()));
CREATE POLICY bots_staff_change ON bots FOR UPDATE TO admin USING ((SELECT staff_is_superuser()) OR id = ANY ((SELECT staff_bots('manager'))::uuid[]));
CREATE POLICY bots_staff_delete ON bots FOR DELETE TO admin USING ((SELECT staff_is_superuser()));
CREATE POLICY bots_operators ON bots TO super_admin USING (true);
CREATE POLICY bots_nobody ON bots TO app_base USING (false);
REVOKE ALL ON bots FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT (id, name, token_fingerprint, token_masked, username, owner_telegram_id, status, config, created_at, updated_at, last_active_at, telegram_token) ON bots TO bot;
GRANT UPDATE (status, config, last_active_at) ON bots TO bot;
GRANT SELECT (id, name, token_fingerprint, token_masked, username, owner_telegram_id, status, config, created_at, updated_at, last_active_at), INSERT, DELETE ON bots TO admin;
GRANT UPDATE (name, token_fingerprint, token_masked, username, owner_telegram_id, status, config, last_active_at, telegram_token) ON bots TO admin;
GRANT SELECT (id, name, token_fingerprint, token_masked, username, owner_telegram_id, status, config, created_at, updated_at, last_active_at), INSERT, DELETE ON bots TO super_admin;
GRANT UPDATE (name, token_fingerprint, token_masked, username, owner_telegram_id, status, config, last_active_at, telegram_token) ON bots TO super_admin;
ALTER TABLE bot_access ENABLE ROW LEVEL SECURITY;
ALTER TABLE bot_access FORCE ROW LEVEL SECURITY;
CREATE POLICY bot_access_staff_read ON bot_access FOR SELECT TO admin USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
CREATE POLICY bot_access_staff_add ON bot_access FOR INSERT TO admin WITH CHECK ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
CREATE POLICY bot_access_staff_change ON bot_access FOR UPDATE TO admin USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
CREATE POLICY bot_access_staff_delete ON bot_access FOR DELETE TO admin USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('manager'))::uuid[]));
CREATE POLICY bot_access_operators ON bot_access TO super_admin USING (true);
CREATE POLICY bot_access_nobody ON bot_access TO app_base USING (false);
REVOKE ALL ON bot_access FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT, INSERT, UPDATE (role), DELETE ON bot_access TO admin, super_admin;
GRANT SELECT ON bot_access TO botplatform_keeper;
CREATE POLICY bot_access_keeper_select ON bot_access FOR SELECT TO botplatform_keeper USING (true);
"""

UNDO = """
DROP POLICY bots_bot ON bots;
DROP POLICY bots_staff_read ON bots;
DROP POLICY bots_staff_add ON bots;
DROP POLICY bots_staff_change ON bots;
DROP POLICY bots_staff_delete ON bots;
DROP POLICY bots_operators ON bots;
DROP POLICY bots_nobody ON bots;
DROP POLICY bot_access_staff_read ON bot_access;
DROP POLICY bot_access_staff_add ON bot_access;
DROP POLICY bot_access_staff_change ON bot_access;
DROP POLICY bot_access_staff_delete ON bot_access;
DROP POLICY bot_access_operators ON bot_access;
DROP POLICY bot_access_nobody ON bot_access;
DROP POLICY bot_access_keeper_select ON bot_access;
ALTER TABLE bots DISABLE ROW LEVEL SECURITY;
ALTER TABLE bots NO FORCE ROW LEVEL SECURITY;
ALTER TABLE bot_access DISABLE ROW LEVEL SECURITY;
ALTER TABLE bot_access NO FORCE ROW LEVEL SECURITY;
REVOKE ALL ON bots, bot_access FROM app_base, bot, admin, super_admin, botplatform_keeper;
REVOKE SELECT (id, is_active, is_staff, is_superuser) ON auth_user FROM botplatform_keeper;
DROP FUNCTION staff_bots(text);
DROP FUNCTION staff_is_superuser();
ALTER TABLE bot_access DROP CONSTRAINT bot_access_bot_fkey;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunSQL(FUNCTIONS + SECURITY, UNDO)]
