"""The menu offers each role the pages that answer it, and no others."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.urls import reverse

from tenants.models import Bot
from tests.backoffice.test_dashboard import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
DASHBOARD, ACCESS = reverse("admin:index"), reverse("admin:tenants_botaccess_changelist")
PAGES = {
    DASHBOARD,
    reverse("admin:metrics_botmetric_explore"),
    *(
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ),
}


@pytest.mark.parametrize("role", [None, "viewer", "operator", "manager", "superuser"])
def test_it_offers_what_answers(alice_bot: Bot, role: str | None) -> None:
    given = [alice_bot] if role in ("viewer", "operator", "manager") else []
    client = signed_in(role, *given, is_superuser=role == "superuser")
    menu = client.get(DASHBOARD).content.decode().split('id="nav-sidebar-apps"')[1]
    offered = PAGES & {*re.findall(r'href="([^"]*)" class="flex h-', menu)}
    answering = {page for page in PAGES if client.get(page).status_code == 200}
    if role is None:
        assert offered == answering == {DASHBOARD}
    else:
        # A bot's page has its staff: viewers need no list.
        assert answering - offered == (set() if role in ("manager", "superuser") else {ACCESS})
        assert offered <= answering


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_list_has_one_name(alice_bot: Bot, language: str) -> None:
    """In the menu, above its page, in the browser's tab and above a row of it."""
    client = signed_in(is_superuser=True)

    def said(pattern: str, page: str) -> str:
        found = re.search(pattern, page, re.DOTALL)
        return " ".join(unescape(re.sub("<[^>]*>", " ", found[0] if found else "")).split())

    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        address = reverse(name)
        page = client.get(address, headers={"Accept-Language": language}).content.decode()
        _icon, named = said(rf'<a href="{address}" class="flex h-.*?</a>', page).split(" ", 1)
        assert said("<h1.*?</h1>", page) == named
        assert said("<title>.*?</title>", page) == f"{named} | botplatform"
