"""JSON as people type it into forms: kept as it was typed, or refused with a reason."""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.text import Truncator
from django.utils.translation import gettext


class NotKept(ValueError):
    """JSON of which something would be lost."""


class ExactDecoder(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(object_pairs_hook=_object, parse_float=_number, **options)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice, _times = Counter(name for name, _value in pairs).most_common(1)[0]
        raise NotKept(gettext("“%(name)s” is there twice in one object.") % {"name": _short(twice)})
    return found


def _number(text: str) -> float:
    number = float(text)
    try:
        is_exact = Decimal(text) == Decimal(repr(number))
    except InvalidOperation:  # an exponent beyond all
        is_exact = False
    if not is_exact:
        told = gettext("The number %(number)s would be rounded. In quotation marks it is kept.")
        raise NotKept(told % {"number": _short(text)})
    return number


def _short(text: str) -> str:
    return Truncator(text.encode("utf-8", "backslashreplace").decode()).chars(60)


class JSONText(forms.JSONField):
    """Indented for people; half a surrogate pair comes back escaped, as no page can hold it."""

    def __init__(self, decoder: type[json.JSONDecoder] | None = None, **options: Any) -> None:
        super().__init__(decoder=decoder or ExactDecoder, **options)

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except ValidationError:
            raise ValidationError(_said_of_json(value), code="invalid") from None
        except NotKept as error:
            raise ValidationError(str(error), code="invalid") from None
        except (ValueError, RecursionError):  # numbers of thousands of digits, endless nesting
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        text = json.dumps(value, ensure_ascii=False, indent=2, cls=self.encoder)
        return text.encode("utf-8", "backslashreplace").decode()


def _said_of_json(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno, "error": error.msg}
        return gettext("Enter valid JSON. Line %(line)s, column %(column)s: %(error)s.") % place
    return gettext("Enter valid JSON.")
