"""The audit log, what writes it, and its triggers; emitted by tenants.audit."""

import django.contrib.postgres.functions
import django.db.models.functions.datetime
import pgtrigger.migrations
import psqlextra.backend.migrations.operations.add_default_partition
import psqlextra.backend.migrations.operations.create_partitioned_model
import psqlextra.manager.manager
import psqlextra.models.partitioned
import psqlextra.types
import tenants.audit.triggers
import tenants.partitioning
import tenants.triggers
from django.db import migrations, models


LOG = r"""
ALTER TABLE security_audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE security_audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY security_audit_log_nobody ON security_audit_log TO app_base, bot USING (false);
CREATE POLICY security_audit_log_staff_read ON security_audit_log FOR SELECT TO admin USING ((SELECT staff_is_superuser()) OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]));
CREATE POLICY security_audit_log_operators ON security_audit_log FOR SELECT TO super_admin USING (true);
CREATE POLICY security_audit_log_keeper_insert ON security_audit_log FOR INSERT TO botplatform_keeper WITH CHECK (true);
REVOKE ALL ON security_audit_log FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
REVOKE UPDATE, DELETE, REFERENCES, TRIGGER ON security_audit_log FROM CURRENT_USER;
GRANT SELECT ON security_audit_log TO admin, super_admin;
GRANT INSERT ON security_audit_log TO botplatform_keeper;
ALTER TABLE security_audit_log_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE security_audit_log_default FORCE ROW LEVEL SECURITY;
REVOKE ALL ON security_audit_log_default FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
REVOKE UPDATE, DELETE, REFERENCES, TRIGGER ON security_audit_log_default FROM CURRENT_USER;
DO $$
DECLARE
    month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
    part text;
BEGIN
    FOR n IN 0..3 LOOP
        part := 'security_audit_log_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I PARTITION OF security_audit_log FOR VALUES FROM (%L) TO (%L)',
            part, month || '+00', month + interval '1 month' || '+00');
        EXECUTE format('COMMENT ON TABLE %I IS %L', part, 'psqlextra_auto_partitioned');
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('REVOKE UPDATE, DELETE, REFERENCES, TRIGGER ON %I FROM CURRENT_USER', part);
        month := month + interval '1 month';
    END LOOP;
END;
$$;
CREATE FUNCTION audit_write(
    bot uuid, name text, key text, operation text, before jsonb, after jsonb,
    correlation text DEFAULT NULL, staff bigint DEFAULT NULL
) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    role text := nullif(pg_catalog.current_setting('role'), 'none');
    asked text := pg_catalog.current_setting('app.current_user_id', true);
    tied text := coalesce(
        nullif(pg_catalog.current_setting('app.correlation_id', true), ''), correlation);
    token CONSTANT text := '(\d{5,16}(?::|%3[Aa]))[A-Za-z0-9_-]{30,}';
BEGIN
    INSERT INTO public.security_audit_log (logged_at, login, role, user_id, bot_id, table_name,
        row_key, operation, before, after, correlation_id)
    VALUES (
        pg_catalog.clock_timestamp(), session_user, role,
        CASE WHEN role = 'admin' AND asked ~ '^[0-9]{1,18}$' THEN asked::bigint ELSE staff END,
        bot, name, pg_catalog.regexp_replace(key, token, '\1…', 'g'), operation,
        pg_catalog.regexp_replace(before::text, token, '\1…', 'g')::jsonb,
        pg_catalog.regexp_replace(after::text, token, '\1…', 'g')::jsonb,
        CASE WHEN tied ~ '^[A-Za-z0-9._-]{8,64}$' THEN tied END);
END;
$$;
CREATE FUNCTION audit_event(event text, username text, path text, correlation text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    staff bigint;
BEGIN
    IF event IS NULL OR event NOT IN ('LOGIN', 'LOGIN_FAILED', 'LOGOUT', 'DENIED') THEN
        RAISE EXCEPTION 'no such event' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF event <> 'LOGIN_FAILED' THEN
        SELECT person.id INTO staff FROM public.auth_user person
            WHERE person.username = audit_event.username;
    END IF;
    PERFORM public.audit_write(NULL, NULL, left(username, 150), event, NULL,
        CASE WHEN path IS NOT NULL THEN jsonb_build_object('path', left(path, 500)) END,
        correlation, staff);
END;
$$;
ALTER FUNCTION audit_write(uuid, text, text, text, jsonb, jsonb, text, bigint) OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION audit_write(uuid, text, text, text, jsonb, jsonb, text, bigint) FROM PUBLIC;
ALTER FUNCTION audit_event(text, text, text, text) OWNER TO botplatform_keeper;
REVOKE ALL ON FUNCTION audit_event(text, text, text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_event(text, text, text, text) TO botplatform_office, admin;
GRANT SELECT (id) ON bots TO botplatform_keeper;
CREATE POLICY bots_keeper_select ON bots FOR SELECT TO botplatform_keeper USING (true);
GRANT SELECT (username) ON auth_user TO botplatform_keeper;
"""

