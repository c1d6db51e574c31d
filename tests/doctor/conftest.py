from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from botplatform.psqlextra_backend.creation import LOGIN
from tests.doctor.logins import alias_of_login

ADMIN = "server_admin"


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield
        connection.close()


@pytest.fixture(scope="module")
def admin(database: None, superuser: dict[str, Any]) -> Iterator[str]:
    """An alias under the server's superuser, who may break anything."""
    login = {key.upper(): str(superuser.get(key, "")) for key in LOGIN}
    with alias_of_login(ADMIN, **login) as alias:
        yield alias
