"""An import brings days long past, and its rollback takes them away again."""

import pytest

from legacy_import.undoing.rollback import rollback
from tests.factories import BotFactory
from tests.legacy_import.conftest import tree as tree  # the fixture
from tests.legacy_import.tree import Tree, line, message
from tests.metrics.rollups.slowly import stored
from tests.metrics.rollups.world import require_exact, rolled_up

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_import_a_second_one_and_both_ways_back(tree: Tree) -> None:
    bot = BotFactory(name="Emma").pk
    rolled_up()
    tree.person(7, last_active="2024-05-01T12:00:00Z", created_at="2024-04-30T12:00:00Z")
    tree.chat(7, message(1), message(2), message(3))
    tree.old_chat(8, line(1), line(2))
    first = tree.imported()
    rolled_up()
    require_exact(bot)
    after_first = stored(bot)
    assert sum(day["messages_in"] + day["messages_out"] for day in after_first.values()) == 5
    tree.chat(7, message(1, "edited"), message(2), message(3), message(4))
    tree.old_chat(9, line(1), line(2), line(3))
    second = tree.imported()
    rolled_up()
    require_exact(bot)
    assert stored(bot) != after_first
    rollback(second.run_id)
    rolled_up()
    assert stored(bot) == after_first
    rollback(first.run_id)
    rolled_up()
    assert stored(bot) == {}
