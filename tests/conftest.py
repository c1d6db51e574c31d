import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tenants.models import Bot
from tests.emptied import empty_tables
from tests.factories import BotFactory

# A busy machine is no error of what is tested.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")

TransactionTestCase._fixture_teardown = lambda _: empty_tables()

# In the background a shell has SIGINT ignored, which the processes under test would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def workspace() -> Iterator[Path]:
    """Not pytest's tmp_path: that one closes its parent folder to the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="botplatform-test-")).resolve()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def administrator(django_db_setup: None) -> dict[str, Any] | None:
    """The superuser who provisioned the test database, as parameters of a connection to it."""
    login = connection.creation.administrator()
    if login is None:
        return None
    parameters = {**login, "dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(**parameters) as session:
        return parameters if session.info.parameter_status("is_superuser") == "on" else None


@pytest.fixture(scope="session")
def superuser(administrator: dict[str, Any] | None) -> dict[str, Any]:
    if administrator is None:
        pytest.skip("NOT TESTED: with DATABASE_URL this needs a superuser's ADMIN_DATABASE_URL")
    return administrator


@pytest.fixture
def alice_bot(db: None) -> Bot:
    return BotFactory(name="Alice's bot")


@pytest.fixture
def bob_bot(db: None) -> Bot:
    return BotFactory(name="Bob's bot")
