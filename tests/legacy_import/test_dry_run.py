"""A dry run says what the run does, of every kind, on trees and changes made at random."""

import json
from random import Random
from typing import Any

import pytest

from tests.legacy_import.tree import Tree, line, message, rows

pytestmark = pytest.mark.django_db(transaction=True)


def chat(random: Random) -> list[Any] | dict[str, Any]:
    begin, number = random.choice([1, 1, 40]), random.randint(0, 6)
    if random.random() < 0.5:
        return [line(n) for n in range(begin, begin + number)]
    return {"messages": [{**message(n), "id": n % 40} for n in range(begin, begin + number)]}


def changed(random: Random, before: list[Any] | dict[str, Any]) -> Any:
    messages = [*(before["messages"] if isinstance(before, dict) else before)]
    match random.randint(0, 6):
        case 0:
            return chat(random)
        case 1:
            return random.choice([b"", b"[", b'{"messages": [5, {"id": 1'])
        case 2:
            messages = messages[random.randint(0, 2) :]
        case 3:
            random.shuffle(messages)
        case 4 if messages:
            at = random.randrange(len(messages))
            messages[at] = {**messages[at], "text": "edited", "content": "edited"}
        case 5:
            messages += [None, {"id": 2**80}, *messages[:1]]
        case _:
            messages.append({**message(random.randint(1, 50)), "id": random.randint(1, 9)})
    return {"messages": messages} if isinstance(before, dict) else messages


def step(tree: Tree, random: Random, chats: dict[int, Any]) -> None:
    for key in range(1, 13):
        if key not in chats:
            chats[key] = chat(random)
        elif random.random() < 0.5:
            new = changed(random, chats[key])
            if isinstance(new, bytes):
                tree.write(f"conversations/{key}.json", new)
                continue
            chats[key] = new
        tree.write(f"conversations/{key}.json", chats[key])
        if random.random() < 0.3:
            day = random.randint(10, 28)
            tree.write(f"backups/{key}/2024-05-{day}.json", json.loads(json.dumps(chats[key])))
        stats = {"total_messages": random.randint(1, 2), "response_time_avg": 1.5}
        age = random.choice([17, 20, 20, 30])
        tree.person(key, age=age, conversation_stats=stats, last_active="2024-05-01T00:00:00Z")
    history = []
    for hour in range(random.randint(1, 5)):
        metrics = {"a": random.randint(1, 2), "b": True}
        history.append({"timestamp": f"2024-05-01T0{hour}:00:00", "metrics": metrics})
    tree.write("metrics.json", {"current": {"a": random.randint(1, 3)}, "history": history})


@pytest.mark.parametrize("seed", range(3))
def test_it_says_what_the_run_does(tree: Tree, seed: int) -> None:
    random, chats = Random(seed), dict[int, Any]()
    for round in range(4):
        step(tree, random, chats)
        salvage = round > 0 and random.random() < 0.5
        before = rows()
        dry = tree.imported(dry_run=True, salvage_backups=salvage)
        assert rows() == before
        report = tree.imported(salvage_backups=salvage)
        assert dry.counts == report.counts
        assert dry.outcome.only_in_backups == report.outcome.only_in_backups
        assert dry.outcome.rejects == report.outcome.rejects
