"""Whose rows a process sees: the only writers of the session state that row security reads.

    with bot_context(bot_id):            # one bot's rows, as a bot process
    with staff_context(user):            # the bots given to a staff user
    with maintenance_context():          # all rows, for operators' commands

Each is a transaction, works as `async with` too, and leaves nothing behind on the connection: what
it sets is SET LOCAL, as literals, the settings first and then the role.
"""

import asyncio
import uuid
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from tenants import session
from tenants.session import Scope


class ContextError(Exception):
    """A context was used in a way that could show a row to somebody it is not for."""


class UnknownBot(ContextError):
    pass


_entered: ContextVar["_Entry | None"] = ContextVar("tenant_context", default=None)
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def current_scope() -> Scope | None:
    entry = _current_entry()
    return entry.scope if entry else None


def _current_entry() -> "_Entry | None":
    """A task that was started inside a context and outlives it is in none."""
    entry = _entered.get()
    return None if entry is None or entry.ended else entry


def bot_context(bot_id: uuid.UUID | str, *, using: str = DEFAULT_DB_ALIAS) -> "Context":
    if not isinstance(bot_id, uuid.UUID):
        try:
            bot_id = uuid.UUID(bot_id)
        except (AttributeError, TypeError, ValueError):
            raise ContextError(f"{bot_id!r:.60} is not a bot's id; ids are UUIDs.") from None
    return Context(Scope("bot", bot_id=bot_id), using)


def staff_context(user: Any, *, using: str = DEFAULT_DB_ALIAS) -> "Context":
    if not (user.is_authenticated and user.is_active and user.is_staff and user.pk):
        raise ContextError("Only an active staff user has a context.")
    return Context(Scope("admin", user_id=int(user.pk), bots=None), using)


def maintenance_context(*, using: str = DEFAULT_DB_ALIAS) -> "Context":
    return Context(Scope("super_admin"), using)


class Context:
    def __init__(self, scope: Scope, using: str) -> None:
        self.scope = scope
        self.using = using
        self._entry: _Entry | None = None
        self._depth = 0

    def __enter__(self) -> Scope:
        if (outer := self._already_inside()) is not None:
            return outer
        self._entry = entry = _Entry(self.scope, self.using)
        scope = entry.begin()
        _entered.set(entry)
        return scope

    def __exit__(self, *error: Any) -> None:
        if (entry := self._leave()) is not None:
            entry.end(*error)

    async def __aenter__(self) -> Scope:
        """Waits for its turn: all tasks of an event loop share Django's one connection."""
        if (outer := self._already_inside()) is not None:
            return outer
        turn = _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        await turn.acquire()
        self._entry = entry = _Entry(self.scope, self.using)
        beginning = asyncio.ensure_future(sync_to_async(entry.begin)())
        try:
            scope = await asyncio.shield(beginning)
            _entered.set(entry)
            return scope
        except asyncio.CancelledError as cancelled:
            await asyncio.wait([beginning])
            if not beginning.exception():
                await sync_to_async(entry.end)(type(cancelled), cancelled, None)
            turn.release()
            raise
        except BaseException:
            turn.release()
            raise

    async def __aexit__(self, *error: Any) -> None:
        if (entry := self._leave()) is None:
            return
        try:
            # A cancelled task still ends its transaction.
            await asyncio.shield(sync_to_async(entry.end)(*error))
        finally:
            _turns[asyncio.get_running_loop()].release()

    def _already_inside(self) -> Scope | None:
        outer = _current_entry()
        if outer is None:
            return None
        if (outer.scope, outer.using) != (self.scope, self.using):
            raise ContextError(f"Inside the context of {outer.scope.name}: leave that first.")
        self._depth += 1
        return outer.scope

    def _leave(self) -> "_Entry | None":
        if self._depth:
            self._depth -= 1
            return None
        _entered.set(None)
        return self._entry


class _Entry:
    """One context from its beginning to its end."""

    def __init__(self, scope: Scope, using: str) -> None:
        self.scope = scope
        self.using = using
        self.outer: tuple[str, ...] = ()
        self.ended = False

    def begin(self) -> Scope:
        # Here and not before: each thread has a connection of its own.
        self.connection = connection = connections[self.using]
        if getattr(connection, "tenant_scope", None) is not None:
            raise ContextError(
                "Another task is inside a context on this connection; wait for it with "
                "`async with`, or use a thread of its own."
            )
        inside = connection.in_atomic_block
        if not inside and not connection.get_autocommit():
            raise ContextError("Autocommit is off: a context manages its own transaction.")
        self.atomic = transaction.atomic(using=connection.alias, durable=not inside)
        self.atomic.__enter__()
        try:
            if inside:
                self.outer = self._execute(session.reading())[0]
            self.scope = self._apply()
        except BaseException as error:
            self.atomic.__exit__(type(error), error, error.__traceback__)
            raise
        connection.tenant_scope = self.scope  # type: ignore[attr-defined]
        self.guard = connection.execute_wrapper(self._only_inside)
        self.guard.__enter__()
        return self.scope

    def end(self, *error: Any) -> None:
        self.ended = True
        self.guard.__exit__(None, None, None)
        self.connection.tenant_scope = None  # type: ignore[attr-defined]
        try:
            if error[0] is None and self.outer and not self.connection.needs_rollback:
                self._execute(session.setting(self.outer))
        finally:
            self.atomic.__exit__(*error)

    def _apply(self) -> Scope:
        opening = session.opening(self.scope)
        if bot_id := self.scope.bot_id:
            if not self._execute(opening, f"SELECT 1 FROM bots WHERE id = '{bot_id}'"):
                raise UnknownBot(f"There is no bot {bot_id}.")
        elif user_id := self.scope.user_id:
            rows = self._execute(
                opening,
                "SELECT staff_is_superuser(), bot_id, role FROM (SELECT) AS staff "
                f"LEFT JOIN bot_access ON user_id = {user_id}",
            )
            bots = None if rows[0][0] else {bot_id: role for _, bot_id, role in rows if bot_id}
            return Scope("admin", user_id=user_id, bots=bots)
        else:
            self._execute(opening)
        return self.scope

    def _execute(self, *statements: str) -> list[Any]:
        """One round trip; the rows of the last statement."""
        with self.connection.cursor() as cursor:
            cursor.execute("; ".join(statements))
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description is not None else []

    def _only_inside(self, execute: Any, sql: Any, params: Any, many: Any, info: Any) -> Any:
        """A task that entered no context shares the connection of one that did."""
        if _entered.get() is not self:
            raise ContextError(
                f"This task is outside the context of {self.scope.name}, which holds the "
                "connection. Enter a context of its own with `async with`."
            )
        return execute(sql, params, many, info)
