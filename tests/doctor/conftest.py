import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from psycopg.conninfo import conninfo_to_dict

from botplatform.provision.script import database_statements
from tests.doctor.logins import alias_of_login

ADMIN = "server_admin"


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database with what provisioning grants on a database."""
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            for statement in database_statements(connection.settings_dict["NAME"]):
                cursor.execute(statement)
        yield
        connection.close()


@pytest.fixture(scope="module")
def admin(database: None) -> Iterator[str]:
    """An alias under the server's superuser, who may break anything."""
    if settings.EMBEDDED_SERVER:
        parameters = {"USER": "postgres"}
    elif url := os.environ.get("ADMIN_DATABASE_URL"):
        given = conninfo_to_dict(url)
        parameters = {
            "USER": str(given.get("user", "postgres")),
            "PASSWORD": str(given.get("password", "")),
            "HOST": str(given.get("host", "")),
            "PORT": str(given.get("port", "")),
        }
    else:
        pytest.skip("MUTATIONS NOT TESTED: with DATABASE_URL they need ADMIN_DATABASE_URL")
    with alias_of_login(ADMIN, **parameters) as alias:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            if cursor.fetchone() != (True,):
                pytest.skip("MUTATIONS NOT TESTED: ADMIN_DATABASE_URL is no superuser")
        yield alias
