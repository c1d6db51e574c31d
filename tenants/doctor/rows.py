"""What tenants.doctor.queries return, column by column."""

from typing import NamedTuple


class Relation(NamedTuple):
    oid: int
    name: str
    kind: str
    owner: str
    secured: bool
    forced: bool
    options: list[str]
    parent: int | None
    columns: list[str]
    reads: list[int]


class Grant(NamedTuple):
    kind: str
    name: str
    column: str | None
    grantee: str
    privilege: str
    grantable: bool


class Policy(NamedTuple):
    table: str
    name: str
    permissive: bool
    command: str
    roles: list[str]
    using: str
    check: str


class Role(NamedTuple):
    name: str
    logs_in: bool
    inherits: bool
    superuser: bool
    bypasses_row_security: bool
    creates_roles: bool
    replicates: bool
    creates_databases: bool


class Membership(NamedTuple):
    member: str
    role: str
    admin: bool
    inherits: bool


class Setting(NamedTuple):
    role: str
    name: str
    value: str


class DefaultPrivilege(NamedTuple):
    creator: str
    kind: str
    schema: str
    grantee: str | None
    privilege: str | None


class Owned(NamedTuple):
    kind: str
    name: str
    owner: str


class Function(NamedTuple):
    name: str
    owner: str
    definer: bool
    settings: list[str]
    body: str
    attributes: list[str]


class Trigger(NamedTuple):
    table: str
    name: str
    enabled: str
    internal: bool
    definition: str
    body: str


class Interceptor(NamedTuple):
    where: str
    kind: str
    name: str


class Stranger(NamedTuple):
    """An object among the server's own, or an extension's, that should not be there."""

    name: str
    problem: str


class Unique(NamedTuple):
    table: str
    name: str
    columns: list[str]
    partial: bool


class Check(NamedTuple):
    table: str
    name: str
    columns: list[str]


class ForeignKey(NamedTuple):
    table: str
    name: str
    target: int
    columns: list[str]
    target_columns: list[str]
    on_delete: str


class Unfinished(NamedTuple):
    table: str
    name: str
