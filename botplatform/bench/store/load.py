"""Ten bots of one process at once: four calls in five read the latest messages, one records."""

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from statistics import quantiles

from botplatform.bench.store.contender import (
    TEXT,
    Chat,
    largest_bots,
    longest_chats,
    new_numbers,
)
from botplatform.store import BotStore

BOTS, CHATS, RECORD_EVERY = 10, 100, 5


@dataclass(frozen=True)
class Load:
    form: str
    what: str
    calls_per_second: float
    p50: float
    p95: float
    p99: float


# Of each call: whether it recorded, and its milliseconds.
Taken = list[tuple[bool, float]]


def loads(calls: int) -> Iterator[Load]:
    """`calls` of each bot, one after the other."""
    chats = [longest_chats(bot_id, CHATS) for bot_id in largest_bots(BOTS)]
    for form, work in (("sync", _in_threads), ("async", _in_tasks)):
        started = time.perf_counter()
        taken = work(chats, calls)
        seconds = time.perf_counter() - started
        for what, records in (("latest 50 messages", False), ("record a message", True)):
            times = [milliseconds for is_record, milliseconds in taken if is_record == records]
            cuts = quantiles(times, n=100, method="inclusive")
            yield Load(form, what, len(times) / seconds, cuts[49], cuts[94], cuts[98])


def _plan(chats: list[Chat], calls: int) -> Iterator[tuple[int, int | None]]:
    """The chat of each call, and the Telegram id of what it records."""
    rng, numbers = Random(1), new_numbers()  # noqa: S311
    for n in range(calls):
        yield rng.choice(chats).chat_id, None if n % RECORD_EVERY else next(numbers)


def _in_threads(chats: list[list[Chat]], calls: int) -> Taken:
    def bot(mine: list[Chat]) -> Taken:
        store, taken = BotStore(mine[0].bot_id), []
        for chat_id, number in _plan(mine, calls):
            started = time.perf_counter()
            if number is None:
                store.recent_messages(chat_id)
            else:
                store.record_message(
                    chat_id, sender_type="user", content=TEXT, telegram_message_id=number
                )
            taken.append((number is not None, (time.perf_counter() - started) * 1000))
        return taken

    with ThreadPoolExecutor(len(chats)) as threads:
        return [one for taken in threads.map(bot, chats) for one in taken]


def _in_tasks(chats: list[list[Chat]], calls: int) -> Taken:
    async def bot(mine: list[Chat]) -> Taken:
        store, taken = BotStore(mine[0].bot_id), []
        for chat_id, number in _plan(mine, calls):
            started = time.perf_counter()
            if number is None:
                await store.arecent_messages(chat_id)
            else:
                await store.arecord_message(
                    chat_id, sender_type="user", content=TEXT, telegram_message_id=number
                )
            taken.append((number is not None, (time.perf_counter() - started) * 1000))
        return taken

    async def all_bots() -> Taken:
        return [one for taken in await asyncio.gather(*map(bot, chats)) for one in taken]

    return asyncio.run(all_bots())
