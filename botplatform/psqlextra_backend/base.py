from typing import Any

from django.conf import settings
from django.db.backends.postgresql.features import DatabaseFeatures as PostgresFeatures
from psqlextra.backend.base import DatabaseWrapper as PsqlextraWrapper

from botplatform import embedded_database
from botplatform.psqlextra_backend.client import DatabaseClient
from botplatform.psqlextra_backend.creation import DatabaseCreation
from botplatform.psqlextra_backend.held import HeldConnection
from botplatform.psqlextra_backend.operations import DatabaseOperations
from botplatform.psqlextra_backend.schema import SchemaEditor


class DatabaseFeatures(PostgresFeatures):
    minimum_database_version = (15,)
    # A tenant table's key has two columns, Django's has one: grouping by Django's key alone is
    # "must appear in the GROUP BY clause" to PostgreSQL.
    allows_group_by_selected_pks = False


class DatabaseWrapper(HeldConnection, PsqlextraWrapper):
    SchemaEditorClass = SchemaEditor
    features_class = DatabaseFeatures
    creation_class = DatabaseCreation
    client_class = DatabaseClient
    ops_class = DatabaseOperations

    @property
    def queries_logged(self) -> bool:
        """Only where it is asked for: with DEBUG alone Django keeps the last 9,000 statements, and
        an import's are of several megabytes."""
        return bool(self.force_debug_cursor)

    def serve(self) -> None:
        """Before a new connection: the embedded server runs only while it is used."""
        if settings.EMBEDDED_SERVER:
            embedded_database.serve(settings.EMBEDDED_SERVER)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.serve()
        return super().get_new_connection(conn_params)
