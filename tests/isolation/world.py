"""Two committed bots, and connections under the real logins."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection

from botplatform.planes import MIGRATOR, OFFICE, OPS, RUNTIME
from conversations.models import Conversation, Message, Profile
from metrics.models import BotMetric
from tenants.models import Bot, BotAccess
from tenants.seals import seal
from tenants.session import setting
from tests.factories import (
    BotAccessFactory,
    BotFactory,
    BotMetricFactory,
    ConversationFactory,
    MessageFactory,
    ProfileFactory,
    UserFactory,
)

LOGINS = {"bot": RUNTIME.login, "admin": OFFICE.login, "super_admin": OPS.login}
ROLES = ("bot", "admin", "super_admin", "app_base")
TENANT_TABLES = ("profiles", "conversations", "messages", "bot_metrics")
ALL_TABLES = (*TENANT_TABLES, "bots", "bot_access")
DENIED = "42501"
PASSWORD = "correct horse battery staple"

NEW_ROWS = {
    "profiles": "(id, bot_id, telegram_id) VALUES (gen_random_uuid(), %(bot)s, 987)",
    "conversations": "(id, bot_id, chat_id) VALUES (gen_random_uuid(), %(bot)s, 987)",
    "messages": "(id, bot_id, conversation_id, sender_type)"
    " VALUES (gen_random_uuid(), %(bot)s, %(conversation)s, 'bot')",
    "bot_metrics": "(id, bot_id, metric_name, metric_value)"
    " VALUES (gen_random_uuid(), %(bot)s, 'x', 1)",
    "bots": "(id, name) VALUES (gen_random_uuid(), 'Mallory')",
    "bot_access": "(id, bot_id, user_id, role)"
    " VALUES (gen_random_uuid(), %(bot)s, %(user)s, 'manager')",
}
CHANGEABLE = {
    "profiles": "name",
    "conversations": "title",
    "messages": "content",
    "bot_metrics": "metric_name",
    "bots": "status",
    "bot_access": "role",
}


@dataclass(frozen=True)
class Tenant:
    bot: Bot
    profile: Profile
    conversation: Conversation
    message: Message
    metric: BotMetric
    staff: User
    access: BotAccess

    @property
    def id(self) -> uuid.UUID:
        return self.bot.id

    @property
    def keys(self) -> dict[str, Any]:
        """Parameters of NEW_ROWS."""
        return {"bot": self.id, "conversation": self.conversation.id, "user": self.staff.pk}


@dataclass(frozen=True)
class World:
    alice: Tenant
    bob: Tenant
    superuser: User


def make_tenant(name: str, telegram_id: int) -> Tenant:
    bot = BotFactory(name=f"{name}'s bot", config={"secret": f"{name}-secret"})
    profile = ProfileFactory(bot=bot, telegram_id=telegram_id, name=f"{name}-secret")
    conversation = ConversationFactory(bot=bot, profile=profile, chat_id=telegram_id)
    messages = [
        MessageFactory(conversation=conversation, content=f"{name}-secret {n}") for n in range(3)
    ]
    metric = BotMetricFactory(bot=bot, metric_name=f"{name}-secret")
    staff = UserFactory(username=f"staff-of-{name}")
    access = BotAccessFactory(user=staff, bot=bot, role="manager")
    return Tenant(bot, profile, conversation, messages[0], metric, staff, access)


def make_world() -> World:
    return World(
        make_tenant("alice", 111),
        make_tenant("bob", 222),
        UserFactory(username="root-of-all", is_superuser=True),
    )


def unmake_world() -> None:
    Bot.objects.all().delete()
    User.objects.all().delete()
    Session.objects.all().delete()


def parameters(login: str) -> dict[str, Any]:
    wanted = ("host", "port", "dbname", "password", "hostaddr", "sslmode")
    given = connection.get_connection_params()
    return {**{key: given[key] for key in wanted if given.get(key)}, "user": login}


def log_in(login: str, **more: Any) -> psycopg.Connection:
    return psycopg.connect(**parameters(login), **more)


def context_statements(role: str, bot: Any = "", user: Any = "", sealed: bool = True) -> str:
    """Whatever is claimed, and sealed as a process of ours would; a forger cannot."""
    claim = {"bot": f"bot:{bot}", "admin": f"staff:{user}"}.get(role)
    return setting((bot, user, seal(claim) if claim and sealed else "", "", "", role))


@contextmanager
def acting(role: str, bot: Any = "", user: Any = "") -> Iterator[psycopg.Connection]:
    """A transaction under the role's real login, in a context; rolled back."""
    with log_in(LOGINS[role]) as session:
        session.execute(context_statements(role, bot, user))
        yield session
        session.rollback()


def refusal(session: psycopg.Connection, sql: Any, params: Any = None) -> str | None:
    """The SQLSTATE with which this was refused, or None; the transaction goes on."""
    try:
        with session.transaction():
            session.execute(sql, params)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def rows_of_bot(bot_id: Any) -> dict[str, list[str]]:
    """Everything stored for a bot, as the migrator sees it."""
    found = {}
    with log_in(MIGRATOR.login) as session:
        for table in ALL_TABLES:
            key = "id" if table == "bots" else "bot_id"
            rows = session.execute(
                f"SELECT t::text FROM {table} t WHERE {key} = %s ORDER BY 1", [bot_id]
            )
            found[table] = [row for (row,) in rows]
    return found
