"""Sessions, which the office's login alone reads and writes.

A session's key signs in whoever has it, so the role of a context has no right to the table: what a
view does to the session inside one (signing out, a new password) is written when it has ended.
"""

from django.contrib.sessions.backends import db
from django.db import transaction

from tenants.context import current_scope


class SessionStore(db.SessionStore):
    def exists(self, session_key: str) -> bool:
        # A key has 165 random bits; that it is new shows when it is written.
        return current_scope() is None and super().exists(session_key)

    def save(self, must_create: bool = False) -> None:
        write = super().save
        if current_scope() is None:
            write(must_create)
        else:
            transaction.on_commit(lambda: write(must_create))

    def delete(self, session_key: str | None = None) -> None:
        write, key = super().delete, session_key or self.session_key
        if current_scope() is None:
            write(key)
        else:
            transaction.on_commit(lambda: write(key))
