from django.db.backends.postgresql.creation import DatabaseCreation as PostgresCreation

from botplatform.planes import OWNER


class DatabaseCreation(PostgresCreation):
    def _get_database_create_suffix(
        self, encoding: str | None = None, template: str | None = None
    ) -> str:
        """A test database belongs to the owner role, as the real one does."""
        options = super()._get_database_create_suffix(encoding, template) or "WITH"  # type: ignore[misc]
        return f"{options} OWNER {OWNER}"
