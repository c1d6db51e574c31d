"""Check `isolation`: what `manage.py check_isolation` says, and a probe as each bot.

The operators' login cannot become a bot, so the probe is a session of the bots' own login, at the
very moment (snapshot) at which the operators' rows are counted: live writers change nothing.
It alone may read the bot's token as well.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection

from legacy_import.verify.checks import ISOLATION
from legacy_import.verify.findings import Findings
from tenants import session
from tenants.context import maintenance_context
from tenants.doctor.examination import examine
from tenants.session import Scope
from tenants.tenant import TenantModel
from tenants.tokens import SealedToken, WrongTokenKey

NO_LOGIN = "not probed as the bots: set RUNTIME_DATABASE_URL to the bots' login"
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# No bot is named: it is row security that must leave the others out.
VISIBLE = "SELECT {bot}, count(*) FROM {table} GROUP BY 1"
OF_ITSELF = "SELECT telegram_token, token_fingerprint, token_masked FROM bots"
OWN = "SELECT {bot}, count(*) FROM {table} WHERE {bot} = ANY (%s) GROUP BY 1"


def check_isolation(bots: Mapping[str, uuid.UUID], findings: Findings) -> None:
    with maintenance_context():
        for rule, found in examine(connection).findings.items():
            findings.count(ISOLATION, "rules")
            for one in found:
                findings.add(ISOLATION, rule.id, str(one))
    if settings.RUNTIME_DATABASE is None:
        findings.cannot(ISOLATION, NO_LOGIN)
        return
    try:
        probe(bots, settings.RUNTIME_DATABASE, findings)
    except psycopg.Error as error:
        findings.cannot(ISOLATION, f"not probed as the bots: {str(error).splitlines()[0]}")


def probe(bots: Mapping[str, uuid.UUID], login: Mapping[str, Any], findings: Findings) -> None:
    """Each bot must see as many rows as it has, and none of anybody else."""
    # Derived tables are closed to bots: that is among the rules.
    tables = {
        model._meta.db_table: "bot_id"
        for model in apps.get_models()
        if issubclass(model, TenantModel) and not model.derived
    } | {"bots": "id"}
    with maintenance_context(), connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        own: dict[str, dict[uuid.UUID, int]] = {}
        for table, bot in tables.items():
            cursor.execute(OWN.format(bot=bot, table=table), [[*bots.values()]])
            own[table] = dict(cursor.fetchall())
        for name, bot_id in bots.items():
            with _as_bot(bot_id, snapshot, login) as seen:
                findings.count(ISOLATION, "bots probed")
                for table, bot in tables.items():
                    visible = dict(seen.execute(VISIBLE.format(bot=bot, table=table)).fetchall())
                    expected = own[table].get(bot_id, 0)
                    found = visible.pop(bot_id, 0)
                    if found != expected:
                        what = "the bot sees another number of its rows than it has"
                        findings.add(ISOLATION, name, what, None, table, expected, found)
                    if visible:
                        what = "the bot sees rows of other bots"
                        total = sum(visible.values())
                        findings.add(ISOLATION, name, what, None, table, 0, total)
                _compare_token(name, seen, findings)


def _compare_token(name: str, seen: psycopg.Connection, findings: Findings) -> None:
    """The ciphertext is for the bot alone: what it opens must be what its row says of it."""
    sealed, *said = seen.execute(OF_ITSELF).fetchone() or (None, None, "")
    try:
        token = SealedToken(sealed).open() if sealed else None
    except WrongTokenKey as error:
        findings.add(ISOLATION, name, str(error))
        return
    findings.count(ISOLATION, "tokens opened", token is not None)
    if said != ([token.fingerprint, token.masked] if token else [None, ""]):
        findings.add(ISOLATION, name, "the bot's token is not the one that its row speaks of")


@contextmanager
def _as_bot(
    bot_id: uuid.UUID, snapshot: str, login: Mapping[str, Any]
) -> Iterator[psycopg.Connection]:
    parameters = {
        "dbname": connection.settings_dict["NAME"],
        "user": login["USER"],
        "password": login.get("PASSWORD") or None,
        "host": login["HOST"],
        "port": login["PORT"] or None,
        **login["OPTIONS"],
    }
    with psycopg.connect(**parameters) as bot:
        opening = session.opening(Scope("bot", bot_id=bot_id))
        # The bots' own limit is for their requests.
        bot.execute(
            f"{SNAPSHOT}; SET TRANSACTION SNAPSHOT '{snapshot}'; "
            f"SET LOCAL statement_timeout = 0; {opening}"
        )
        yield bot
        bot.rollback()
