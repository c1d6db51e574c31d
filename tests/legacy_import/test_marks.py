"""The transcript says which messages were repaired when they came."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Conversation
from tests.legacy_import.tree import Tree, message

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_repaired_text_is_marked_with_what_stood_there(tree: Tree) -> None:
    tree.chat(7, message(1), message(2, content=12.5), message(3, sender="<b>Оля"))
    tree.imported()
    client = Client()
    client.force_login(User.objects.create_superuser("boss", password="x"))

    def page() -> str:
        chat = Conversation.objects.get()
        address = f"/admin/conversations/conversation/{chat.pk}/change/"
        return client.get(address).content.decode()

    shown = page()
    assert shown.count("repaired: string-as-number in content") == 1
    assert "&lt;b&gt;Оля" in shown
    assert "<b>Оля" not in shown
    tree.chat(7, message(1), message(2, content=12.5), message(3), message(4, content=None))
    tree.imported()
    assert page().count("repaired: string-as-number in content") == 1
