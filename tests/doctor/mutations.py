"""For each rule, SQL that breaks it and no other; run by a superuser and rolled back."""

OWNED = "OWNER TO botplatform_owner"
NOTES = f"CREATE TABLE notes (id uuid, bot_id uuid); ALTER TABLE notes {OWNED};"
LATER = (
    "CREATE TABLE security_audit_log_2090_01 PARTITION OF security_audit_log"
    " FOR VALUES FROM ('2090-01-01+00') TO ('2090-02-01+00');"
    f"ALTER TABLE security_audit_log_2090_01 {OWNED};"
    "REVOKE UPDATE, DELETE, REFERENCES, TRIGGER ON security_audit_log_2090_01"
    " FROM botplatform_owner;"
)
SECURED = "ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"
EVIL_TWIN = f"""
CREATE SCHEMA evil AUTHORIZATION botplatform_owner;
CREATE FUNCTION evil.staff_is_superuser() RETURNS boolean LANGUAGE sql AS 'SELECT true';
ALTER FUNCTION evil.staff_is_superuser() {OWNED};
REVOKE ALL ON FUNCTION evil.staff_is_superuser() FROM PUBLIC;
ALTER POLICY bots_staff_delete ON bots USING ((SELECT evil.staff_is_superuser()));
"""
PEEK = f"""
CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS 'SELECT 1::bigint';
ALTER FUNCTION peek() {OWNED};
REVOKE ALL ON FUNCTION peek() FROM PUBLIC;
"""
HELLO = f"""
CREATE FUNCTION hello() RETURNS text LANGUAGE sql
    SET search_path = pg_catalog, public, pg_temp AS 'SELECT NULL::text';
ALTER FUNCTION hello() {OWNED};
REVOKE ALL ON FUNCTION hello() FROM PUBLIC;
"""
VIEW = f"CREATE VIEW seen {{}} AS SELECT id, content FROM messages; ALTER VIEW seen {OWNED};"
COPY = (
    "CREATE MATERIALIZED VIEW copied AS SELECT * FROM {};"
    f"ALTER MATERIALIZED VIEW copied {OWNED}; GRANT SELECT ON copied TO admin;"
)
SILENT_TRIGGER = """
DO $$ DECLARE name text; BEGIN
    SELECT proname INTO name FROM pg_proc WHERE proname ~ '^pgtrigger_keep_place_';
    EXECUTE format('CREATE OR REPLACE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql
        SET search_path = pg_catalog, public, pg_temp AS ''BEGIN RETURN NEW; END''', name);
END $$
"""
DROPPED_TRIGGER = """
DO $$ DECLARE name text; BEGIN
    SELECT tgname INTO name FROM pg_trigger WHERE tgrelid = 'bots'::regclass
        AND tgname ~ '^pgtrigger_touch';
    EXECUTE format('DROP TRIGGER %I ON bots', name);
END $$
"""
DISABLED_IN_PARTITION = """
DO $$ DECLARE name text; BEGIN
    SELECT tgname INTO name FROM pg_trigger WHERE tgrelid = 'messages_p3'::regclass
        AND tgname ~ '^pgtrigger_keep_place';
    EXECUTE format('ALTER TABLE messages_p3 DISABLE TRIGGER %I', name);
END $$
"""

RECREATED = """
DO $$ DECLARE found record; BEGIN
    SELECT tgname, pg_get_triggerdef(oid) AS definition, obj_description(oid, 'pg_trigger') AS said
        INTO found FROM pg_trigger
        WHERE tgrelid = 'profiles'::regclass AND tgname ~ '^pgtrigger_{}';
    EXECUTE format('DROP TRIGGER %I ON profiles', found.tgname);
    EXECUTE regexp_replace(found.definition, '{}', '{}');
    EXECUTE format('ALTER TABLE profiles ENABLE ALWAYS TRIGGER %I', found.tgname);
    EXECUTE format('COMMENT ON TRIGGER %I ON profiles IS %L', found.tgname, found.said);
END $$
"""
NEVER = RECREATED.format("audit_delete", "FOR EACH ROW", "FOR EACH ROW WHEN (false)")
OTHER_EVENT = RECREATED.format("touch_updated_at", "BEFORE UPDATE", "BEFORE UPDATE OF name")

