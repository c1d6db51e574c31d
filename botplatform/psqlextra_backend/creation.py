import os
import warnings
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.creation import DatabaseCreation as PostgresCreation
from psycopg.conninfo import conninfo_to_dict

from botplatform.planes import OWNER
from botplatform.provision import grant_inside

LOGIN = ("host", "port", "user", "password")


class DatabaseCreation(PostgresCreation):
    """Test databases as `manage.py provision_database` makes the real one."""

    def _get_database_create_suffix(
        self, encoding: str | None = None, template: str | None = None
    ) -> str:
        options = super()._get_database_create_suffix(encoding, template) or "WITH"  # type: ignore[misc]
        return f"{options} OWNER {OWNER}"

    def _create_test_db(self, verbosity: int, autoclobber: bool, keepdb: bool = False) -> str:
        name: str = super()._create_test_db(verbosity, autoclobber, keepdb)  # type: ignore[misc]
        own = self.connection.get_connection_params()
        login = self.administrator() or {key: own[key] for key in LOGIN if key in own}
        for warning in grant_inside(login, name):
            warnings.warn(f"{warning} Set ADMIN_DATABASE_URL to test it.", stacklevel=2)
        with self._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            # A test database outlives no crash; without waiting for the disk, tests are faster.
            quoted = self.connection.ops.quote_name(name)
            cursor.execute(f"ALTER DATABASE {quoted} SET synchronous_commit = off")
        return name

    def administrator(self) -> dict[str, Any] | None:
        """The login that provisioned the server, where this process knows it."""
        if settings.EMBEDDED_SERVER:
            return {"host": self.connection.settings_dict["HOST"], "user": "postgres"}
        url = os.environ.get("ADMIN_DATABASE_URL")
        return conninfo_to_dict(url) if url else None
