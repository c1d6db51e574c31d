from collections.abc import Collection, Iterable
from typing import Any, ClassVar, Self, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import DO_NOTHING, QuerySet

from tenants.fields import SiblingKey
from tenants.ids import uuid7
from tenants.kept import columns_to_update
from tenants.partitioning import TenantTable
from tenants.queries import TenantManager, TenantQuerySet, fill_bot


class TenantModel(TenantTable):
    """A row of one bot, which it never leaves."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)  # type: ignore[assignment]
    # The database's key is made by CreateTenantTable, with ON DELETE CASCADE.
    bot = models.ForeignKey(
        "tenants.Bot", on_delete=DO_NOTHING, db_constraint=False, db_index=False
    )

    kept: ClassVar[tuple[str, ...]] = ("bot_id", "updated_at")
    # Made of other rows by operators' commands: staff read it, bots do not.
    derived: ClassVar[bool] = False

    objects = TenantManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        # Django would fetch the rows behind the relations; clean() says whether they exist.
        super().clean_fields({*(exclude or ()), *(key.name for key in sibling_keys(type(self)))})

    def clean(self) -> None:
        super().clean()
        if self.bot_id is None:
            return
        errors: dict[str, Any] = {}
        for key in sibling_keys(type(self)):
            try:
                key.require_target(self)
            except ValidationError as error:
                errors.update(error.error_dict)
        if errors:
            raise ValidationError(errors)

    def validate_unique(self, exclude: Collection[str] | None = None) -> None:
        # A random id is unique without looking for it in every partition.
        super().validate_unique({*(exclude or ()), "id"})

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """A row that was read is updated or nothing: it does not come back from the dead, nor
        appear a second time under another bot."""
        fill_bot(self)
        if not kwargs.get("force_insert"):
            update_fields = columns_to_update(self, update_fields)
        super().save(*args, update_fields=update_fields, **kwargs)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> Any:
        rows = cast(TenantQuerySet, type(self)._base_manager.using(using))
        result = rows.of_row(self).delete()
        self.pk = None
        return result

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: QuerySet[Self] | None = None,
    ) -> None:
        rows = type(self)._base_manager.all() if from_queryset is None else from_queryset
        if "bot_id" not in self.get_deferred_fields():
            rows = rows.filter(bot_id=self.bot_id)
        super().refresh_from_db(using, fields, rows)

    def _do_update(
        self,
        base_qs: QuerySet[Self],
        using: str | None,
        pk_val: Any,
        values: Any,
        update_fields: Iterable[str] | None,
        forced_update: bool,
    ) -> bool:
        """Finds the row in its partition."""
        rows = base_qs.filter(bot_id=self.bot_id)
        return super()._do_update(rows, using, pk_val, values, update_fields, forced_update)


def sibling_keys(model: type[models.Model]) -> list[SiblingKey]:
    return [field for field in model._meta.get_fields() if isinstance(field, SiblingKey)]
