"""What makes a model a tenant table: hash-partitioned by bot, with one primary key field.

Kept apart from the fields in tenant.py because migrations name this base.
"""

from typing import Any

from psqlextra.models import PostgresPartitionedModel
from psqlextra.models.partitioned import PostgresPartitionedModelMeta
from psqlextra.types import PostgresPartitioningMethod

PARTITIONS = 10
PARTITION_KEY = "bot_id"


class SingleKeyMeta(PostgresPartitionedModelMeta):
    """Leaves `id` as Django's primary key.

    django-postgres-extra would make it a CompositePrimaryKey, which the admin refuses. The
    database's key contains the partition key all the same.
    """

    @classmethod
    def _create_primary_key(cls, attrs: dict[str, Any], partitioning_key: Any) -> None:
        pass

    @classmethod
    def _delete_auto_created_fields(cls, model: Any) -> None:
        pass


class SingleKeyTable(PostgresPartitionedModel, metaclass=SingleKeyMeta):
    class Meta:
        abstract = True
        base_manager_name = "objects"


class TenantModelMeta(SingleKeyMeta):
    default_method = PostgresPartitioningMethod.HASH
    default_key = [PARTITION_KEY]


class TenantTable(PostgresPartitionedModel, metaclass=TenantModelMeta):
    class Meta:
        abstract = True
        base_manager_name = "objects"
