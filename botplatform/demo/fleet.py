"""Which bots a demo consists of, and how much each of them has."""

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from math import exp
from random import Random
from typing import Any

from botplatform.demo.english import ENGLISH
from botplatform.demo.russian import RUSSIAN
from botplatform.demo.words import Words

ANYTHING = ("travel", "books", "cooking", "sport", "work")
CAST = (
    ("Анна", "anna_companion", RUSSIAN, ANYTHING),
    ("Emma", "emma_companion", ENGLISH, ANYTHING),
    ("Книжная полка", "knizhnaya_polka", RUSSIAN, ("books",)),
    ("Trip Planner", "trip_planner", ENGLISH, ("travel",)),
    ("Мария", "maria_ryadom", RUSSIAN, ANYTHING),
    ("Chef Leo", "chef_leo", ENGLISH, ("cooking",)),
    ("Тренер Майя", "trener_maya", RUSSIAN, ("sport", "cooking")),
    ("Sophie", "sophie_chat", ENGLISH, ANYTHING),
    ("Забота о клиентах", "zabota_shop", RUSSIAN, ("orders",)),
    ("Support Desk", "support_desk", ENGLISH, ("orders",)),
    ("Секретарь Вера", "vera_secretary", RUSSIAN, ("work", "travel")),
    ("Coach Nora", "coach_nora", ENGLISH, ("sport", "work")),
)
STATUSES = ("active", "active", "maintenance", "active", "inactive", "active", "active", "error")
MOST_BOTS, MOST_MESSAGES = 10_000, 100_000_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True)
class DemoBot:
    id: uuid.UUID
    name: str
    username: str
    token: str
    owner_telegram_id: int
    status: str
    config: dict[str, Any]
    words: Words
    topics: tuple[str, ...]
    conversations: int
    messages: int
    seed: int
    """Of everything the bot has."""

    @property
    def telegram_id(self) -> int:
        return int(self.token.split(":")[0])


class DemoError(Exception):
    """Says what is wrong and what to do. Nothing was changed."""


@dataclass(frozen=True)
class Size:
    """Of the whole fleet."""

    bots: int
    conversations: int
    messages: int

    def __post_init__(self) -> None:
        if self.bots < 1:
            raise DemoError("A demo needs at least one bot: --bots 1.")
        if self.bots > MOST_BOTS or self.messages > MOST_MESSAGES:
            raise DemoError(
                f"That is too much for a demo: at most {MOST_BOTS:,} bots and "
                f"{MOST_MESSAGES:,} messages."
            )
        if self.conversations < self.bots:
            raise DemoError(
                f"Every bot has a conversation: {self.bots:,} bots need --conversations "
                f"{self.bots} or more, not {self.conversations}."
            )
        if self.messages < self.conversations:
            raise DemoError(
                f"Every conversation has a message: {self.conversations:,} conversations need "
                f"--messages {self.conversations} or more, not {self.messages}."
            )


def make_fleet(size: Size, seed: int, taken_names: Collection[str]) -> list[DemoBot]:
    # The size is part of the seed, so that two sizes with one seed do not share ids.
    rng = Random(f"{seed} {size}")  # noqa: S311
    identities = [_identity(rng, n) for n in range(size.bots)]
    weights = [rng.lognormvariate(0, 0.8) for _ in identities]
    conversations = _shared(size.conversations, weights)
    weights = [count * rng.lognormvariate(0, 0.5) for count in conversations]
    extra = _shared(size.messages - size.conversations, weights, least=0)
    names = _free_names(size.bots, taken_names)
    return [
        DemoBot(
            **identity, name=name, username=username, conversations=count, messages=count + more
        )
        for identity, (name, username), count, more in zip(
            identities, names, conversations, extra, strict=True
        )
    ]


def long_tail(rng: Random, total: int, parts: int) -> Iterator[int]:
    """`parts` numbers of at least 1 that add up to `total`: most small, a few very large."""
    spread = 1.3
    for remaining in range(parts, 1, -1):
        mean_extra = (total - remaining) / remaining
        size = 1 + int(mean_extra * rng.lognormvariate(0, spread) * exp(-(spread**2) / 2))
        size = min(size, total - remaining + 1)
        yield size
        total -= size
    yield total


def shaped_uuid(rng: Random, prefix: int = 0, prefix_bits: int = 0) -> uuid.UUID:
    """UUIDv8: random, behind a prefix of at most 48 bits."""
    value = prefix << (128 - prefix_bits) | rng.getrandbits(128 - prefix_bits)
    value = value & ~(0xF << 76) | 8 << 76
    value = value & ~(0b11 << 62) | 0b10 << 62
    return uuid.UUID(int=value)


def _identity(rng: Random, n: int) -> dict[str, Any]:
    _, _, words, topics = CAST[n % len(CAST)]
    number = rng.randrange(1_000_000_000, 8_000_000_000)
    return {
        "id": shaped_uuid(rng),
        "token": f"{number}:AA{''.join(rng.choices(LETTERS, k=33))}",
        "owner_telegram_id": rng.randrange(100_000_000, 2_000_000_000),
        "status": STATUSES[n % len(STATUSES)],
        "config": {
            "language": words.code,
            "greeting": words.greetings[0][1],
            "temperature": round(rng.uniform(0.3, 1.0), 1),
            "max_reply_tokens": rng.choice((256, 512, 1024)),
            "memory": {"messages": rng.choice((20, 50, 100)), "summaries": rng.random() < 0.5},
        },
        "words": words,
        "topics": topics,
        "seed": rng.getrandbits(64),
    }


def _shared(total: int, weights: list[float], least: int = 1) -> list[int]:
    """Whole numbers in proportion to the weights, none below `least`, that add up to `total`."""
    rest = total - least * len(weights)
    done, given = 0.0, 0
    shares: list[int] = []
    for weight in weights:
        done += weight
        upto = rest if len(shares) == len(weights) - 1 else int(rest * done / sum(weights))
        shares.append(least + upto - given)
        given = upto
    return shares


def _free_names(count: int, taken_names: Collection[str]) -> list[tuple[str, str]]:
    taken = {name.lower() for name in taken_names}
    names = []
    for n in range(count):
        base, stem, _, _ = CAST[n % len(CAST)]
        name, username, copy = base, f"{stem}_bot", 1
        while name.lower() in taken:
            copy += 1
            name, username = f"{base} · {copy}", f"{stem}{copy}_bot"
        taken.add(name.lower())
        names.append((name, username))
    return names
