"""Which bots a staff user was given, as the database asks it."""

STAFF_BOTS = """
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
$$
"""

STAFF_IS_SUPERUSER = """
CREATE FUNCTION staff_is_superuser() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
AS $$
    SELECT coalesce(bool_or(staff.is_superuser), false) FROM public.auth_user staff
    WHERE staff.id = nullif(current_setting('app.current_user_id', true), '')::integer
    AND staff.is_active AND staff.is_staff
$$
"""
