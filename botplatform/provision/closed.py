"""Functions of PostgreSQL itself with which a session reaches past its own rows and its own work.

All bots share a login and a role, so what PostgreSQL lets a login do to its own sessions and
objects, one bot could do to another. Only a superuser can take these functions away from PUBLIC.
pg_stat_statements is an extension's; where it is there, it shows the statements of the same login.
Not among them: NOTIFY and LOCK TABLE are statements, and advisory locks are of use to a bot.
"""

from botplatform.planes import KEEPER, MIGRATOR, OFFICE, RUNTIME

# What they let a session do -> their names as a pattern, and who besides the migrator (whose
# pg_dump and pg_restore need them) keeps them: the keeper's functions, and the server's own roles
# for administrators and monitoring.
# lo_import and lo_export, which read and write the server's files, are nobody's from the start.
CLOSED: dict[str, tuple[str, tuple[str, ...]]] = {
    "end others of the same login": ("pg_(cancel|terminate)_backend", ("pg_signal_backend",)),
    "share large objects": (
        "lo_(close|creat|create|from_bytea|get|lseek|lseek64|open|put|tell|tell64|truncate"
        "|truncate64|unlink)|loread|lowrite",
        (),
    ),
    "watch each other": (
        "pg_stat_get_(activity|backend_.*|progress_info)|pg_lock_status|pg_stat_statements",
        ("pg_read_all_stats",),
    ),
    "change a setting inside a query": ("set_config", (KEEPER,)),
    "write messages for replication": ("pg_logical_emit_message", ()),
    "follow row versions past row security": ("currtid2", ()),
}


def closing_statements() -> list[str]:
    """Run inside the database."""
    functions = ",\n    ".join(
        f"('^({names})$', '{', '.join((MIGRATOR.login, *keepers))}')"
        for names, keepers in CLOSED.values()
    )
    return [
        _as_superuser(
            f"""FOR closed, keepers IN SELECT p.oid::regprocedure, f.keepers
    FROM pg_proc p JOIN (VALUES
    {functions}) f (names, keepers) ON p.proname ~ f.names
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', closed);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', closed, keepers);
  END LOOP;""",
            f"sessions can {', '.join(CLOSED)}",
            "DECLARE closed regprocedure; keepers text; ",
        )
    ]


def hide_statements() -> str:
    """Those that enter a context have its seal.

    Sessions of the bots' login would see each other's, and the server's log has each statement
    that fails: one lock timeout is enough.
    """
    return _as_superuser(
        f"""ALTER ROLE {RUNTIME.login} SET track_activities = off;
    ALTER ROLE {RUNTIME.login} SET log_min_error_statement = panic;
    ALTER ROLE {OFFICE.login} SET log_min_error_statement = panic;""",
        f"sessions of {RUNTIME.login} see each other''s statements, and failed ones are logged",
    )


def _as_superuser(action: str, otherwise: str, declarations: str = "") -> str:
    return f"""DO $$ {declarations}BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    {action}
  ELSE
    RAISE WARNING 'Without a superuser it stays open that {otherwise}.';
  END IF;
END $$"""
