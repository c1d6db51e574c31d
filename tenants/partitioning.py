"""What makes a model a tenant table: hash-partitioned by bot, with one primary key field.

Kept apart from the fields in tenant.py because migrations name this base.
"""

from typing import Any

from psqlextra.models import PostgresPartitionedModel
from psqlextra.models.partitioned import PostgresPartitionedModelMeta
from psqlextra.types import PostgresPartitioningMethod

PARTITIONS = 10
PARTITION_KEY = "bot_id"


class TenantModelMeta(PostgresPartitionedModelMeta):
    """Leaves `id` as Django's primary key.

    django-postgres-extra would make it a CompositePrimaryKey, which the admin refuses. The
    database's key is (id, bot_id) all the same.
    """

    default_method = PostgresPartitioningMethod.HASH
    default_key = [PARTITION_KEY]

    @classmethod
    def _create_primary_key(cls, attrs: dict[str, Any], partitioning_key: Any) -> None:
        pass

    @classmethod
    def _delete_auto_created_fields(cls, model: Any) -> None:
        pass


class TenantTable(PostgresPartitionedModel, metaclass=TenantModelMeta):
    class Meta:
        abstract = True
        base_manager_name = "objects"
