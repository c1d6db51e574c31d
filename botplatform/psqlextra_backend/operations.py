from psqlextra.backend.operations import PostgresOperations


class DatabaseOperations(PostgresOperations):
    def set_time_zone_sql(self) -> str:
        """As a statement: the function set_config is nobody's (botplatform.provision.closed)."""
        return "SET TIME ZONE %s"
