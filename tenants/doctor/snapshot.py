"""The part of the catalog that isolation depends on, read once."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.doctor import queries, server_queries
from tenants.doctor.expectations import ROLES
from tenants.doctor.registry import tenant_tables
from tenants.doctor.rows import (
    Check,
    DefaultPrivilege,
    ForeignKey,
    Function,
    Grant,
    Interceptor,
    Membership,
    Owned,
    Policy,
    Relation,
    Role,
    Setting,
    Stranger,
    Trigger,
    Unfinished,
    Unique,
)


class CannotExamine(Exception):
    """Says what is missing and what to do."""


@dataclass(frozen=True)
class Snapshot:
    login: str
    # As this session has them.
    session_settings: dict[str, str]
    expected_login: str
    production: bool
    relations: list[Relation]
    grants: list[Grant]
    policies: list[Policy]
    roles: list[Role]
    memberships: list[Membership]
    settings: list[Setting]
    default_privileges: list[DefaultPrivilege]
    owned: list[Owned]
    functions: list[Function]
    triggers: list[Trigger]
    interceptors: list[Interceptor]
    strangers: list[Stranger]
    uniques: list[Unique]
    checks: list[Check]
    foreign_keys: list[ForeignKey]
    unfinished: list[Unfinished]

    @cached_property
    def by_oid(self) -> dict[int, Relation]:
        return {relation.oid: relation for relation in self.relations}

    @cached_property
    def superusers(self) -> set[str]:
        return {role.name for role in self.roles if role.superuser}

    @cached_property
    def tenant_tables(self) -> set[str]:
        """What the models know, and whatever else has a bot."""
        return tenant_tables() | {
            relation.name
            for relation in self.relations
            if relation.kind in "rp" and not relation.parent and "bot_id" in relation.columns
        }

    @cached_property
    def partitions(self) -> dict[str, str]:
        """Partition -> the tenant table it is a part of."""
        by_oid, tables = self.by_oid, self.tenant_tables
        found = {}
        for relation in self.relations:
            root = relation
            while root.parent and root.parent in by_oid:
                root = by_oid[root.parent]
            if root is not relation and root.name in tables:
                found[relation.name] = root.name
        return found


def read(connection: BaseDatabaseWrapper, login: str | None = None) -> Snapshot:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return list(cursor.fetchall())

        # So that expressions name the schema of everything that is not PostgreSQL's own.
        cursor.execute("SET LOCAL search_path = pg_catalog")
        ((session_user, session_settings),) = rows(queries.SESSION)
        snapshot = Snapshot(
            login=session_user,
            session_settings=session_settings,
            expected_login=login or settings.PLANE.login,
            production=settings.PRODUCTION,
            relations=[Relation(*row) for row in rows(queries.RELATIONS)],
            grants=[Grant(*row) for row in (*rows(queries.GRANTS), *rows(server_queries.GRANTS))],
            policies=[Policy(*row) for row in rows(queries.POLICIES)],
            roles=[Role(*row) for row in rows(queries.ROLES)],
            memberships=[Membership(*row) for row in rows(queries.MEMBERSHIPS)],
            settings=[Setting(*row) for row in rows(queries.SETTINGS)],
            default_privileges=[DefaultPrivilege(*row) for row in rows(queries.DEFAULT_PRIVILEGES)],
            owned=[Owned(*row) for row in rows(queries.OWNED)],
            functions=[Function(*row) for row in rows(queries.FUNCTIONS)],
            triggers=[Trigger(*row) for row in rows(queries.TRIGGERS)],
            interceptors=[Interceptor(*row) for row in rows(queries.INTERCEPTORS)],
            strangers=[Stranger(*row) for row in rows(server_queries.STRANGERS)],
            checks=[Check(*row) for row in rows(queries.CHECKS)],
            uniques=[Unique(*row) for row in rows(queries.UNIQUE)],
            foreign_keys=[ForeignKey(*row) for row in rows(queries.FOREIGN_KEYS)],
            unfinished=[Unfinished(*row) for row in rows(queries.UNFINISHED)],
        )
        # Inside somebody's transaction this is a savepoint: the search path goes back.
        transaction.set_rollback(True, using=connection.alias)
    _require("role", ROLES, (role.name for role in snapshot.roles), "provision_database")
    _require("table", tenant_tables(), (table.name for table in snapshot.relations), "migrate")
    return snapshot


def _require(what: str, wanted: Iterable[str], found: Iterable[str], command: str) -> None:
    if missing := sorted(set(wanted) - set(found)):
        raise CannotExamine(
            f"There is no {what} {', '.join(missing)}: run `manage.py {command}` first."
        )