MUTATIONS: dict[str, list[str]] = {
    "I001": [
        "ALTER TABLE messages DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE bots NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE bot_access DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE profiles_p3 DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE bot_metrics_p9 NO FORCE ROW LEVEL SECURITY",
        LATER,
    ],
    "I002": [
        "DROP POLICY messages_bot ON messages",
        "ALTER POLICY messages_bot ON messages USING (true)",
        "ALTER POLICY messages_bot ON messages WITH CHECK (true)",
        "ALTER POLICY messages_bot ON messages USING (bot_id IS NOT NULL)",
        "ALTER POLICY profiles_staff_read ON profiles USING ((SELECT staff_is_superuser())"
        " OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR true)",
        "ALTER POLICY profiles_staff_delete ON profiles USING ((SELECT staff_is_superuser())"
        " OR bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]))",
        "ALTER POLICY conversations_operators ON conversations TO super_admin, admin",
        "ALTER POLICY conversations_operators ON conversations TO PUBLIC",
        "CREATE POLICY extra ON messages TO bot USING (true)",
        "CREATE POLICY extra ON bots FOR SELECT USING (true)",
        "CREATE POLICY extra ON security_audit_log FOR DELETE TO admin USING (true)",
        "DROP POLICY bots_nobody ON bots;"
        "CREATE POLICY bots_nobody ON bots AS RESTRICTIVE TO app_base USING (false)",
    ],
    "I003": ["CREATE POLICY extra ON messages_p3 TO bot USING (true)"],
    "I004": [
        "GRANT SELECT ON messages_p3 TO bot",
        "GRANT SELECT (content) ON messages_p3 TO bot",
        "GRANT DELETE ON profiles_p0 TO PUBLIC",
        f"{LATER} ALTER TABLE security_audit_log_2090_01 {SECURED};"
        " GRANT UPDATE ON security_audit_log_2090_01 TO botplatform_ops",
    ],
    "I005": [
        f"{NOTES} ALTER TABLE notes {SECURED}",
        f"CREATE SCHEMA side AUTHORIZATION botplatform_owner; {NOTES} ALTER TABLE notes {SECURED};"
        " ALTER TABLE notes SET SCHEMA side",
    ],
    "I006": [
        "GRANT SELECT ON messages TO botplatform_runtime",
        "GRANT SELECT ON messages TO app_base",
        "GRANT SELECT (content) ON messages TO PUBLIC",
        "GRANT SELECT ON messages TO bot WITH GRANT OPTION",
        "GRANT DELETE ON conversations TO botplatform_keeper",
        "GRANT UPDATE (content) ON messages TO botplatform_keeper",
        "GRANT UPDATE ON messages TO botplatform_office",
        "GRANT SELECT (personality) ON profiles TO botplatform_searcher",
        "GRANT DELETE ON security_audit_log TO super_admin",
        "GRANT UPDATE (login) ON security_audit_log TO admin",
        "GRANT SELECT ON security_audit_log TO bot",
        "GRANT UPDATE ON messages TO bot",
        "GRANT UPDATE (bot_id) ON profiles TO super_admin",
        "GRANT UPDATE (position) ON messages TO admin",
        "GRANT UPDATE (last_position) ON conversations TO bot",
        "GRANT UPDATE (id) ON bots TO super_admin",
        "GRANT UPDATE (user_id) ON bot_access TO admin",
        "GRANT SELECT ON bots TO admin",
        "GRANT SELECT (telegram_token) ON bots TO super_admin",
        "GRANT SELECT ON auth_user TO bot",
        "GRANT SELECT (password) ON auth_user TO botplatform_runtime",
        "GRANT INSERT ON django_migrations TO botplatform_runtime",
        COPY.format("messages"),
        COPY.format("messages_p3"),
        VIEW.format("WITH (security_invoker)") + COPY.format("seen"),
        "GRANT SELECT ON context_keys TO bot",
        "GRANT SELECT (outer_pad) ON context_keys TO admin",
        "GRANT INSERT ON context_keys TO botplatform_office",
        "GRANT SELECT ON context_keys TO botplatform_ops",
        "GRANT INSERT ON context_keys TO botplatform_keeper",
        "GRANT SELECT ON auth_user TO PUBLIC",
        "GRANT SELECT (password) ON auth_user TO PUBLIC",
        "GRANT USAGE ON SEQUENCE auth_user_id_seq TO PUBLIC",
        "GRANT SELECT ON django_session TO admin",
        "GRANT SELECT (session_key) ON django_session TO super_admin",
        "GRANT SELECT ON django_session TO botplatform_ops",
        "GRANT UPDATE ON auth_user TO botplatform_office",
        "GRANT INSERT, DELETE ON auth_user TO botplatform_office",
        "GRANT INSERT ON auth_user TO super_admin",
        "GRANT INSERT, DELETE ON bots TO bot",
        "GRANT UPDATE (name, token_fingerprint) ON bots TO bot",
        "GRANT SELECT (content) ON messages TO botplatform_searcher",
        "CREATE TABLE copies AS SELECT id AS message, content FROM messages;"
        f" ALTER TABLE copies {OWNED}; GRANT SELECT ON copies TO admin",
        VIEW.format("WITH (security_invoker)") + "GRANT SELECT ON seen TO bot",
        "CREATE ROLE stranger; GRANT SELECT ON auth_user TO stranger",
        "REVOKE SELECT ON messages FROM admin",
        "REVOKE UPDATE (content) ON messages FROM bot",
        "REVOKE SELECT ON context_keys FROM botplatform_keeper",
    ],
    "I007": [
        "GRANT TRUNCATE ON messages TO bot",
        "GRANT TRUNCATE ON messages_p1 TO super_admin",
        "GRANT REFERENCES (id) ON bots TO admin",
        "GRANT TRIGGER ON auth_user TO botplatform_office",
    ],
    "I011": [
        "ALTER ROLE botplatform_office SUPERUSER",
        "ALTER ROLE admin BYPASSRLS",
        "ALTER ROLE botplatform_owner BYPASSRLS",
        "ALTER ROLE botplatform_ops CREATEROLE",
        "ALTER ROLE botplatform_ops CREATEDB",
        "ALTER ROLE botplatform_migrator REPLICATION",
        "ALTER ROLE botplatform_migrator NOBYPASSRLS",
        "ALTER ROLE bot LOGIN",
        "ALTER ROLE botplatform_keeper LOGIN",
    ],
    "I012": [
        "GRANT super_admin TO botplatform_office",
        "GRANT admin TO botplatform_runtime",
        "GRANT botplatform_owner TO botplatform_ops",
        "GRANT super_admin TO admin",
        "GRANT botplatform_keeper TO bot",
        "GRANT pg_read_all_data TO botplatform_runtime",
        "GRANT pg_write_all_data TO super_admin",
        "GRANT pg_execute_server_program TO botplatform_migrator",
        "GRANT pg_read_server_files TO botplatform_ops",
        "GRANT admin TO botplatform_office WITH ADMIN OPTION",
        "REVOKE admin FROM botplatform_office",
        "CREATE ROLE stranger LOGIN; GRANT super_admin TO stranger",
    ],
    "I013": ["ALTER ROLE botplatform_office INHERIT", "ALTER ROLE super_admin INHERIT"],
    "I014": [
        "ALTER ROLE botplatform_office SET role = 'admin'",
        "ALTER ROLE botplatform_runtime SET app.current_bot_id = 'x'",
        "ALTER ROLE botplatform_runtime SET search_path = pg_temp, public",
        "ALTER ROLE ALL SET app.current_user_id = '1'",
        "ALTER ROLE botplatform_runtime SET local_preload_libraries = 'plugin'",
        "GRANT SET ON PARAMETER session_replication_role TO botplatform_runtime",
        "GRANT ALTER SYSTEM ON PARAMETER work_mem TO admin",
        "GRANT SET ON PARAMETER log_statement TO bot",
        "ALTER ROLE botplatform_runtime SET role = 'bot'",
        "SET LOCAL session_replication_role = replica",
    ],
    "I015": ["SET LOCAL SESSION AUTHORIZATION botplatform_runtime"],
    "I016": [
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO bot",
        "GRANT CREATE ON SCHEMA public TO botplatform_keeper",
        "GRANT CREATE ON SCHEMA public TO botplatform_searcher",
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC',"
        " current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO bot',"
        " current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO PUBLIC',"
        " current_database()); END $$",
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO admin',"
        " current_database()); END $$",
    ],
    "I017": [
        "ALTER DEFAULT PRIVILEGES FOR ROLE botplatform_migrator GRANT SELECT ON TABLES TO bot",
        "ALTER DEFAULT PRIVILEGES FOR ROLE botplatform_owner IN SCHEMA public"
        " GRANT EXECUTE ON FUNCTIONS TO PUBLIC",
        "ALTER DEFAULT PRIVILEGES FOR ROLE botplatform_migrator GRANT EXECUTE ON FUNCTIONS"
        " TO PUBLIC",
    ],
    "I018": [
        "GRANT EXECUTE ON FUNCTION staff_bots(text) TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION staff_is_superuser() TO bot",
        "GRANT EXECUTE ON FUNCTION staff_bots(text) TO admin WITH GRANT OPTION",
        "GRANT EXECUTE ON FUNCTION audit_write(uuid, text, text, text, jsonb, jsonb, text, bigint)"
        " TO bot",
        "GRANT EXECUTE ON FUNCTION guard_accounts() TO bot",
    ],
    "I019": [
        "ALTER FUNCTION staff_bots(text) RESET search_path",
        "ALTER FUNCTION staff_bots(text) SET search_path = public, pg_catalog",
        "ALTER FUNCTION staff_bots(text) SET search_path = pg_catalog, public",
        "ALTER FUNCTION staff_bots(text) OWNER TO botplatform_owner",
        "ALTER FUNCTION staff_bots(text) OWNER TO postgres",
        "ALTER FUNCTION staff_is_superuser() SECURITY INVOKER",
        "CREATE OR REPLACE FUNCTION staff_is_superuser() RETURNS boolean LANGUAGE sql STABLE"
        " SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS 'SELECT true'",
        PEEK,
        HELLO,
        HELLO + "ALTER FUNCTION hello() LEAKPROOF; GRANT EXECUTE ON FUNCTION hello() TO bot",
        HELLO + "ALTER EXTENSION plpgsql ADD FUNCTION hello()",
        "ALTER FUNCTION current_bot() SET app.current_bot_id = 'c'",
        "ALTER FUNCTION pgtrigger_keep_place_ac175() SET app.context_seal = 'x'",
        "ALTER FUNCTION current_bot() LEAKPROOF",
        "ALTER FUNCTION current_bot() IMMUTABLE",
        "ALTER FUNCTION audit_write STRICT",
        "ALTER FUNCTION audit_write SECURITY DEFINER",
        "CREATE FUNCTION staff_bots(integer) RETURNS uuid[] LANGUAGE sql"
        " SET search_path = pg_catalog, public, pg_temp AS 'SELECT NULL::uuid[]';"
        " ALTER FUNCTION staff_bots(integer) OWNER TO botplatform_keeper;"
        " REVOKE ALL ON FUNCTION staff_bots(integer) FROM PUBLIC",
        "CREATE OR REPLACE FUNCTION audit_write(bot uuid, name text, key text, operation text,"
        " before jsonb, after jsonb, correlation text DEFAULT NULL, staff bigint DEFAULT NULL)"
        " RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp"
        " AS 'BEGIN END'",
        "CREATE OR REPLACE FUNCTION guard_accounts() RETURNS trigger LANGUAGE plpgsql"
        " SET search_path = pg_catalog, public, pg_temp AS 'BEGIN RETURN coalesce(NEW, OLD); END'",
    ],
    "I020": [
        VIEW.format(""),
        VIEW.format("WITH (security_invoker = false)"),
        VIEW.format("WITH (security_barrier)"),
    ],
    "I022": [
        "ALTER TABLE messages DISABLE TRIGGER USER",
        "ALTER TABLE messages_p3 DISABLE TRIGGER ALL",
        NEVER,
        OTHER_EVENT,
        "ALTER TABLE bots ENABLE TRIGGER ALL",
        DISABLED_IN_PARTITION,
        DROPPED_TRIGGER,
        SILENT_TRIGGER,
        "CREATE TRIGGER spy BEFORE UPDATE ON messages FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE TRIGGER spy BEFORE UPDATE ON messages_p3 FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    ],
    "I023": [
        "CREATE UNIQUE INDEX ON messages_p3 (telegram_message_id)",
        "CREATE UNIQUE INDEX ON messages_p3 (content) INCLUDE (bot_id)",
        "CREATE UNIQUE INDEX ON bots (username)",
        "CREATE UNIQUE INDEX ON bots (lower(username), status)",
        "ALTER TABLE bot_access ADD CONSTRAINT one EXCLUDE (role WITH =)",
    ],
    "I024": [
        "ALTER TABLE bot_access ADD favourite uuid REFERENCES bots",
        "ALTER TABLE auth_group ADD favourite uuid REFERENCES bots",
        "ALTER TABLE conversations ADD other uuid, ADD FOREIGN KEY (other, profile_id)"
        " REFERENCES profiles (bot_id, id)",
    ],
    "I025": [
        "ALTER TABLE profiles_p3 ADD CONSTRAINT grown CHECK (age > 0) NOT VALID",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_search'::regclass",
    ],
    "I026": [
        "ALTER TABLE auth_group OWNER TO botplatform_office",
        "ALTER TABLE messages OWNER TO super_admin",
        "ALTER SCHEMA public OWNER TO admin",
    ],
    "I027": [
        "ALTER TABLE auth_group OWNER TO botplatform_migrator",
        "ALTER TABLE messages_p3 OWNER TO postgres",
        "CREATE SCHEMA side",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO postgres',"
        " current_database()); END $$",
    ],
    "I030": [
        "ALTER TABLE django_admin_log DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE django_admin_log NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY django_admin_log_read ON django_admin_log USING (true)",
        "DROP POLICY django_admin_log_add ON django_admin_log",
        "CREATE POLICY extra ON django_admin_log FOR DELETE TO admin USING (true)",
    ],
    "I029": [
        "GRANT EXECUTE ON FUNCTION pg_terminate_backend TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION pg_cancel_backend TO botplatform_runtime",
        "GRANT EXECUTE ON FUNCTION lo_get(oid) TO bot",
        "GRANT EXECUTE ON FUNCTION loread TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION pg_stat_get_activity TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION set_config TO admin",
        "ALTER ROLE botplatform_office SET log_min_error_statement = error",
        "ALTER ROLE botplatform_runtime RESET log_min_error_statement;"
        "SET LOCAL log_min_error_statement = error",
    ],
    "I008": [
        "GRANT DELETE, UPDATE ON security_audit_log TO botplatform_owner",
        "GRANT UPDATE (login) ON security_audit_log TO botplatform_owner",
        "GRANT DELETE ON security_audit_log_default TO botplatform_owner",
    ],
    "I031": [
        "GRANT EXECUTE ON FUNCTION pg_read_binary_file(text) TO bot",
        "GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO PUBLIC",
        "GRANT EXECUTE ON FUNCTION lo_export(oid, text), lo_import(text) TO bot",
        "GRANT SELECT ON pg_statistic TO bot",
        "GRANT SELECT ON pg_statistic TO PUBLIC",
        "GRANT SELECT (stavalues1) ON pg_statistic TO admin",
        "GRANT SELECT ON pg_authid TO botplatform_office",
        "GRANT SELECT ON pg_largeobject TO bot",
        "GRANT CREATE ON SCHEMA pg_catalog TO bot",
        "UPDATE pg_language SET lanpltrusted = true WHERE lanname = 'c';"
        "GRANT USAGE ON LANGUAGE c TO bot",
        "ALTER FUNCTION texticregexeq(text, text) LEAKPROOF",
        "ALTER FUNCTION pg_read_file(text) SECURITY DEFINER",
        "CREATE FUNCTION information_schema.leak() RETURNS SETOF text LANGUAGE sql"
        " SECURITY DEFINER AS 'SELECT content FROM public.messages'",
        "CREATE VIEW information_schema.leak AS SELECT * FROM public.messages",
        "CREATE VIEW information_schema.leak AS SELECT * FROM public.messages;"
        "GRANT SELECT ON information_schema.leak TO PUBLIC",
        "SET LOCAL allow_system_table_mods = on; CREATE FUNCTION pg_catalog.leak() RETURNS text"
        " LANGUAGE sql AS 'SELECT NULL::text'; SET LOCAL allow_system_table_mods = off",
        "SET LOCAL allow_system_table_mods = on; CREATE SCHEMA pg_leak;"
        "SET LOCAL allow_system_table_mods = off",
    ],
    "I032": [
        "DROP TRIGGER guard_accounts ON auth_user",
        "ALTER TABLE auth_group DISABLE TRIGGER guard_accounts",
        "ALTER TABLE auth_user ENABLE TRIGGER guard_accounts",
        "DROP TRIGGER guard_accounts ON auth_user; CREATE TRIGGER guard_accounts"
        " BEFORE INSERT OR UPDATE OR DELETE ON auth_user FOR EACH ROW WHEN (false)"
        " EXECUTE FUNCTION guard_accounts();"
        "ALTER TABLE auth_user ENABLE ALWAYS TRIGGER guard_accounts",
    ],
    "I033": [
        "CREATE RULE silence AS ON INSERT TO security_audit_log DO INSTEAD NOTHING",
        "CREATE RULE gone AS ON DELETE TO messages DO INSTEAD NOTHING",
        "CREATE PUBLICATION everything FOR ALL TABLES",
    ],
    "I034": [
        "ALTER ROLE botplatform_runtime RESET lock_timeout",
        "ALTER ROLE botplatform_runtime SET statement_timeout = 0",
        "ALTER ROLE botplatform_runtime SET synchronous_commit = off",
        "ALTER ROLE botplatform_office SET track_activities = on",
        "DO $$ BEGIN EXECUTE format('ALTER ROLE botplatform_ops IN DATABASE %I"
        " SET lock_timeout = 0', current_database()); END $$",
    ],
    "I035": [
        "ALTER ROLE botplatform_runtime RESET track_activities",
        "ALTER ROLE botplatform_runtime SET track_activities = on",
    ],
    "I036": [
        "CREATE ROLE bi LOGIN BYPASSRLS",
        "CREATE ROLE bi LOGIN; GRANT pg_read_all_data TO bi",
        "CREATE ROLE bi LOGIN; CREATE ROLE analysts; GRANT pg_execute_server_program TO analysts;"
        " GRANT analysts TO bi",
        "CREATE ROLE standby LOGIN REPLICATION",
    ],
    "I037": [
        "ALTER TABLE messages DROP CONSTRAINT messages_sender_known",
        "ALTER TABLE messages DROP CONSTRAINT messages_sender_known;"
        "ALTER TABLE messages ADD CONSTRAINT messages_sender_known CHECK (true)",
        "ALTER TABLE profiles DROP CONSTRAINT profiles_interests_check",
        "ALTER TABLE messages DROP CONSTRAINT messages_position_unique",
        "ALTER TABLE messages_p0 DROP CONSTRAINT messages_p0_conversation_fkey",
        "ALTER TABLE profiles DROP CONSTRAINT profiles_bot_fkey",
        "ALTER TABLE bot_access DROP CONSTRAINT bot_access_bot_fkey",
        "DROP INDEX bots_name_unique",
        "ALTER TABLE auth_user DROP CONSTRAINT auth_user_username_key",
    ],
}
# WITH INHERIT came with PostgreSQL 16, MAINTAIN with 17, NOT ENFORCED with 18.
LATER_VERSIONS: list[tuple[int, str, str]] = [
    (160000, "I013", "GRANT admin TO botplatform_office WITH INHERIT TRUE"),
    (170000, "I007", "GRANT MAINTAIN ON messages TO bot"),
    (
        180000,
        "I025",
        "ALTER TABLE auth_group ADD parent integer,"
        " ADD FOREIGN KEY (parent) REFERENCES auth_group NOT ENFORCED",
    ),
]

# What comes as a new function, and does harm elsewhere as well.
TOGETHER: list[tuple[list[str], str]] = [
    (["I002", "I019"], EVIL_TWIN),
    (
        ["I019", "I033"],
        "CREATE FUNCTION hello() RETURNS event_trigger LANGUAGE plpgsql"
        " SET search_path = pg_catalog, public, pg_temp AS 'BEGIN END';"
        f"ALTER FUNCTION hello() {OWNED}; REVOKE ALL ON FUNCTION hello() FROM PUBLIC;"
        "CREATE EVENT TRIGGER listening ON ddl_command_start EXECUTE FUNCTION hello()",
    ),
    (
        ["I019", "I029"],
        "CREATE FUNCTION pg_stat_statements() RETURNS text LANGUAGE sql"
        " SET search_path = pg_catalog, public, pg_temp AS 'SELECT NULL::text';"
        f"ALTER FUNCTION pg_stat_statements() {OWNED};"
        "REVOKE ALL ON FUNCTION pg_stat_statements() FROM PUBLIC;"
        "GRANT EXECUTE ON FUNCTION pg_stat_statements() TO botplatform_runtime",
    ),
]
