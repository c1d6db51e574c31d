"""Short talks on one subject, ready to be put into a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from botplatform.demo.words import Pair, Words

MEAN_EXCHANGES = 3.3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the person sends and what the bot answers."""

    kind: str
    said: str
    metadata: str
    answer: str


class Talk:
    """Every sentence rendered once, so that a message costs one choice."""

    def __init__(self, words: Words, topics: Sequence[str]) -> None:
        self.started = words.started
        self._greetings = [_text(pair) for pair in words.greetings]
        self._farewells = [_text(pair) for pair in words.farewells]
        self._subjects = [
            [_variants(pair, subject, words.openers) for pair in pairs]
            for subjects, pairs in map(words.topics.__getitem__, topics)
            for subject in subjects
        ]
        self._photos = [
            Exchange("photo", caption, _photo(width), answer)
            for caption in words.photo_captions
            for answer in words.photo_answers
            for width in (720, 1280, 1600)
        ]
        self._voices = [
            Exchange("voice", "", f'{{"duration": {seconds}, "mime_type": "audio/ogg"}}', answer)
            for answer in words.voice_answers
            for seconds in (3, 8, 17, 42)
        ]

    def dialogue(self, rng: Random) -> list[Exchange]:
        random = rng.random
        exchanges = [_pick(self._greetings, random())] if random() < 0.4 else []
        subject = _pick(self._subjects, random())
        first = int(random() * len(subject))
        for n in range(first, first + 1 + int(random() * 4)):
            luck = random()
            if luck < 0.03:
                exchanges.append(_pick(self._photos, random()))
            elif luck < 0.05:
                exchanges.append(_pick(self._voices, random()))
            exchanges.append(_pick(subject[n % len(subject)], random()))
        if random() < 0.3:
            exchanges.append(_pick(self._farewells, random()))
        return exchanges


def _pick(items: Sequence[T], luck: float) -> T:
    return items[int(luck * len(items))]


def _text(pair: Pair) -> Exchange:
    return Exchange("text", pair[0], "{}", pair[1])


def _variants(pair: Pair, subject: str, openers: Sequence[str]) -> list[Exchange]:
    """The same question as different people write it."""
    said, answer = (text.format(it=subject) for text in pair)
    questions = [opener + said for opener in openers]
    return [
        _text((written, _capitalised(answer)))
        for question in questions
        for written in (question, _capitalised(question))
    ]


def _capitalised(text: str) -> str:
    return text[0].upper() + text[1:]


def _photo(width: int) -> str:
    return f'{{"width": {width}, "height": {width * 3 // 4}, "mime_type": "image/jpeg"}}'
