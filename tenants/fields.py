"""Column types the tenant tables share."""

import math
from typing import Any, NoReturn, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DO_NOTHING, ForeignObject
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor

from tenants.json_text import JSONText


class TypedJSONField(models.JSONField):
    """JSON of one type, checked by the column itself and in forms."""

    json_type: str
    python_type: type
    description_for_people: str
    # An empty object is no excuse in a column of arrays, so nothing skips validation as "empty".
    empty_values = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", self.python_type)
        kwargs.setdefault(
            "db_default", models.Value(self.python_type(), output_field=models.JSONField())
        )
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        column = connection.ops.quote_name(self.column)
        return f"jsonb_typeof({column}) = '{self.json_type}'"

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{"form_class": JSONText, **kwargs})

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return super().clean(self.python_type() if value is None else value, model_instance)

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, self.python_type):
            raise ValidationError(f"Enter a JSON {self.description_for_people}.", code="type")
        _require_storable(value)


class JSONObjectField(TypedJSONField):
    json_type = "object"
    python_type = dict
    description_for_people = 'object, such as {"key": "value"}'


class JSONArrayField(TypedJSONField):
    json_type = "array"
    python_type = list
    description_for_people = 'array, such as ["one", "two"]'


class NumericField(models.DecimalField):
    """PostgreSQL's numeric without a limit of digits: a metric is kept exactly as it came."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_digits": None, "decimal_places": None, **kwargs})

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "numeric"

    def db_check(self, connection: BaseDatabaseWrapper) -> str:
        return f"{connection.ops.quote_name(self.column)} NOT IN ('NaN', 'Infinity', '-Infinity')"

    def check(self, **kwargs: Any) -> list[Any]:
        """Without DecimalField's demand for a number of digits."""
        return models.Field.check(self, **kwargs)


class PositionField(models.BigIntegerField):
    """Assigned by the database where it is left empty, and read back by the INSERT."""

    db_returning = True


class SiblingDescriptor(ForwardManyToOneDescriptor):
    """Django's accessor would set both columns, and so move the row to another bot or to none."""

    field: "SiblingKey"

    def __get__(self, instance: Any, cls: type | None = None) -> Any:
        if instance is not None and self.field.is_cached(instance):
            row = self.field.get_cached_value(instance)
            if (row and row.pk) != getattr(instance, self.field.id_field.attname):
                self.field.delete_cached_value(instance)
        return super().__get__(instance, cls)

    def __set__(self, instance: Any, value: Any) -> None:
        if value is None:
            setattr(instance, self.field.id_field.attname, None)
            self.field.set_cached_value(instance, None)
            return
        if instance.bot_id is not None and value.bot_id != instance.bot_id:
            raise ValueError(f"{value!r} belongs to another bot than {instance!r}.")
        super().__set__(instance, value)


class SiblingKey(ForeignObject):
    """A relation to a row of the same bot: (bot, <name>_id) -> (bot, id).

    Joins carry the bot and so touch one partition. The database's own key is put on sibling
    partitions by CreateTenantTable, and deletes cascade there.
    """

    forward_related_accessor_class = SiblingDescriptor
    # Backed by the primary key (id, bot_id), which Django's check does not know of.
    requires_unique_target = False

    def __init__(self, to: Any, on_delete: Any = DO_NOTHING, **kwargs: Any) -> None:
        kwargs.setdefault("to_fields", ["bot", "id"])
        # In a fixture its two columns are enough.
        kwargs.setdefault("serialize", False)
        super().__init__(to, on_delete, **kwargs)

    related_model: type[models.Model]

    @property
    def id_field(self) -> models.Field:
        return cast(models.Field, self.model._meta.get_field(self.from_fields[1]))

    def require_target(self, row: Any) -> None:
        """For forms: the database's refusal, said as a message."""
        try:
            target_id = self.id_field.to_python(getattr(row, self.id_field.attname))
        except ValidationError:
            return  # said by the field itself
        if target_id is None:
            return
        targets = self.related_model._base_manager.filter(bot_id=row.bot_id, id=target_id)
        if not targets.exists():
            name = self.related_model._meta.verbose_name
            raise ValidationError(
                {self.id_field.name: f"This bot has no {name} with this id."}, code="missing"
            )


def _require_storable(value: Any) -> None:
    match value:
        case str():
            if "\x00" in value:
                _refuse("a NUL character (\\u0000)")
            try:
                value.encode()
            except UnicodeEncodeError:
                _refuse("half of a surrogate pair")
        case float():
            if not math.isfinite(value):
                _refuse("NaN or Infinity")
        case dict():
            for key, item in value.items():
                _require_storable(key)
                _require_storable(item)
        case list() | tuple():
            for item in value:
                _require_storable(item)


def _refuse(what: str) -> NoReturn:
    raise ValidationError(f"PostgreSQL cannot store {what} in JSON.", code="unstorable")
