"""Filters of the import's lists: of what there is to choose from, never by looking through rows."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from legacy_import.backoffice.words import KINDS
from legacy_import.source.codes import REJECTS, REPAIRS
from legacy_import.source.records import Kind
from tenants.backoffice.look import AutocompleteSelectFilter, DropdownFilter

BOT = ("bot", AutocompleteSelectFilter)


class RunFilter(SimpleListFilter):
    """By the number in the address; the page of a run links here."""

    title = _("run")
    parameter_name = "run"
    path = "run__number"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = request.GET.get(self.parameter_name, "")
        return [(value, value)] if value.isdecimal() else []

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(**{self.path: int(value)}) if (value := self.value()) else queryset


class RunOfFileFilter(RunFilter):
    path = "file__run__number"


class CodeFilter(DropdownFilter):
    title = _("code")
    parameter_name = "code"
    codes: Mapping[str, str] = {}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, code) for code in sorted(self.codes)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(code=value) if (value := self.value()) else queryset


class RejectCodeFilter(CodeFilter):
    codes = REJECTS


class RepairCodeFilter(CodeFilter):
    codes = REPAIRS


class KindFilter(DropdownFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, str(KINDS[kind])) for kind in Kind]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=value) if (value := self.value()) else queryset
