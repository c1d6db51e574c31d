import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client

ELSEWHERE = "elsewhere"


@contextmanager
def database(pool: dict[str, Any] | None = None, **changes: Any) -> Iterator[Any]:
    """The process's default database, changed, for the time of the block."""
    default = connections["default"]
    settings_dict = {**default.settings_dict, **changes}
    options = {**settings_dict["OPTIONS"], "application_name": ELSEWHERE, "connect_timeout": 2}
    settings_dict["OPTIONS"] = options | {"pool": pool}
    other: Any = type(default)(settings_dict, alias=ELSEWHERE)
    connections["default"] = connections[ELSEWHERE] = other
    try:
        yield other
    finally:
        connections["default"] = default
        for thread in readiness_threads():
            thread.join()
        other.close()
        other.close_pool()
        del connections[ELSEWHERE]


def readiness_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "readiness"]


def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def not_ready(client: Client) -> str:
    """Why the database is not ready; the answer is prompt and says nothing about where it is."""
    started = time.monotonic()
    response = client.get("/readyz")
    assert time.monotonic() - started < 4
    assert response.status_code == 503
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["status"] == "not ready"
    database, migrations, contexts = body["checks"]
    assert contexts == {"name": "contexts", "ok": False, "detail": "not checked"}
    assert (database["name"], database["ok"]) == ("database", False)
    assert migrations == {"name": "migrations", "ok": False, "detail": "not checked"}
    text = response.content.decode()
    for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME"):
        value = str(connections["default"].settings_dict[key] or "")
        assert not value or value not in text
    return str(database["detail"])


def test_the_middleware_is_the_first() -> None:
    assert settings.MIDDLEWARE[0] == "botplatform.health.HealthMiddleware"


def test_healthz_answers_any_host_without_a_database(client: Client) -> None:
    response = client.get("/healthz", headers={"host": "bad_host:80:80"})
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_readyz_says_what_it_checked(client: Client) -> None:
    response = client.get("/readyz", headers={"host": "10.1.2.3"})
    body = response.json()
    assert (response.status_code, body["status"]) == (200, "ready")
    assert response["Cache-Control"] == "no-store"
    database, migrations, contexts = body["checks"]
    assert contexts == {"name": "contexts", "ok": True, "detail": "accepted"}
    assert database == {"name": "database", "ok": True, "detail": database["detail"]}
    assert database["detail"].startswith("PostgreSQL 1")
    assert migrations["ok"]
    assert migrations["detail"].startswith("all ")


@pytest.mark.django_db
def test_a_missing_migration_is_counted(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '0001_initial' AND app = 'auth'")
    response = client.get("/readyz")
    database, migrations, _ = response.json()["checks"]
    assert (response.status_code, database["ok"], migrations["ok"]) == (503, True, False)
    assert migrations["detail"].startswith("1 of ")
    assert migrations["detail"].endswith(" not applied")


@pytest.mark.django_db
def test_a_key_that_the_database_does_not_know(client: Client, settings: Any) -> None:
    settings.CONTEXT_KEYS = ["another-key-" * 6]
    response = client.get("/readyz")
    *others, contexts = response.json()["checks"]
    assert (response.status_code, [check["ok"] for check in others]) == (503, [True, True])
    assert not contexts["ok"]
    assert contexts["detail"].endswith("run manage.py install_context_keys")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_head_is_answered_and_other_methods_are_refused(client: Client, path: str) -> None:
    assert client.head(path).status_code == 200
    for response in (client.post(path), client.delete(path), client.options(path)):
        assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
        assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_server_that_is_down(client: Client) -> None:
    with closing(listener()) as closed:
        port = closed.getsockname()[1]
    with database(HOST="127.0.0.1", PORT=port):
        assert not_ready(client) == "cannot connect"


@pytest.mark.django_db
def test_a_pool_whose_server_is_down(client: Client) -> None:
    with closing(listener()) as closed:
        port = closed.getsockname()[1]
    pool = {"min_size": 1, "max_size": 2, "timeout": 5}
    with database(pool, HOST="127.0.0.1", PORT=port):
        assert not_ready(client) == "cannot connect"


@pytest.mark.django_db
@pytest.mark.parametrize("pool", [None, {"min_size": 1, "max_size": 2, "timeout": 5}])
def test_a_server_that_never_answers(client: Client, pool: dict[str, Any] | None) -> None:
    with closing(listener()) as silent:
        port = silent.getsockname()[1]
        with database(pool, HOST="127.0.0.1", PORT=port):
            assert not_ready(client) in ("cannot connect", "no answer in time")


@pytest.mark.django_db
def test_probes_of_a_server_that_never_answers_wait_in_one_thread(client: Client) -> None:
    with closing(listener()) as silent:
        port = silent.getsockname()[1]
        with database(None, HOST="127.0.0.1", PORT=port):
            for _ in range(2):
                assert not_ready(client) in ("no answer in time", "cannot connect")
                assert len(readiness_threads()) <= 1
            for thread in readiness_threads():
                thread.join()


@pytest.mark.django_db
def test_an_exhausted_pool_says_nothing_of_the_database(client: Client) -> None:
    with database({"min_size": 0, "max_size": 1, "timeout": 20}) as other:
        other.ensure_connection()
        taken, other.connection = other.connection, None
        assert client.get("/readyz").status_code == 200
        other.connection = taken
        other.close()


@pytest.mark.django_db
@pytest.mark.parametrize("pool", [None, {"min_size": 0, "max_size": 2}])
def test_frequent_probes_leave_nothing_open(client: Client, pool: dict[str, Any] | None) -> None:
    default = connections["default"]
    with database(pool) as other:
        for _ in range(20):
            assert client.get("/readyz").status_code == 200
        for thread in readiness_threads():
            thread.join()
        assert other.connection is None
        assert_sessions(default, 0)


def assert_sessions(default: BaseDatabaseWrapper, expected: int) -> None:
    """How many connections of the block the server has; it needs a moment to see one end."""
    for _ in range(50):
        with default.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s", [ELSEWHERE]
            )
            (count,) = cursor.fetchone()
        if count == expected:
            return
        time.sleep(0.1)
    raise AssertionError(f"{count} sessions are left, not {expected}")