UNDO = """
DROP POLICY bots_keeper_select ON bots;
REVOKE SELECT (id) ON bots FROM botplatform_keeper;
REVOKE SELECT (username) ON auth_user FROM botplatform_keeper;
DROP FUNCTION audit_event(text, text, text, text);
DROP FUNCTION audit_write(uuid, text, text, text, jsonb, jsonb, text, bigint);
"""

ACCOUNTS = r"""
CREATE OR REPLACE FUNCTION audit_insert_ebe4b() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('password', CASE WHEN NEW.password IS NOT NULL THEN to_jsonb('…'::text) END), ('last_login', to_jsonb(NEW.last_login)), ('is_superuser', to_jsonb(NEW.is_superuser)), ('username', to_jsonb(NEW.username)), ('first_name', to_jsonb(NEW.first_name)), ('last_name', to_jsonb(NEW.last_name)), ('email', to_jsonb(NEW.email)), ('is_staff', to_jsonb(NEW.is_staff)), ('is_active', to_jsonb(NEW.is_active)), ('date_joined', to_jsonb(NEW.date_joined))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_insert_ebe4b() SECURITY DEFINER; ALTER FUNCTION audit_insert_ebe4b() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_insert_ebe4b ON "auth_user";
CREATE  TRIGGER audit_insert_ebe4b
AFTER INSERT ON "auth_user"
FOR EACH ROW
EXECUTE PROCEDURE audit_insert_ebe4b();
COMMENT ON TRIGGER audit_insert_ebe4b ON "auth_user" IS '58a6c0d98a946623b291a698c61c85a9ff80fae6';
ALTER TABLE "auth_user" ENABLE ALWAYS TRIGGER audit_insert_ebe4b;
CREATE OR REPLACE FUNCTION audit_update_4aed0() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('password', CASE WHEN OLD.password IS NOT NULL THEN to_jsonb('…'::text) END, CASE WHEN NEW.password IS NOT NULL THEN to_jsonb('…'::text) END, OLD.password IS DISTINCT FROM NEW.password), ('is_superuser', to_jsonb(OLD.is_superuser), to_jsonb(NEW.is_superuser), OLD.is_superuser IS DISTINCT FROM NEW.is_superuser), ('username', to_jsonb(OLD.username), to_jsonb(NEW.username), OLD.username IS DISTINCT FROM NEW.username), ('first_name', to_jsonb(OLD.first_name), to_jsonb(NEW.first_name), OLD.first_name IS DISTINCT FROM NEW.first_name), ('last_name', to_jsonb(OLD.last_name), to_jsonb(NEW.last_name), OLD.last_name IS DISTINCT FROM NEW.last_name), ('email', to_jsonb(OLD.email), to_jsonb(NEW.email), OLD.email IS DISTINCT FROM NEW.email), ('is_staff', to_jsonb(OLD.is_staff), to_jsonb(NEW.is_staff), OLD.is_staff IS DISTINCT FROM NEW.is_staff), ('is_active', to_jsonb(OLD.is_active), to_jsonb(NEW.is_active), OLD.is_active IS DISTINCT FROM NEW.is_active), ('date_joined', to_jsonb(OLD.date_joined), to_jsonb(NEW.date_joined), OLD.date_joined IS DISTINCT FROM NEW.date_joined)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_update_4aed0() SECURITY DEFINER; ALTER FUNCTION audit_update_4aed0() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_update_4aed0 ON "auth_user";
CREATE  TRIGGER audit_update_4aed0
AFTER UPDATE ON "auth_user"
FOR EACH ROW WHEN (ROW(OLD.id, OLD.password, OLD.is_superuser, OLD.username, OLD.first_name, OLD.last_name, OLD.email, OLD.is_staff, OLD.is_active, OLD.date_joined) IS DISTINCT FROM ROW(NEW.id, NEW.password, NEW.is_superuser, NEW.username, NEW.first_name, NEW.last_name, NEW.email, NEW.is_staff, NEW.is_active, NEW.date_joined))
EXECUTE PROCEDURE audit_update_4aed0();
COMMENT ON TRIGGER audit_update_4aed0 ON "auth_user" IS 'c7443f75f0c54dbdbd9d56fc5baf500b8fb813e1';
ALTER TABLE "auth_user" ENABLE ALWAYS TRIGGER audit_update_4aed0;
CREATE OR REPLACE FUNCTION audit_delete_87c51() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('password', CASE WHEN OLD.password IS NOT NULL THEN to_jsonb('…'::text) END), ('last_login', to_jsonb(OLD.last_login)), ('is_superuser', to_jsonb(OLD.is_superuser)), ('username', to_jsonb(OLD.username)), ('first_name', to_jsonb(OLD.first_name)), ('last_name', to_jsonb(OLD.last_name)), ('email', to_jsonb(OLD.email)), ('is_staff', to_jsonb(OLD.is_staff)), ('is_active', to_jsonb(OLD.is_active)), ('date_joined', to_jsonb(OLD.date_joined))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_delete_87c51() SECURITY DEFINER; ALTER FUNCTION audit_delete_87c51() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_delete_87c51 ON "auth_user";
CREATE  TRIGGER audit_delete_87c51
AFTER DELETE ON "auth_user"
FOR EACH ROW
EXECUTE PROCEDURE audit_delete_87c51();
COMMENT ON TRIGGER audit_delete_87c51 ON "auth_user" IS '2cc8729cc563bef6e144b07c9074ab8857485bdd';
ALTER TABLE "auth_user" ENABLE ALWAYS TRIGGER audit_delete_87c51;
CREATE OR REPLACE FUNCTION audit_insert_2e235() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_group', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('name', to_jsonb(NEW.name))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_insert_2e235() SECURITY DEFINER; ALTER FUNCTION audit_insert_2e235() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_insert_2e235 ON "auth_group";
CREATE  TRIGGER audit_insert_2e235
AFTER INSERT ON "auth_group"
FOR EACH ROW
EXECUTE PROCEDURE audit_insert_2e235();
COMMENT ON TRIGGER audit_insert_2e235 ON "auth_group" IS '23b54d4fb67431f59586cfc8adb3ca8116875e41';
ALTER TABLE "auth_group" ENABLE ALWAYS TRIGGER audit_insert_2e235;
CREATE OR REPLACE FUNCTION audit_update_317e2() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_group', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('name', to_jsonb(OLD.name), to_jsonb(NEW.name), OLD.name IS DISTINCT FROM NEW.name)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_update_317e2() SECURITY DEFINER; ALTER FUNCTION audit_update_317e2() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_update_317e2 ON "auth_group";
CREATE  TRIGGER audit_update_317e2
AFTER UPDATE ON "auth_group"
FOR EACH ROW WHEN (ROW(OLD.id, OLD.name) IS DISTINCT FROM ROW(NEW.id, NEW.name))
EXECUTE PROCEDURE audit_update_317e2();
COMMENT ON TRIGGER audit_update_317e2 ON "auth_group" IS 'c7459c8d678c9313981b4c0a8bda62c98edcb487';
ALTER TABLE "auth_group" ENABLE ALWAYS TRIGGER audit_update_317e2;
CREATE OR REPLACE FUNCTION audit_delete_7b471() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_group', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('name', to_jsonb(OLD.name))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_delete_7b471() SECURITY DEFINER; ALTER FUNCTION audit_delete_7b471() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_delete_7b471 ON "auth_group";
CREATE  TRIGGER audit_delete_7b471
AFTER DELETE ON "auth_group"
FOR EACH ROW
EXECUTE PROCEDURE audit_delete_7b471();
COMMENT ON TRIGGER audit_delete_7b471 ON "auth_group" IS '6a8cd8d27f3ee0443b7a3c4f54bfdc29fed7ce6e';
ALTER TABLE "auth_group" ENABLE ALWAYS TRIGGER audit_delete_7b471;
CREATE OR REPLACE FUNCTION audit_insert_1821b() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user_groups', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('user_id', to_jsonb(NEW.user_id)), ('group_id', to_jsonb(NEW.group_id))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_insert_1821b() SECURITY DEFINER; ALTER FUNCTION audit_insert_1821b() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_insert_1821b ON "auth_user_groups";
CREATE  TRIGGER audit_insert_1821b
AFTER INSERT ON "auth_user_groups"
FOR EACH ROW
EXECUTE PROCEDURE audit_insert_1821b();
COMMENT ON TRIGGER audit_insert_1821b ON "auth_user_groups" IS '8a76affc5fbdc445d7a05cc77712f8127432c3ab';
ALTER TABLE "auth_user_groups" ENABLE ALWAYS TRIGGER audit_insert_1821b;
CREATE OR REPLACE FUNCTION audit_update_596b6() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user_groups', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('user_id', to_jsonb(OLD.user_id), to_jsonb(NEW.user_id), OLD.user_id IS DISTINCT FROM NEW.user_id), ('group_id', to_jsonb(OLD.group_id), to_jsonb(NEW.group_id), OLD.group_id IS DISTINCT FROM NEW.group_id)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_update_596b6() SECURITY DEFINER; ALTER FUNCTION audit_update_596b6() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_update_596b6 ON "auth_user_groups";
CREATE  TRIGGER audit_update_596b6
AFTER UPDATE ON "auth_user_groups"
FOR EACH ROW WHEN (ROW(OLD.id, OLD.user_id, OLD.group_id) IS DISTINCT FROM ROW(NEW.id, NEW.user_id, NEW.group_id))
EXECUTE PROCEDURE audit_update_596b6();
COMMENT ON TRIGGER audit_update_596b6 ON "auth_user_groups" IS '89bb9ff4f5cb7738a49ee4956e4ae0eb3a42dc24';
ALTER TABLE "auth_user_groups" ENABLE ALWAYS TRIGGER audit_update_596b6;
CREATE OR REPLACE FUNCTION audit_delete_fd335() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user_groups', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('user_id', to_jsonb(OLD.user_id)), ('group_id', to_jsonb(OLD.group_id))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_delete_fd335() SECURITY DEFINER; ALTER FUNCTION audit_delete_fd335() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_delete_fd335 ON "auth_user_groups";
CREATE  TRIGGER audit_delete_fd335
AFTER DELETE ON "auth_user_groups"
FOR EACH ROW
EXECUTE PROCEDURE audit_delete_fd335();
COMMENT ON TRIGGER audit_delete_fd335 ON "auth_user_groups" IS '57fcd1ac54154ab3e47dfb5b4a22640b058b9b76';
ALTER TABLE "auth_user_groups" ENABLE ALWAYS TRIGGER audit_delete_fd335;
CREATE OR REPLACE FUNCTION audit_insert_8ff60() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user_user_permissions', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('user_id', to_jsonb(NEW.user_id)), ('permission_id', to_jsonb(NEW.permission_id))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_insert_8ff60() SECURITY DEFINER; ALTER FUNCTION audit_insert_8ff60() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_insert_8ff60 ON "auth_user_user_permissions";
CREATE  TRIGGER audit_insert_8ff60
AFTER INSERT ON "auth_user_user_permissions"
FOR EACH ROW
EXECUTE PROCEDURE audit_insert_8ff60();
COMMENT ON TRIGGER audit_insert_8ff60 ON "auth_user_user_permissions" IS 'f3060dd0545f68a2891a46d8798cf00c675b6b76';
ALTER TABLE "auth_user_user_permissions" ENABLE ALWAYS TRIGGER audit_insert_8ff60;
CREATE OR REPLACE FUNCTION audit_update_b1af6() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user_user_permissions', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('user_id', to_jsonb(OLD.user_id), to_jsonb(NEW.user_id), OLD.user_id IS DISTINCT FROM NEW.user_id), ('permission_id', to_jsonb(OLD.permission_id), to_jsonb(NEW.permission_id), OLD.permission_id IS DISTINCT FROM NEW.permission_id)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_update_b1af6() SECURITY DEFINER; ALTER FUNCTION audit_update_b1af6() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_update_b1af6 ON "auth_user_user_permissions";
CREATE  TRIGGER audit_update_b1af6
AFTER UPDATE ON "auth_user_user_permissions"
FOR EACH ROW WHEN (ROW(OLD.id, OLD.user_id, OLD.permission_id) IS DISTINCT FROM ROW(NEW.id, NEW.user_id, NEW.permission_id))
EXECUTE PROCEDURE audit_update_b1af6();
COMMENT ON TRIGGER audit_update_b1af6 ON "auth_user_user_permissions" IS 'ef0fa237269be3323fc60da820471a3f5e34c62a';
ALTER TABLE "auth_user_user_permissions" ENABLE ALWAYS TRIGGER audit_update_b1af6;
CREATE OR REPLACE FUNCTION audit_delete_2b8a7() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_user_user_permissions', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('user_id', to_jsonb(OLD.user_id)), ('permission_id', to_jsonb(OLD.permission_id))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_delete_2b8a7() SECURITY DEFINER; ALTER FUNCTION audit_delete_2b8a7() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_delete_2b8a7 ON "auth_user_user_permissions";
CREATE  TRIGGER audit_delete_2b8a7
AFTER DELETE ON "auth_user_user_permissions"
FOR EACH ROW
EXECUTE PROCEDURE audit_delete_2b8a7();
COMMENT ON TRIGGER audit_delete_2b8a7 ON "auth_user_user_permissions" IS '9ec70ea2bcafc6a999189a625fa36abb1de13169';
ALTER TABLE "auth_user_user_permissions" ENABLE ALWAYS TRIGGER audit_delete_2b8a7;
CREATE OR REPLACE FUNCTION audit_insert_6ab3a() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_group_permissions', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('group_id', to_jsonb(NEW.group_id)), ('permission_id', to_jsonb(NEW.permission_id))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_insert_6ab3a() SECURITY DEFINER; ALTER FUNCTION audit_insert_6ab3a() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_insert_6ab3a ON "auth_group_permissions";
CREATE  TRIGGER audit_insert_6ab3a
AFTER INSERT ON "auth_group_permissions"
FOR EACH ROW
EXECUTE PROCEDURE audit_insert_6ab3a();
COMMENT ON TRIGGER audit_insert_6ab3a ON "auth_group_permissions" IS '256494f18f345614a7ca66454e8a5213cba99528';
ALTER TABLE "auth_group_permissions" ENABLE ALWAYS TRIGGER audit_insert_6ab3a;
CREATE OR REPLACE FUNCTION audit_update_f6b45() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_group_permissions', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('group_id', to_jsonb(OLD.group_id), to_jsonb(NEW.group_id), OLD.group_id IS DISTINCT FROM NEW.group_id), ('permission_id', to_jsonb(OLD.permission_id), to_jsonb(NEW.permission_id), OLD.permission_id IS DISTINCT FROM NEW.permission_id)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_update_f6b45() SECURITY DEFINER; ALTER FUNCTION audit_update_f6b45() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_update_f6b45 ON "auth_group_permissions";
CREATE  TRIGGER audit_update_f6b45
AFTER UPDATE ON "auth_group_permissions"
FOR EACH ROW WHEN (ROW(OLD.id, OLD.group_id, OLD.permission_id) IS DISTINCT FROM ROW(NEW.id, NEW.group_id, NEW.permission_id))
EXECUTE PROCEDURE audit_update_f6b45();
COMMENT ON TRIGGER audit_update_f6b45 ON "auth_group_permissions" IS '4f17f23a5cae981c2f6ad258df3e9ea93e00255b';
ALTER TABLE "auth_group_permissions" ENABLE ALWAYS TRIGGER audit_update_f6b45;
CREATE OR REPLACE FUNCTION audit_delete_83f9e() RETURNS TRIGGER AS $$
BEGIN
PERFORM audit_write(NULL, 'auth_group_permissions', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('group_id', to_jsonb(OLD.group_id)), ('permission_id', to_jsonb(OLD.permission_id))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
END;
$$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
ALTER FUNCTION audit_delete_83f9e() SECURITY DEFINER; ALTER FUNCTION audit_delete_83f9e() OWNER TO botplatform_keeper;
DROP TRIGGER IF EXISTS audit_delete_83f9e ON "auth_group_permissions";
CREATE  TRIGGER audit_delete_83f9e
AFTER DELETE ON "auth_group_permissions"
FOR EACH ROW
EXECUTE PROCEDURE audit_delete_83f9e();
COMMENT ON TRIGGER audit_delete_83f9e ON "auth_group_permissions" IS 'b8279d7142a3efea1f7cfdbd06aac8de33b2b8e4';
ALTER TABLE "auth_group_permissions" ENABLE ALWAYS TRIGGER audit_delete_83f9e;
"""

