"""Filters of lists that stay cheap and exact at any size."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tenants.backoffice.look import (
    AutocompleteDropdownForm,
    AutocompleteSelectFilter,
)
from tenants.models import BotAccess

# In the address of a filter's autocomplete: a form offers fewer bots.
FOR_FILTER = "filter"


class AnyBotSelect(AutocompleteSelect):
    def get_url(self) -> str:
        return f"{super().get_url()}?{FOR_FILTER}=1"


class AnyBotForm(AutocompleteDropdownForm):
    widget = AnyBotSelect


class BotFilter(AutocompleteSelectFilter):
    """Of rows with a key to their bot."""

    form_class = AnyBotForm


class BotIdFilter(admin.SimpleListFilter):
    """Of rows that outlive their bot, and so have its id alone."""

    title, parameter_name = _("bot"), "bot"
    template = "unfold/filters/filters_field.html"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        self.request, self.model_admin = request, model_admin
        return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        return queryset.filter(bot_id=self._bot()) if self._bot() else queryset.none()

    def _bot(self) -> uuid.UUID | None:
        try:
            return uuid.UUID(self.value())
        except (TypeError, ValueError):
            return None

    def choices(self, changelist: Any) -> Iterator[Any]:
        yield {
            "form": AnyBotForm(
                request=self.request,
                name=self.parameter_name,
                label=_(" By %(filter_title)s ") % {"filter_title": self.title},
                choices=(),
                field=BotAccess._meta.get_field("bot"),
                model_admin=self.model_admin,
                data={self.parameter_name: self._bot()},
            )
        }
