import os
from collections.abc import Callable

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

ByHand = Callable[..., None]


@pytest.fixture
def by_hand() -> ByHand:
    """Runs SQL as the server's superuser, past all triggers; it must change something."""
    known = connection.settings_dict
    place = {"host": known["HOST"], "port": known["PORT"], "user": "postgres"}
    if not settings.EMBEDDED_SERVER:
        if not (url := os.environ.get("ADMIN_DATABASE_URL")):
            pytest.skip("CHANGES BY HAND NOT TESTED: with DATABASE_URL set ADMIN_DATABASE_URL too")
        place = conninfo_to_dict(url)

    def run(*statements: str) -> None:
        with psycopg.connect(**{**place, "dbname": known["NAME"]}, autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            for statement in statements:
                assert admin.execute(statement).rowcount, statement

    return run
