"""Who the demo bots talk to."""

import random
from dataclasses import dataclass
from typing import Any

from botplatform.demo.words import Words

YOUNGEST, OLDEST = 18, 100
SOURCES = ("search", "friend", "advert", "qr_code")


@dataclass(frozen=True, slots=True)
class Person:
    telegram_id: int
    name: str
    age: int | None
    location: str
    interests: list[str]
    chat_style: str
    personality: str
    additional_data: dict[str, Any]


def meet(rng: random.Random, telegram_id: int, words: Words) -> Person:
    name = rng.choice(words.first_names.split())
    if rng.random() < 0.6:
        name = f"{name} {rng.choice(words.initials)}."
    age = YOUNGEST + int((OLDEST - YOUNGEST + 1) * rng.betavariate(1.6, 4))
    return Person(
        telegram_id=telegram_id,
        name=name,
        age=min(age, OLDEST) if rng.random() < 0.9 else None,
        location=rng.choice(words.places),
        interests=rng.sample(words.interests, rng.randrange(5)),
        chat_style=rng.choice(words.chat_styles),
        personality=rng.choice(words.personalities),
        additional_data={"source": rng.choice(SOURCES), "premium": rng.random() < 0.15},
    )
