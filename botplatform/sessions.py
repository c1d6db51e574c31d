"""Sessions, which the office's login alone reads and writes.

A session's key signs in whoever has it, so whoever reads the table finds none: a row is named by a
digest of its key, and its data count under that key alone. The role of a context has no right to
the table: what a view does to the session inside one (signing out, a new password) is written when
it has ended.
"""

import hashlib
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import transaction
from django.utils import timezone

from tenants.context import current_scope


class SessionStore(db.SessionStore):
    @property
    def key_salt(self) -> str:
        """Of the signature: the data of a row say nothing in another."""
        return f"{super().key_salt}.{self.session_key}"

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.session_key = row_key(row.session_key)
        return row

    def load(self) -> dict[str, Any]:
        rows = self.model.objects.filter(expire_date__gt=timezone.now())
        row = rows.filter(session_key=row_key(self.session_key or "")).first()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        # A key has 165 random bits; that it is new shows when it is written.
        return current_scope() is None and super().exists(row_key(session_key))

    def save(self, must_create: bool = False) -> None:
        write = super().save
        if current_scope() is None:
            write(must_create)
        else:
            transaction.on_commit(lambda: write(must_create))

    def delete(self, session_key: str | None = None) -> None:
        write, key = super().delete, session_key or self.session_key
        if key is None:
            return
        if current_scope() is None:
            write(row_key(key))
        else:
            transaction.on_commit(lambda: write(row_key(key)))


def row_key(session_key: str) -> str:
    """As much of the SHA-256 as the column holds: 160 bits."""
    return hashlib.sha256(session_key.encode("utf-8", "replace")).hexdigest()[:40]
