from collections.abc import Iterable

from django.conf import settings
from django.db.backends.postgresql.client import DatabaseClient as PostgresClient

from botplatform.embedded.binaries import Binaries


class DatabaseClient(PostgresClient):
    def runshell(self, parameters: Iterable[str]) -> None:
        """`manage.py dbshell`: with the embedded server running, and its own psql."""
        self.connection.ensure_connection()
        self.connection.close()
        if settings.EMBEDDED_SERVER:
            self.executable_name = str(Binaries.find(None).folder / "psql")
        super().runshell(parameters)
