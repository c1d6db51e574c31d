"""The doctor as Django's system checks: `manage.py check --database default`."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from tenants.doctor.examination import examine
from tenants.doctor.snapshot import CannotExamine


@register(Tags.database)
def isolation(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **options: Any
) -> list[CheckMessage]:
    """Only for a database that is named, and only one that `migrate` is done with.

    `migrate` itself runs the checks first, and would refuse to mend what it finds.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    connection = connections[DEFAULT_DB_ALIAS]
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return []
    try:
        examination = examine(connection)
    except CannotExamine as error:
        return [Warning(str(error), id="tenants.I000")]
    return [
        (Error if rule.opens_data else Warning)(str(finding), hint=rule.hint, id=rule.id)
        for rule, findings in examination.broken.items()
        for finding in findings
    ]
