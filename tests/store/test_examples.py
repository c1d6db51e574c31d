"""The examples of the docstrings, which are all there is of documentation, are true."""

import asyncio
import doctest
import inspect
import re
from typing import Any

import pytest

from botplatform.store import BotStore, Metric, NewMessage

pytestmark = pytest.mark.django_db

CALLS = [name for name in dir(BotStore) if not name.startswith("_") and name != "bot_id"]
IN_THREADS = [name for name in CALLS if not inspect.iscoroutinefunction(getattr(BotStore, name))]
IN_TASKS = [name for name in CALLS if name not in IN_THREADS]
# As a bot would come to them.
ORDER = (
    *("get_bot", "get_token", "merge_config", "touch", "upsert_profile", "get_profile"),
    *("merge_profile_data", "touch_profile", "list_profiles"),
    *("record_message", "record_messages", "recent_messages", "messages_between", "search"),
    *("get_conversation", "get_or_create_conversation", "link_profile", "list_inbox"),
    *("edit_message", "delete_message", "record_metric", "record_metrics", "set_status"),
)


def test_every_call_has_both_forms() -> None:
    assert sorted(IN_TASKS) == sorted(f"a{name}" for name in IN_THREADS)
    assert sorted(IN_THREADS) == sorted(ORDER)
    for name in IN_THREADS:
        one, other = getattr(BotStore, name), getattr(BotStore, f"a{name}")
        assert one.__doc__ == other.__doc__
        assert inspect.signature(one) == inspect.signature(other)
        assert (one.__name__, other.__name__) == (name, f"a{name}")


def test_every_call_says_what_it_takes_and_gives() -> None:
    signature = inspect.signature(BotStore.get_profile)
    assert str(signature) == ("(self, telegram_id: int) -> conversations.store.rows.StoredProfile")


def test_the_examples_are_true(alice: BotStore) -> None:
    alice.upsert_profile(1001, name="Анна")
    _run_examples(alice, str)


def test_the_examples_are_true_in_the_async_form(alice: BotStore) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await alice.aupsert_profile(1001, name="Анна")
        await asyncio.to_thread(_run_examples, alice, _awaited, loop)

    asyncio.run(main())


def _awaited(source: str) -> str:
    return re.sub(
        r"store\.(\w+)(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))", r"wait(store.a\1\2)", source
    )


def _run_examples(store: BotStore, form: Any, loop: Any = None) -> None:
    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    known = {"store": store, "NewMessage": NewMessage, "Metric": Metric, "wait": wait}
    for name in ORDER:
        docstring = getattr(BotStore, name).__doc__
        examples = doctest.DocTestParser().get_examples(docstring)
        assert examples, name
        for example in examples:
            example.source = form(example.source)
        test = doctest.DocTest(examples, dict(known), name, None, None, docstring)
        said: list[str] = []
        assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
