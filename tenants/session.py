"""The session state that row security reads, as SQL."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenants import correlation
from tenants.seals import seal

ROLES = ("viewer", "operator", "manager")
# In this order: under the role not everything may be set.
STATE = (
    "app.current_bot_id",
    "app.current_user_id",
    "app.context_seal",
    "app.correlation_id",
    "app.client_address",
    "role",
)
# What SQL can leave behind on a connection for whoever uses it next.
FAREWELL = "CLOSE ALL; UNLISTEN *; RESET ALL; RESET ROLE"


@dataclass(frozen=True)
class Scope:
    """What a context lets see. `bots` are the bots of a staff user with the role on each."""

    role: str
    bot_id: uuid.UUID | None = None
    user_id: int | None = None
    bots: Mapping[uuid.UUID, str] | None = field(default=None, compare=False)

    @property
    def bot_filter(self) -> list[uuid.UUID] | None:
        """The bots to name in queries, so that they are planned for their partitions alone."""
        if self.bot_id:
            return [self.bot_id]
        return None if self.bots is None else list(self.bots)

    def allows(self, least_role: str, bot_id: uuid.UUID | None = None) -> bool:
        """Whether the staff user has at least this role, for one bot or for any."""
        if self.bots is None:
            return True
        enough = ROLES[ROLES.index(least_role) :]
        if bot_id is not None:
            return self.bots.get(bot_id) in enough
        return any(role in enough for role in self.bots.values())

    @property
    def name(self) -> str:
        if self.bot_id:
            return f"bot {self.bot_id}"
        return f"staff user {self.user_id}" if self.user_id else "maintenance"


def opening(scope: Scope) -> str:
    """Makes the transaction it is sent in see this scope, until it ends."""
    sealed = ""
    if scope.bot_id:
        sealed = seal(f"bot:{scope.bot_id}")
    elif scope.user_id:
        sealed = seal(f"staff:{scope.user_id}")
    request = (correlation.current() or "", correlation.address() or "")
    return setting((scope.bot_id or "", scope.user_id or "", sealed, *request, scope.role))


def came_from() -> str:
    return f"SET LOCAL app.client_address = '{correlation.address() or ''}'"


def setting(state: Iterable[Any]) -> str:
    """Literals and not parameters: poolers and distributed engines recognise only these."""
    return "; ".join(
        "SET LOCAL {} = '{}'".format(name, str(value).replace("'", "''"))
        for name, value in zip(STATE, state, strict=True)
    )


def reading() -> str:
    values = ", ".join(f"coalesce(current_setting('{name}', true), '')" for name in STATE)
    return f"SELECT {values}"
