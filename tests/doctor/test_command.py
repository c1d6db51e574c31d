import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction

from tenants.doctor.examination import RULES, examine
from tenants.doctor.snapshot import CannotExamine
from tests.clusters import manage
from tests.doctor.logins import alias_of_login
from tests.tenants.scratch_database import scratch_database

OPEN_PARTITION = "GRANT SELECT ON messages_p3 TO bot"


def check_isolation(format: str) -> tuple[str, int]:
    out, status = StringIO(), 0
    try:
        call_command("check_isolation", format=format, stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    return out.getvalue(), status


def run(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_text_of_a_healthy_database(database: None, db: None) -> None:
    text, status = check_isolation("text")
    lines = text.splitlines()
    assert status == 0
    assert lines[-1] == f"All {len(RULES)} rules hold."
    assert [line.split()[:2] for line in lines[:-1]] == [["ok", rule] for rule in sorted(RULES)]


def test_text_of_a_problem(database: None, db: None) -> None:
    run(OPEN_PARTITION)
    text, status = check_isolation("text")
    assert status == 3
    assert "problem  tenants.I004" in text
    assert "- messages_p3: bot has SELECT" in text
    assert "What to do: REVOKE ALL" in text
    assert text.splitlines()[-1] == f"1 of {len(RULES)} rules are broken."


def test_json(database: None, db: None) -> None:
    text, status = check_isolation("json")
    assert (json.loads(text)["ok"], status) == (True, 0)
    run(OPEN_PARTITION)
    text, status = check_isolation("json")
    found = json.loads(text)
    assert (found["ok"], status) == (False, 3)
    (broken,) = [rule for rule in found["rules"] if not rule["ok"]]
    assert broken["id"] == "tenants.I004"
    assert broken["findings"] == [{"where": "messages_p3", "problem": "bot has SELECT"}]


@pytest.mark.slow
def test_a_database_without_tables(django_db_setup: None, django_db_blocker: Any) -> None:
    with (
        django_db_blocker.unblock(),
        scratch_database() as alias,
        pytest.raises(CannotExamine, match=r"no table bot_access, .* `manage.py migrate` first"),
    ):
        examine(connections[alias])


def test_a_server_without_a_role(admin: str, django_db_blocker: Any) -> None:
    message = "no role app_base: run `manage.py provision_database` first"
    with django_db_blocker.unblock(), transaction.atomic(using=admin):
        with connections[admin].cursor() as cursor:
            cursor.execute("ALTER ROLE app_base RENAME TO somebody_else")
        with pytest.raises(CannotExamine, match=message):
            examine(connections[admin])
        transaction.set_rollback(True, using=admin)


def test_the_command_says_why_it_could_not_look(
    monkeypatch: pytest.MonkeyPatch, database: None, django_db_blocker: Any
) -> None:
    with (
        django_db_blocker.unblock(),
        alias_of_login("empty", NAME="postgres") as alias,
        monkeypatch.context() as patched,
    ):
        patched.setattr(
            "tenants.management.commands.check_isolation.connection", connections[alias]
        )
        with pytest.raises(CommandError, match=r"There is no table .* `manage.py migrate` first"):
            call_command("check_isolation")


def test_a_first_run_on_an_empty_folder(workspace: Any) -> None:
    result = manage("check_isolation", "--format", "json", DATA_DIR=str(workspace))
    assert result.returncode == 1
    assert result.stdout == ""
    assert "run `manage.py migrate` first" in result.stderr
    assert "Traceback" not in result.stderr
