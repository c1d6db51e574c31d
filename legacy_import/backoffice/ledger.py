"""What all pages of the import have in common: they are there for managers alone."""

from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, ClassVar

from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext_lazy as _

from tenants.backoffice.one_order import InOneOrder
from tenants.backoffice.pages import ReadOnlyAdmin, manages_a_bot
from tenants.context import current_scope

View = Callable[..., Any]


def of_managed_bots(rows: Any) -> Any:
    scope = current_scope()
    if scope is None or scope.bots is None:
        return rows
    return rows.filter(bot__in=[bot for bot in scope.bots if scope.allows("manager", bot)])


class LedgerAdmin(InOneOrder, ReadOnlyAdmin):
    """To others, and for other bots, its pages are as those that do not exist."""

    # Of the bots that a filter offers.
    added_by: ClassVar = "manager"
    list_select_related: ClassVar[tuple[str, ...]] = ("bot",)
    list_filter_submit = True
    download_names: ClassVar[dict[str, str]] = {"bot_name": "bot__name"}
    list_empty_text: ClassVar[Any] = _(
        "An operator imports legacy files with manage.py import_legacy_json; what came of it is "
        "listed here."
    )
    ordering: ClassVar = ("-id",)
    # Not read for a list.
    bulky: ClassVar[tuple[str, ...]] = ()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        scope = current_scope()
        if scope is None or obj is None:
            return manages_a_bot(request)
        return scope.user_id is not None and scope.allows("manager", obj.bot_id)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows: QuerySet = of_managed_bots(super().get_queryset(request))
        return rows.select_related(*self.list_select_related).defer(*self.bulky)

    def get_urls(self) -> list[URLPattern]:
        urls = [
            path(f"<path:object_id>/{name}/", self._of_row(view), name=self._name(name))
            for name, view in self.views_of_row().items()
        ]
        urls += super().get_urls()
        for url in urls:
            url.callback = _hidden(url.callback)
        return urls

    def views_of_row(self) -> dict[str, View]:
        """By the end of their addresses."""
        return {}

    def _name(self, view: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{view.split('/')[0]}"

    def _of_row(self, view: View) -> View:
        def answer(request: HttpRequest, object_id: str, **more: Any) -> Any:
            row = self.get_object(request, unquote(object_id))
            if row is None:
                return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return view(request, row, **more)

        view_of_row: View = self.admin_site.admin_view(answer)
        return view_of_row


def _hidden(view: View) -> View:
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **more: Any) -> Any:
        if current_scope() is not None and not manages_a_bot(request):
            raise Http404
        return view(request, *args, **more)

    return answer


def fragment(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A part of a page, and only where it has changed since the browser asked last."""
    text = render_to_string(template, context, request)
    tag = quote_etag(sha256(text.encode()).hexdigest())
    answer = HttpResponse(text, headers={"ETag": tag, "Cache-Control": "no-cache"})
    return get_conditional_response(request, etag=tag, response=answer)  # type: ignore[return-value]
