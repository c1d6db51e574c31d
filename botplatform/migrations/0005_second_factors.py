"""Second factors: who signs people in reads the secrets, nobody else does; audited without them."""

from django.db import migrations

# From tenants.office.
SQL = """
ALTER TABLE otp_totp_totpdevice ENABLE ROW LEVEL SECURITY;
ALTER TABLE otp_totp_totpdevice FORCE ROW LEVEL SECURITY;
CREATE POLICY otp_totp_totpdevice_sign_in ON otp_totp_totpdevice FOR SELECT TO botplatform_office USING (true);
CREATE POLICY otp_totp_totpdevice_used ON otp_totp_totpdevice FOR UPDATE TO botplatform_office USING (true);
CREATE POLICY otp_totp_totpdevice_read ON otp_totp_totpdevice FOR SELECT TO admin USING (user_id = (SELECT current_staff()) OR (SELECT staff_is_superuser()));
CREATE POLICY otp_totp_totpdevice_add ON otp_totp_totpdevice FOR INSERT TO admin WITH CHECK (user_id = (SELECT current_staff()));
CREATE POLICY otp_totp_totpdevice_delete ON otp_totp_totpdevice FOR DELETE TO admin USING (user_id = (SELECT current_staff()) OR (SELECT staff_is_superuser()));
GRANT SELECT, UPDATE (last_t, last_used_at, throttling_failure_timestamp, throttling_failure_count) ON otp_totp_totpdevice TO botplatform_office;
GRANT SELECT (id, user_id, name, confirmed, created_at), INSERT, DELETE ON otp_totp_totpdevice TO admin;
"""

UNDO = """
DROP POLICY otp_totp_totpdevice_sign_in ON otp_totp_totpdevice;
DROP POLICY otp_totp_totpdevice_used ON otp_totp_totpdevice;
DROP POLICY otp_totp_totpdevice_read ON otp_totp_totpdevice;
DROP POLICY otp_totp_totpdevice_add ON otp_totp_totpdevice;
DROP POLICY otp_totp_totpdevice_delete ON otp_totp_totpdevice;
ALTER TABLE otp_totp_totpdevice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE otp_totp_totpdevice DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON otp_totp_totpdevice FROM admin, botplatform_office;
"""

