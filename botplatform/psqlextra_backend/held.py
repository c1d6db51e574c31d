"""A connection that a context holds is that context's alone, and is given back as it was found."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.context import Entry
from tenants.session import FAREWELL


class HeldConnection(BaseDatabaseWrapper):
    # The context that has begun on this connection and not ended.
    held_by: Entry | None = None
    # Until the transaction of such a context has ended.
    leaving = False

    @property
    def needs_rollback(self) -> bool:
        return self._needs_rollback

    @needs_rollback.setter
    def needs_rollback(self, value: bool) -> None:
        """A task that was refused for being outside must not undo what the one inside wrote."""
        if self.held_by is None or self.held_by.is_entered():
            self._needs_rollback = value

    def close(self) -> None:
        if self.held_by is not None:
            self.held_by.require_entered()
        super().close()

    def lose(self) -> None:
        """From any thread: what was under way is undone, and nothing of it stays."""
        if self.connection is not None:
            self.connection.close()
            self._close()  # type: ignore[attr-defined]
            self.connection = None
        self.in_atomic_block, self.held_by = False, None

    def _cursor(self, name: str | None = None) -> Any:
        if self.held_by is not None:
            self.held_by.require_entered()
        return super()._cursor(name)  # type: ignore[misc]

    def _commit(self) -> None:
        self._end_transaction("COMMIT", super()._commit)  # type: ignore[misc]

    def _rollback(self) -> None:
        self._end_transaction("ROLLBACK", super()._rollback)  # type: ignore[misc]

    def _end_transaction(self, how: str, plainly: Any) -> None:
        """In the same round trip, what the SQL of a context may have set for the session."""
        if not self.leaving or self.connection is None:
            plainly()
            return
        first, then = (how, FAREWELL) if how == "ROLLBACK" else (FAREWELL, how)
        with self.wrap_database_errors:
            self.connection.execute(f"{first}; {then}; SET TIME ZONE '{self.timezone_name}'")
        self.leaving = False