ACCOUNTS_UNDO = """
DROP TRIGGER IF EXISTS audit_insert_ebe4b ON "auth_user"; DROP FUNCTION IF EXISTS audit_insert_ebe4b();
DROP TRIGGER IF EXISTS audit_update_4aed0 ON "auth_user"; DROP FUNCTION IF EXISTS audit_update_4aed0();
DROP TRIGGER IF EXISTS audit_delete_87c51 ON "auth_user"; DROP FUNCTION IF EXISTS audit_delete_87c51();
DROP TRIGGER IF EXISTS audit_insert_2e235 ON "auth_group"; DROP FUNCTION IF EXISTS audit_insert_2e235();
DROP TRIGGER IF EXISTS audit_update_317e2 ON "auth_group"; DROP FUNCTION IF EXISTS audit_update_317e2();
DROP TRIGGER IF EXISTS audit_delete_7b471 ON "auth_group"; DROP FUNCTION IF EXISTS audit_delete_7b471();
DROP TRIGGER IF EXISTS audit_insert_1821b ON "auth_user_groups"; DROP FUNCTION IF EXISTS audit_insert_1821b();
DROP TRIGGER IF EXISTS audit_update_596b6 ON "auth_user_groups"; DROP FUNCTION IF EXISTS audit_update_596b6();
DROP TRIGGER IF EXISTS audit_delete_fd335 ON "auth_user_groups"; DROP FUNCTION IF EXISTS audit_delete_fd335();
DROP TRIGGER IF EXISTS audit_insert_8ff60 ON "auth_user_user_permissions"; DROP FUNCTION IF EXISTS audit_insert_8ff60();
DROP TRIGGER IF EXISTS audit_update_b1af6 ON "auth_user_user_permissions"; DROP FUNCTION IF EXISTS audit_update_b1af6();
DROP TRIGGER IF EXISTS audit_delete_2b8a7 ON "auth_user_user_permissions"; DROP FUNCTION IF EXISTS audit_delete_2b8a7();
DROP TRIGGER IF EXISTS audit_insert_6ab3a ON "auth_group_permissions"; DROP FUNCTION IF EXISTS audit_insert_6ab3a();
DROP TRIGGER IF EXISTS audit_update_f6b45 ON "auth_group_permissions"; DROP FUNCTION IF EXISTS audit_update_f6b45();
DROP TRIGGER IF EXISTS audit_delete_83f9e ON "auth_group_permissions"; DROP FUNCTION IF EXISTS audit_delete_83f9e();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tenants", "0002_row_security"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        psqlextra.backend.migrations.operations.create_partitioned_model.PostgresCreatePartitionedModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_default=django.contrib.postgres.functions.RandomUUID(),
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "logged_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="when",
                    ),
                ),
                ("login", models.CharField(editable=False)),
                ("role", models.CharField(editable=False, null=True)),
                (
                    "user_id",
                    models.BigIntegerField(editable=False, null=True, verbose_name="staff user"),
                ),
                ("bot_id", models.UUIDField(editable=False, null=True, verbose_name="bot")),
                ("table_name", models.CharField(editable=False, null=True, verbose_name="table")),
                ("row_key", models.CharField(editable=False, null=True, verbose_name="row")),
                (
                    "operation",
                    models.CharField(
                        choices=[
                            ("INSERT", "Insert"),
                            ("UPDATE", "Update"),
                            ("DELETE", "Delete"),
                            ("LOGIN", "Login"),
                            ("LOGIN_FAILED", "Login Failed"),
                            ("LOGOUT", "Logout"),
                            ("DENIED", "Denied"),
                        ],
                        editable=False,
                    ),
                ),
                ("before", models.JSONField(editable=False, null=True)),
                ("after", models.JSONField(editable=False, null=True)),
                ("correlation_id", models.CharField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "db_table": "security_audit_log",
                "ordering": ["-logged_at"],
                "base_manager_name": "objects",
            },
            partitioning_options={
                "method": psqlextra.types.PostgresPartitioningMethod["RANGE"],
                "key": ["logged_at"],
            },
            bases=(tenants.partitioning.SingleKeyTable,),
            managers=[
                ("objects", psqlextra.manager.manager.PostgresManager()),
            ],
        ),
        psqlextra.backend.migrations.operations.add_default_partition.PostgresAddDefaultPartition(
            model_name="AuditEntry",
            name="default",
        ),
        migrations.RunSQL(LOG, UNDO),
        pgtrigger.migrations.AddTrigger(
            model_name="bot",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(NEW.id, 'bots', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('name', to_jsonb(NEW.name)), ('telegram_token', CASE WHEN NEW.telegram_token IS NOT NULL THEN to_jsonb('…'::text) END), ('token_fingerprint', CASE WHEN NEW.token_fingerprint IS NOT NULL THEN to_jsonb('…'::text) END), ('token_masked', to_jsonb(NEW.token_masked)), ('username', to_jsonb(NEW.username)), ('owner_telegram_id', to_jsonb(NEW.owner_telegram_id)), ('status', to_jsonb(NEW.status)), ('config', to_jsonb(NEW.config)), ('created_at', to_jsonb(NEW.created_at)), ('updated_at', to_jsonb(NEW.updated_at)), ('last_active_at', to_jsonb(NEW.last_active_at))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="3e18870ca17f4c14c057f751830bfce662af8809",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_55eb2",
                    table="bots",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bot",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.name, OLD.telegram_token, OLD.token_fingerprint, OLD.token_masked, OLD.username, OLD.owner_telegram_id, OLD.status, OLD.config, OLD.created_at, OLD.last_active_at) IS DISTINCT FROM ROW(NEW.id, NEW.name, NEW.telegram_token, NEW.token_fingerprint, NEW.token_masked, NEW.username, NEW.owner_telegram_id, NEW.status, NEW.config, NEW.created_at, NEW.last_active_at))",
                    func="PERFORM audit_write(NEW.id, 'bots', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('name', to_jsonb(OLD.name), to_jsonb(NEW.name), OLD.name IS DISTINCT FROM NEW.name), ('telegram_token', CASE WHEN OLD.telegram_token IS NOT NULL THEN to_jsonb('…'::text) END, CASE WHEN NEW.telegram_token IS NOT NULL THEN to_jsonb('…'::text) END, OLD.telegram_token IS DISTINCT FROM NEW.telegram_token), ('token_fingerprint', CASE WHEN OLD.token_fingerprint IS NOT NULL THEN to_jsonb('…'::text) END, CASE WHEN NEW.token_fingerprint IS NOT NULL THEN to_jsonb('…'::text) END, OLD.token_fingerprint IS DISTINCT FROM NEW.token_fingerprint), ('token_masked', to_jsonb(OLD.token_masked), to_jsonb(NEW.token_masked), OLD.token_masked IS DISTINCT FROM NEW.token_masked), ('username', to_jsonb(OLD.username), to_jsonb(NEW.username), OLD.username IS DISTINCT FROM NEW.username), ('owner_telegram_id', to_jsonb(OLD.owner_telegram_id), to_jsonb(NEW.owner_telegram_id), OLD.owner_telegram_id IS DISTINCT FROM NEW.owner_telegram_id), ('status', to_jsonb(OLD.status), to_jsonb(NEW.status), OLD.status IS DISTINCT FROM NEW.status), ('config', to_jsonb(OLD.config), to_jsonb(NEW.config), OLD.config IS DISTINCT FROM NEW.config), ('created_at', to_jsonb(OLD.created_at), to_jsonb(NEW.created_at), OLD.created_at IS DISTINCT FROM NEW.created_at), ('last_active_at', to_jsonb(OLD.last_active_at), to_jsonb(NEW.last_active_at), OLD.last_active_at IS DISTINCT FROM NEW.last_active_at)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="fb4c47e09e4352bc0ffc21216b088a1c762056c2",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_e9a16",
                    table="bots",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="bot",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_delete",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(OLD.id, 'bots', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('name', to_jsonb(OLD.name)), ('telegram_token', CASE WHEN OLD.telegram_token IS NOT NULL THEN to_jsonb('…'::text) END), ('token_fingerprint', CASE WHEN OLD.token_fingerprint IS NOT NULL THEN to_jsonb('…'::text) END), ('token_masked', to_jsonb(OLD.token_masked)), ('username', to_jsonb(OLD.username)), ('owner_telegram_id', to_jsonb(OLD.owner_telegram_id)), ('status', to_jsonb(OLD.status)), ('config', to_jsonb(OLD.config)), ('created_at', to_jsonb(OLD.created_at)), ('updated_at', to_jsonb(OLD.updated_at)), ('last_active_at', to_jsonb(OLD.last_active_at))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="7180ca6a4c82a15755f7c3b552a260b5cbcbcf83",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_65050",
                    table="bots",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botaccess",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_insert",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="PERFORM audit_write(NEW.bot_id, 'bot_access', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('user_id', to_jsonb(NEW.user_id)), ('bot_id', to_jsonb(NEW.bot_id)), ('role', to_jsonb(NEW.role))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;",
                    hash="c4f076d391fd05e79a556e40379739fed7f966c0",
                    operation="INSERT",
                    pgid="pgtrigger_audit_insert_271cb",
                    table="bot_access",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botaccess",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_update",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    condition="WHEN (ROW(OLD.id, OLD.user_id, OLD.bot_id, OLD.role) IS DISTINCT FROM ROW(NEW.id, NEW.user_id, NEW.bot_id, NEW.role))",
                    func="PERFORM audit_write(NEW.bot_id, 'bot_access', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('user_id', to_jsonb(OLD.user_id), to_jsonb(NEW.user_id), OLD.user_id IS DISTINCT FROM NEW.user_id), ('bot_id', to_jsonb(OLD.bot_id), to_jsonb(NEW.bot_id), OLD.bot_id IS DISTINCT FROM NEW.bot_id), ('role', to_jsonb(OLD.role), to_jsonb(NEW.role), OLD.role IS DISTINCT FROM NEW.role)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;",
                    hash="175614ce59d6cfc832257e113683eed65d4bb133",
                    operation="UPDATE",
                    pgid="pgtrigger_audit_update_e12fd",
                    table="bot_access",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="botaccess",
            trigger=tenants.triggers.CompiledFirmTrigger(
                name="audit_delete",
                sql=tenants.audit.triggers.AuditTriggerSql(
                    func="IF EXISTS (SELECT FROM bots WHERE id = OLD.bot_id) THEN PERFORM audit_write(OLD.bot_id, 'bot_access', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('user_id', to_jsonb(OLD.user_id)), ('bot_id', to_jsonb(OLD.bot_id)), ('role', to_jsonb(OLD.role))) AS columns (name, value) WHERE value IS NOT NULL; END IF; RETURN NULL;",
                    hash="8ea2a86aee6af1dc73ed6bb0ce67617ac7d240a9",
                    operation="DELETE",
                    pgid="pgtrigger_audit_delete_b70ab",
                    table="bot_access",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["-logged_at"], name="audit_latest"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["bot_id", "-logged_at"], name="audit_of_bot"),
        ),
        migrations.RunSQL(ACCOUNTS, ACCOUNTS_UNDO),
    ]
