"""200,000 messages in one file, and then half of them no longer in it: time and memory."""

import time

import pytest

from legacy_import.verify.alone import verified_alone
from tests.legacy_import.tree import Tree, message

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

MOST_MB = 300
MESSAGES = 200_000


def test_one_large_file(tree: Tree) -> None:
    messages = [message(n, f"message {n} " * 10, width=n, b=1, a=2) for n in range(MESSAGES)]
    own = Tree(tree.root / "Emma")
    for kept in (messages, messages[MESSAGES // 2 :]):
        own.chat(7, *kept)
        started = time.perf_counter()
        tree.imported(bot=None)
        importing = time.perf_counter() - started
        found, seconds, peak = verified_alone(tree.root)
        print(f"import {importing:.1f} s, verification {seconds:.1f} s, {peak} MB")
        assert not sum(found.values()), found
        assert peak is None or peak < MOST_MB
        if kept is messages:
            assert seconds < importing
