"""A bot process: records messages in threads and in tasks until its standard input ends.

Says each message that the store has acknowledged, and then whether all of them are there once.
"""

import asyncio
import sys
import threading

import django

django.setup()

from botplatform.store import BotStore  # noqa: E402

store = BotStore(sys.argv[1])
told_to_stop = threading.Event()
acknowledged: list[str] = []


def acknowledge(content: str) -> None:
    acknowledged.append(content)
    print(content, flush=True)


def in_thread(name: str) -> None:
    n = 0
    while not told_to_stop.is_set():
        store.record_message(1, sender_type="user", content=f"{name} {n}")
        acknowledge(f"{name} {n}")
        n += 1


async def in_task(name: str) -> None:
    n = 0
    while not told_to_stop.is_set():
        await store.arecord_message(1, sender_type="user", content=f"{name} {n}")
        acknowledge(f"{name} {n}")
        n += 1


async def tasks() -> None:
    await asyncio.gather(*(in_task(f"task{n}") for n in range(3)))


store.get_or_create_conversation(1)
threads = [threading.Thread(target=in_thread, args=(f"thread{n}",)) for n in range(2)]
threads.append(threading.Thread(target=asyncio.run, args=(tasks(),)))
for thread in threads:
    thread.start()
sys.stdin.read()
told_to_stop.set()
for thread in threads:
    thread.join()
stored = store.recent_messages(1, limit=1_000_000)
assert [message.position for message in stored] == list(range(1, len(stored) + 1))
assert store.get_conversation(1).message_count == len(stored)
assert sorted(message.content for message in stored) == sorted(acknowledged)
print("all there")
