"""Names, colours and the way around of the back office.

Its widgets are in tenants/backoffice/look.py."""

from typing import Any

from django.apps import apps
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

VIEWER = "tenants.backoffice.pages.sees_a_bot"
MANAGER = "tenants.backoffice.pages.manages_a_bot"
SUPERUSER = "tenants.backoffice.pages.is_superuser"


def _page(title: Any, icon: str, name: str, permission: str | None = VIEWER) -> dict[str, Any]:
    """An entry of the menu, for those whom the page answers."""
    link = reverse_lazy(f"admin:{name}")
    return {"title": title, "icon": icon, "link": link, "permission": permission}


def _list(model: str, icon: str, permission: str = VIEWER) -> dict[str, Any]:
    """Named as its rows are everywhere."""
    title = lazy(lambda: capfirst(str(apps.get_model(model)._meta.verbose_name_plural)), str)
    return _page(title(), icon, f"{model.replace('.', '_').lower()}_changelist", permission)


def metrics_are_listed(request: HttpRequest) -> bool:
    """Below the same address there is another page of the menu, the explorer."""
    listed: str = reverse("admin:metrics_botmetric_changelist")
    explored = reverse("admin:metrics_botmetric_explore")
    return listed in request.path and explored not in request.path


def without_colours(request: HttpRequest) -> dict[str, Any]:
    """unfold would write them into each page, where the content security policy forbids styles;
    ours are in colours.css."""
    return {"colors": None}


LOOK = {
    "SITE_TITLE": "botplatform",
    "SITE_HEADER": "botplatform",
    "SITE_SYMBOL": "forum",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("backoffice/favicon.svg"),
        }
    ],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": lambda request: reverse("language")},
    "ACCOUNT": {
        "navigation": [
            {"title": _("My settings"), "link": reverse_lazy("settings")},
            {"title": _("Two-factor login"), "link": reverse_lazy("second-factor")},
            {"title": _("Change password"), "link": reverse_lazy("admin:password_change")},
        ]
    },
    "DASHBOARD_CALLBACK": "metrics.dashboard.page.dashboard",
    "GLOBAL_CALLBACK": "botplatform.look.without_colours",
    "STYLES": [
        lambda request: static("backoffice/colours.css"),
        lambda request: static("backoffice/backoffice.css"),
    ],
    "SCRIPTS": [lambda request: static("backoffice/names.js")],
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    _page(_("Dashboard"), "dashboard", "index", None),
                    _list("tenants.Bot", "smart_toy"),
                    _list("conversations.Profile", "group"),
                    _list("conversations.Conversation", "forum"),
                    _list("conversations.Message", "search"),
                    _list("metrics.BotMetric", "monitoring") | {"active": metrics_are_listed},
                    _page(_("Explore metrics"), "query_stats", "metrics_botmetric_explore"),
                ]
            },
            {
                "title": _("Import"),
                "separator": True,
                "items": [
                    _list("legacy_import.ImportRun", "upload_file", MANAGER),
                    _list("legacy_import.ImportFile", "description", MANAGER),
                    _list("legacy_import.Reject", "block", MANAGER),
                    _list("legacy_import.Repair", "build", MANAGER),
                    _list("legacy_import.Job", "pending_actions", MANAGER),
                ],
            },
            {
                "title": _("Oversight"),
                "separator": True,
                "items": [
                    _list("tenants.AuditEntry", "policy"),
                    _list("tenants.BotAccess", "key", MANAGER),
                    _list("auth.User", "person", SUPERUSER),
                ],
            },
        ]
    },
}
