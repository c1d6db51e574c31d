"""Names, colours and the way around of the back office.

Its widgets are in tenants/backoffice/look.py."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

MANAGER = "tenants.backoffice.pages.manages_a_bot"
SUPERUSER = "tenants.backoffice.pages.is_superuser"


def _page(title: Any, icon: str, name: str, permission: Any = None) -> dict[str, Any]:
    page = {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{name}")}
    return page | ({"permission": permission} if permission else {})


# Light enough for text on dark, dark enough for text on white.
BLUE = {
    "50": "oklch(97% .014 254.604)",
    "100": "oklch(93.2% .032 255.585)",
    "200": "oklch(88.2% .059 254.128)",
    "300": "oklch(80.9% .105 251.813)",
    "400": "oklch(70.7% .165 254.624)",
    "500": "oklch(65.5% .19 257)",
    "600": "oklch(54.6% .245 262.881)",
    "700": "oklch(48.8% .243 264.376)",
    "800": "oklch(42.4% .199 265.638)",
    "900": "oklch(37.9% .146 265.522)",
    "950": "oklch(28.2% .091 267.935)",
}

LOOK = {
    "SITE_TITLE": "botplatform",
    "SITE_HEADER": "botplatform",
    "SITE_SYMBOL": "forum",
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "COLORS": {"primary": BLUE},
    "DASHBOARD_CALLBACK": "metrics.dashboard.page.dashboard",
    "STYLES": [lambda request: static("backoffice/backoffice.css")],
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    _page(_("Dashboard"), "dashboard", "index"),
                    _page(_("Bots"), "smart_toy", "tenants_bot_changelist"),
                    _page(_("People"), "group", "conversations_profile_changelist"),
                    _page(_("Conversations"), "forum", "conversations_conversation_changelist"),
                    _page(_("Messages"), "search", "conversations_message_changelist"),
                    _page(_("Metrics"), "monitoring", "metrics_botmetric_changelist"),
                    _page(_("Explore metrics"), "query_stats", "metrics_botmetric_explore"),
                ]
            },
            {
                "title": _("Import"),
                "separator": True,
                "items": [
                    _page(_("Runs"), "upload_file", "legacy_import_importrun_changelist", MANAGER),
                    _page(
                        _("Files"), "description", "legacy_import_importfile_changelist", MANAGER
                    ),
                    _page(_("Rejects"), "block", "legacy_import_reject_changelist", MANAGER),
                    _page(_("Repairs"), "build", "legacy_import_repair_changelist", MANAGER),
                ],
            },
            {
                "title": _("Oversight"),
                "separator": True,
                "items": [
                    _page(_("Audit log"), "policy", "tenants_auditentry_changelist"),
                    _page(_("Staff access"), "key", "tenants_botaccess_changelist", MANAGER),
                    _page(_("Users"), "person", "auth_user_changelist", SUPERUSER),
                ],
            },
        ]
    },
}
