import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from tenants.models import Bot
from tests.factories import BotFactory
from tests.legacy_import.tree import Tree, line, message
from tests.legacy_import.verify.verifying import SNAPSHOT

ByHand = Callable[..., None]
TABLE = re.compile(r"(?:UPDATE|DELETE FROM|INSERT INTO)\s+(\w+)")
COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


@pytest.fixture
def superuser() -> dict[str, Any]:
    """Where to connect past all policies."""
    known = connection.settings_dict
    place = {"host": known["HOST"], "port": known["PORT"], "user": "postgres"}
    if not settings.EMBEDDED_SERVER:
        if not (url := os.environ.get("ADMIN_DATABASE_URL")):
            pytest.skip("CHANGES BY HAND NOT TESTED: with DATABASE_URL set ADMIN_DATABASE_URL too")
        place = conninfo_to_dict(url)
    return {**place, "dbname": known["NAME"]}


@pytest.fixture
def by_hand(superuser: dict[str, Any]) -> ByHand:
    """Runs SQL as the server's superuser, past all triggers; it must change something."""

    def run(*statements: str) -> None:
        with psycopg.connect(**superuser, autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            for statement in statements:
                assert admin.execute(statement).rowcount, statement

    return run


@pytest.fixture
def emma() -> Bot:
    return BotFactory(name="Emma")


@pytest.fixture
def imported(tree: Tree, emma: Bot) -> Tree:
    """A little of everything."""
    tree.person(
        7,
        interests=["tea"],
        location="Oslo",
        source="advert",
        last_active="2024-05-02",
        created_at="2024-05-01",
    )
    tree.chat(7, *(message(n, width=n) for n in range(1, 6)), title="Us")
    tree.old_chat(8, *(line(n) for n in range(1, 5)))
    tree.write("metrics.json", {"history": [SNAPSHOT]})
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.write("girls_data/9.json", {"telegram_id": 9, "age": 5})
    tree.chat(10, message(1, content=["in ", "pieces"]), message(2))
    tree.imported()
    return tree


@pytest.fixture
def changed_back(superuser: dict[str, Any]) -> Callable[[str], AbstractContextManager[None]]:
    """Runs one statement past all triggers; what it changed is as it was when the block ends."""

    @contextmanager
    def run(statement: str) -> Iterator[None]:
        table = TABLE.search(statement)
        assert table, statement
        with psycopg.connect(**superuser, autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            was = admin.execute(COLUMNS, [table[1]]).fetchone()
            assert was
            admin.execute(f"CREATE TEMPORARY TABLE was AS SELECT * FROM {table[1]}")
            try:
                assert admin.execute(statement).rowcount, statement
                yield
            finally:
                admin.execute(f"DELETE FROM {table[1]}")
                admin.execute(f"INSERT INTO {table[1]} ({was[0]}) SELECT {was[0]} FROM was")

    return run
