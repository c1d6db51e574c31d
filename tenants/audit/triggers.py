"""Triggers that write each change of a row into the audit log.

A token or a password never enters it: its change is recorded as a fact. Nor does what people
write: the log would become a second copy of every message, which lives longer than the first.
It says how long a text was; a hash of a short one could be guessed from.
"""

from collections.abc import Sequence
from typing import Any

import pgtrigger
from django.db import models

from tenants.triggers import KeeperTrigger, KeeperTriggerSql

MARK = """to_jsonb('…'::text)"""


class AuditTriggerSql(KeeperTriggerSql):
    """Fires also where session_replication_role turns ordinary triggers off."""

    def get_template(self) -> str:
        return super().get_template() + "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {pgid};"


class AuditTrigger(KeeperTrigger):
    sql_class = AuditTriggerSql

    def __init__(
        self,
        *,
        bot: str | None,
        ignored: Sequence[str] = (),
        secret: Sequence[str] = (),
        measured: Sequence[str] = (),
        **trigger: Any,
    ) -> None:
        super().__init__(**trigger)
        self.bot, self.ignored, self.secret, self.measured = bot, ignored, secret, measured

    def bot_of(self, row: str) -> str:
        return f"{row}.{self.bot}" if self.bot else "NULL"

    def columns(self, model: Any) -> list[str]:
        return [
            field.column
            for field in model._meta.concrete_fields
            if field.column not in self.ignored and not field.generated
        ]

    def shown(self, row: str, column: str) -> str:
        value = f"{row}.{column}"
        if column in self.secret:
            return f"CASE WHEN {value} IS NOT NULL THEN {MARK} END"
        if column in self.measured:
            return f"jsonb_build_object('length', length({value}::text))"
        return f"to_jsonb({value})"


class AuditUpdate(AuditTrigger):
    def get_condition(self, model: Any) -> pgtrigger.Condition:
        old, new = (", ".join(f"{row}.{c}" for c in self.columns(model)) for row in ("OLD", "NEW"))
        return pgtrigger.Condition(f"ROW({old}) IS DISTINCT FROM ROW({new})")

    def get_func(self, model: Any) -> str:
        values = ", ".join(
            f"('{c}', {self.shown('OLD', c)}, {self.shown('NEW', c)},"
            f" OLD.{c} IS DISTINCT FROM NEW.{c})"
            for c in self.columns(model)
        )
        table = model._meta.db_table
        return (
            f"PERFORM audit_write({self.bot_of('NEW')}, '{table}', NEW.id::text, 'UPDATE',"
            " jsonb_object_agg(name, was), jsonb_object_agg(name, is_now))"
            f" FROM (VALUES {values}) AS columns (name, was, is_now, changed) WHERE changed;"
            " RETURN NULL;"
        )


class AuditRow(AuditTrigger):
    """A row that came or went, with what is not null of it."""

    def get_func(self, model: Any) -> str:
        row = "NEW" if self.operation == pgtrigger.Insert else "OLD"
        operation = str(self.operation)
        values = ", ".join(f"('{c}', {self.shown(row, c)})" for c in self.columns(model))
        sides = "NULL, {}" if row == "NEW" else "{}, NULL"
        call = (
            f"PERFORM audit_write({self.bot_of(row)}, '{model._meta.db_table}', {row}.id::text,"
            f" '{operation}', {sides.format('jsonb_object_agg(name, value)')})"
            f" FROM (VALUES {values}) AS columns (name, value) WHERE value IS NOT NULL;"
        )
        if row == "OLD" and self.bot == "bot_id":
            call = f"IF {bot_is_there('OLD')} THEN {call} END IF;"
        return f"{call} RETURN NULL;"


def bot_is_there(row: str) -> str:
    """What goes with its bot is told by the bot's own entry, however many rows that is."""
    return f"EXISTS (SELECT FROM bots WHERE id = {row}.bot_id)"


def audit_rows(
    bot: str | None = "bot_id",
    ignored: Sequence[str] = (),
    operations: Sequence[Any] = (pgtrigger.Insert, pgtrigger.Update, pgtrigger.Delete),
    **columns: Sequence[str],
) -> list[AuditTrigger]:
    names = {pgtrigger.Insert: "insert", pgtrigger.Update: "update", pgtrigger.Delete: "delete"}
    return [
        (AuditUpdate if operation == pgtrigger.Update else AuditRow)(
            name=f"audit_{names[operation]}",
            when=pgtrigger.After,
            operation=operation,
            bot=bot,
            ignored=ignored if operation == pgtrigger.Update else (),
            **columns,
        )
        for operation in operations
    ]


class AuditStatement(KeeperTrigger):
    """One entry for all rows a statement added to, or took from, a group such as a conversation.

    On the whole table: what goes with its conversation goes in the partitions, and is told by
    the conversation's own entry.
    """

    sql_class = AuditTriggerSql

    def __init__(self, operation: Any, group: Sequence[str], summary: str) -> None:
        self.group, self.summary = group, summary
        added = operation == pgtrigger.Insert
        super().__init__(
            name="audit_insert" if added else "audit_delete",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=pgtrigger.Referencing(**{"new" if added else "old": "moved"}),
        )

    def get_func(self, model: models.Model) -> str:
        table = model._meta.db_table
        sides = "NULL, summary" if self.operation == pgtrigger.Insert else "summary, NULL"
        group = ", ".join(("bot_id", *self.group))
        facts = "".join(f"'{column}', {column}, " for column in self.group) + self.summary
        alive = "" if self.operation == pgtrigger.Insert else f" WHERE {bot_is_there('many')}"
        return (
            f"PERFORM audit_write(bot_id, '{table}', key, '{self.operation}', {sides})"
            " FROM (SELECT bot_id, CASE WHEN count(*) = 1 THEN min(id::text) END AS key,"
            f" jsonb_build_object('rows', count(*), {facts}) AS summary"
            f" FROM moved GROUP BY {group}) AS many{alive}; RETURN NULL;"
        )


def audit_statements(*group: str, summary: str) -> list[AuditStatement]:
    return [
        AuditStatement(operation, group, summary)
        for operation in (pgtrigger.Insert, pgtrigger.Delete)
    ]
