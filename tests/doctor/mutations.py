"""For each rule, SQL that breaks it and no other; run by a superuser and rolled back."""

OWNED = "OWNER TO botplatform_owner"
NOTES = f"CREATE TABLE notes (id uuid, bot_id uuid); ALTER TABLE notes {OWNED};"
LATER = (
    "CREATE TABLE security_audit_log_2090_01 PARTITION OF security_audit_log"
    " FOR VALUES FROM ('2090-01-01+00') TO ('2090-02-01+00');"
    f"ALTER TABLE security_audit_log_2090_01 {OWNED};"
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
        EVIL_TWIN,
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
    ],
    "I007": [
        "GRANT TRUNCATE ON messages TO bot",
        "GRANT TRUNCATE ON messages_p1 TO super_admin",
        "GRANT REFERENCES (id) ON bots TO admin",
        "GRANT TRIGGER ON auth_user TO botplatform_office",
    ],
    "I008": [
        "GRANT UPDATE ON messages TO bot",
        "GRANT UPDATE (bot_id) ON profiles TO super_admin",
        "GRANT UPDATE (position) ON messages TO admin",
        "GRANT UPDATE (last_position) ON conversations TO bot",
        "GRANT UPDATE (id) ON bots TO super_admin",
        "GRANT UPDATE (user_id) ON bot_access TO admin",
    ],
    "I009": [
        "GRANT SELECT ON bots TO admin",
        "GRANT SELECT (telegram_token) ON bots TO super_admin",
    ],
    "I010": [
        "GRANT SELECT ON auth_user TO bot",
        "GRANT SELECT (password) ON auth_user TO botplatform_runtime",
        "GRANT INSERT ON django_migrations TO botplatform_runtime",
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
    ],
    "I015": ["SET LOCAL SESSION AUTHORIZATION botplatform_runtime"],
    "I016": [
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO bot",
        "GRANT CREATE ON SCHEMA public TO botplatform_keeper",
        "GRANT CREATE ON SCHEMA public TO botplatform_searcher",
        "GRANT SELECT ON auth_user TO PUBLIC",
        "GRANT SELECT (password) ON auth_user TO PUBLIC",
        "GRANT USAGE ON SEQUENCE auth_user_id_seq TO PUBLIC",
        "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO PUBLIC',"
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
        f"CREATE FUNCTION hello() RETURNS text LANGUAGE sql AS 'SELECT $${'hello'}$$';"
        f"ALTER FUNCTION hello() {OWNED}",
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
    ],
    "I020": [
        VIEW.format(""),
        VIEW.format("WITH (security_invoker = false)"),
        VIEW.format("WITH (security_barrier)"),
    ],
    "I021": [
        COPY.format("messages"),
        COPY.format("messages_p3"),
        VIEW.format("WITH (security_invoker)") + COPY.format("seen"),
    ],
    "I022": [
        "ALTER TABLE messages DISABLE TRIGGER USER",
        "ALTER TABLE messages_p3 DISABLE TRIGGER ALL",
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
    "I028": [
        "GRANT SELECT ON context_keys TO bot",
        "GRANT SELECT (outer_pad) ON context_keys TO admin",
        "GRANT INSERT ON context_keys TO botplatform_office",
        "GRANT SELECT ON context_keys TO botplatform_ops",
        "GRANT INSERT ON context_keys TO botplatform_keeper",
    ],
    "I027": [
        "ALTER TABLE auth_group OWNER TO botplatform_migrator",
        "ALTER TABLE messages_p3 OWNER TO postgres",
        "CREATE SCHEMA side",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO postgres',"
        " current_database()); END $$",
    ],
    "I030": [
        "GRANT SELECT ON django_session TO admin",
        "GRANT SELECT (session_key) ON django_session TO super_admin",
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
        "CREATE FUNCTION pg_stat_statements() RETURNS text LANGUAGE sql AS 'SELECT NULL::text';"
        f"ALTER FUNCTION pg_stat_statements() {OWNED};"
        "REVOKE ALL ON FUNCTION pg_stat_statements() FROM PUBLIC;"
        "GRANT EXECUTE ON FUNCTION pg_stat_statements() TO botplatform_runtime",
        "GRANT EXECUTE ON FUNCTION set_config TO admin",
        "ALTER ROLE botplatform_runtime RESET track_activities",
        "ALTER ROLE botplatform_runtime SET track_activities = on",
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
