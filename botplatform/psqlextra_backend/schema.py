from types import TracebackType
from typing import Self

from psqlextra.backend.schema import PostgresSchemaEditor

from botplatform.database_errors import WrongLogin
from botplatform.planes import KEEPER, MIGRATOR, OWNER, SEARCHER

FUNCTION_OWNERS = f"{KEEPER}, {SEARCHER}"


class SchemaEditor(PostgresSchemaEditor):
    """Whatever a migration creates belongs to the owner role when it ends.

    The migrator itself creates it, not the owner through SET ROLE: the owner is under forced row
    security, where data migrations would silently touch no rows.

    Functions that run as the keeper or the searcher are handed over to them, for which these must
    be allowed to create in the schema: until the migration ends, and no longer.
    """

    def __enter__(self) -> Self:
        if not self.collect_sql:
            self._require_migrator()
        editor = super().__enter__()
        self.execute(f"GRANT CREATE ON SCHEMA public TO {FUNCTION_OWNERS}")
        return editor

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            self.deferred_sql += [
                f"REASSIGN OWNED BY CURRENT_USER TO {OWNER}",
                f"REVOKE CREATE ON SCHEMA public FROM {FUNCTION_OWNERS}",
            ]
        super().__exit__(exc_type, exc_value, traceback)

    def _require_migrator(self) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_user, EXISTS (SELECT FROM pg_roles WHERE rolname = current_user"
                " AND NOT rolsuper AND rolbypassrls AND pg_has_role(%s, 'USAGE'))"
                " FROM pg_roles WHERE rolname = %s",
                [OWNER, OWNER],
            )
            login, suitable = cursor.fetchone() or (None, False)
        if not suitable:
            raise WrongLogin(
                f"Migrations run under the login {MIGRATOR.login}, not {login}. "
                "`manage.py provision_database` creates it; put it in DATABASE_URL."
                if login
                else f"The role {OWNER} does not exist on this server. "
                "Run `manage.py provision_database` with a privileged URL first."
            )