# From tenants.audit.accounts.
AUDIT = r"""

            CREATE OR REPLACE FUNCTION audit_insert_8af8a() RETURNS TRIGGER AS $$

                BEGIN
                    PERFORM audit_write(NULL, 'otp_totp_totpdevice', NEW.id::text, 'INSERT', NULL, jsonb_object_agg(name, value)) FROM (VALUES ('id', to_jsonb(NEW.id)), ('user_id', to_jsonb(NEW.user_id)), ('name', to_jsonb(NEW.name)), ('confirmed', to_jsonb(NEW.confirmed)), ('throttling_failure_timestamp', to_jsonb(NEW.throttling_failure_timestamp)), ('throttling_failure_count', to_jsonb(NEW.throttling_failure_count)), ('created_at', to_jsonb(NEW.created_at)), ('last_used_at', to_jsonb(NEW.last_used_at)), ('key', CASE WHEN NEW.key IS NOT NULL THEN to_jsonb('…'::text) END), ('step', to_jsonb(NEW.step)), ('t0', to_jsonb(NEW.t0)), ('digits', to_jsonb(NEW.digits)), ('tolerance', to_jsonb(NEW.tolerance)), ('drift', to_jsonb(NEW.drift)), ('last_t', to_jsonb(NEW.last_t))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
                END;
            $$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
            ALTER FUNCTION audit_insert_8af8a() SECURITY DEFINER; ALTER FUNCTION audit_insert_8af8a() OWNER TO botplatform_keeper;
            DROP TRIGGER IF EXISTS audit_insert_8af8a ON "otp_totp_totpdevice";
            CREATE  TRIGGER audit_insert_8af8a
                AFTER INSERT ON "otp_totp_totpdevice"


                FOR EACH ROW
                EXECUTE PROCEDURE audit_insert_8af8a();

            COMMENT ON TRIGGER audit_insert_8af8a ON "otp_totp_totpdevice" IS '2583cd9f68e1b5f2219659ac9e0278aed7024723';
        ALTER TABLE "otp_totp_totpdevice" ENABLE ALWAYS TRIGGER audit_insert_8af8a;
            CREATE OR REPLACE FUNCTION audit_update_182a6() RETURNS TRIGGER AS $$

                BEGIN
                    PERFORM audit_write(NULL, 'otp_totp_totpdevice', NEW.id::text, 'UPDATE', jsonb_object_agg(name, was), jsonb_object_agg(name, is_now)) FROM (VALUES ('id', to_jsonb(OLD.id), to_jsonb(NEW.id), OLD.id IS DISTINCT FROM NEW.id), ('user_id', to_jsonb(OLD.user_id), to_jsonb(NEW.user_id), OLD.user_id IS DISTINCT FROM NEW.user_id), ('name', to_jsonb(OLD.name), to_jsonb(NEW.name), OLD.name IS DISTINCT FROM NEW.name), ('confirmed', to_jsonb(OLD.confirmed), to_jsonb(NEW.confirmed), OLD.confirmed IS DISTINCT FROM NEW.confirmed), ('created_at', to_jsonb(OLD.created_at), to_jsonb(NEW.created_at), OLD.created_at IS DISTINCT FROM NEW.created_at), ('key', CASE WHEN OLD.key IS NOT NULL THEN to_jsonb('…'::text) END, CASE WHEN NEW.key IS NOT NULL THEN to_jsonb('…'::text) END, OLD.key IS DISTINCT FROM NEW.key), ('step', to_jsonb(OLD.step), to_jsonb(NEW.step), OLD.step IS DISTINCT FROM NEW.step), ('t0', to_jsonb(OLD.t0), to_jsonb(NEW.t0), OLD.t0 IS DISTINCT FROM NEW.t0), ('digits', to_jsonb(OLD.digits), to_jsonb(NEW.digits), OLD.digits IS DISTINCT FROM NEW.digits), ('tolerance', to_jsonb(OLD.tolerance), to_jsonb(NEW.tolerance), OLD.tolerance IS DISTINCT FROM NEW.tolerance)) AS columns (name, was, is_now, changed) WHERE changed; RETURN NULL;
                END;
            $$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
            ALTER FUNCTION audit_update_182a6() SECURITY DEFINER; ALTER FUNCTION audit_update_182a6() OWNER TO botplatform_keeper;
            DROP TRIGGER IF EXISTS audit_update_182a6 ON "otp_totp_totpdevice";
            CREATE  TRIGGER audit_update_182a6
                AFTER UPDATE ON "otp_totp_totpdevice"


                FOR EACH ROW WHEN (ROW(OLD.id, OLD.user_id, OLD.name, OLD.confirmed, OLD.created_at, OLD.key, OLD.step, OLD.t0, OLD.digits, OLD.tolerance) IS DISTINCT FROM ROW(NEW.id, NEW.user_id, NEW.name, NEW.confirmed, NEW.created_at, NEW.key, NEW.step, NEW.t0, NEW.digits, NEW.tolerance))
                EXECUTE PROCEDURE audit_update_182a6();

            COMMENT ON TRIGGER audit_update_182a6 ON "otp_totp_totpdevice" IS '4b0f513ed4d03ccfa7fe8eaf75455e2f7424ff01';
        ALTER TABLE "otp_totp_totpdevice" ENABLE ALWAYS TRIGGER audit_update_182a6;
            CREATE OR REPLACE FUNCTION audit_delete_92bee() RETURNS TRIGGER AS $$

                BEGIN
                    PERFORM audit_write(NULL, 'otp_totp_totpdevice', OLD.id::text, 'DELETE', jsonb_object_agg(name, value), NULL) FROM (VALUES ('id', to_jsonb(OLD.id)), ('user_id', to_jsonb(OLD.user_id)), ('name', to_jsonb(OLD.name)), ('confirmed', to_jsonb(OLD.confirmed)), ('throttling_failure_timestamp', to_jsonb(OLD.throttling_failure_timestamp)), ('throttling_failure_count', to_jsonb(OLD.throttling_failure_count)), ('created_at', to_jsonb(OLD.created_at)), ('last_used_at', to_jsonb(OLD.last_used_at)), ('key', CASE WHEN OLD.key IS NOT NULL THEN to_jsonb('…'::text) END), ('step', to_jsonb(OLD.step)), ('t0', to_jsonb(OLD.t0)), ('digits', to_jsonb(OLD.digits)), ('tolerance', to_jsonb(OLD.tolerance)), ('drift', to_jsonb(OLD.drift)), ('last_t', to_jsonb(OLD.last_t))) AS columns (name, value) WHERE value IS NOT NULL; RETURN NULL;
                END;
            $$ LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp;
            ALTER FUNCTION audit_delete_92bee() SECURITY DEFINER; ALTER FUNCTION audit_delete_92bee() OWNER TO botplatform_keeper;
            DROP TRIGGER IF EXISTS audit_delete_92bee ON "otp_totp_totpdevice";
            CREATE  TRIGGER audit_delete_92bee
                AFTER DELETE ON "otp_totp_totpdevice"


                FOR EACH ROW
                EXECUTE PROCEDURE audit_delete_92bee();

            COMMENT ON TRIGGER audit_delete_92bee ON "otp_totp_totpdevice" IS '2451852b994279a3a7a532c0e2d0d57f1c7c31c4';
        ALTER TABLE "otp_totp_totpdevice" ENABLE ALWAYS TRIGGER audit_delete_92bee;
"""

AUDIT_UNDO = r"""
DROP TRIGGER IF EXISTS audit_insert_8af8a ON "otp_totp_totpdevice"; DROP FUNCTION IF EXISTS audit_insert_8af8a();DROP TRIGGER IF EXISTS audit_update_182a6 ON "otp_totp_totpdevice"; DROP FUNCTION IF EXISTS audit_update_182a6();DROP TRIGGER IF EXISTS audit_delete_92bee ON "otp_totp_totpdevice"; DROP FUNCTION IF EXISTS audit_delete_92bee();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("botplatform", "0004_throttle"),
        ("otp_totp", "0003_add_timestamps"),
        ("tenants", "0008_staff_preferences"),
    ]

    operations = [migrations.RunSQL(SQL, UNDO), migrations.RunSQL(AUDIT, AUDIT_UNDO)]
