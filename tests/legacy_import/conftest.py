import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import InternalError, connection

from botplatform.provision.script import database_statements
from tests.legacy_import.tree import Tree


@pytest.fixture(scope="session", autouse=True)
def temporary_tables(django_db_setup: None, django_db_blocker: Any) -> None:
    """The test database with what provisioning grants on a database."""
    with django_db_blocker.unblock():
        for attempt in range(10):
            try:
                with connection.cursor() as cursor:
                    for statement in database_statements(connection.settings_dict["NAME"]):
                        cursor.execute(statement)
                break
            except InternalError:  # another worker grants at the same moment
                time.sleep(0.1 * (attempt + 1))
        connection.close()


@pytest.fixture
def tree(workspace: Path) -> Iterator[Tree]:
    return Tree(workspace / "legacy")
