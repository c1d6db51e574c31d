"""The same call by each contender in turn, so that what else the machine does hits all alike."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from tempfile import TemporaryDirectory

from botplatform.bench.store.contender import (
    BATCH,
    Chat,
    Contender,
    largest_bots,
    longest_chats,
    new_numbers,
)
from botplatform.bench.store.json_files import JsonFiles
from botplatform.bench.store.postgres import BarePsycopg, OneRoundTrip, Store

CHATS = 100
LATEST_BAR, RECORD_BAR = 2.0, 1.5

Say = Callable[[str], object]


class NotTheSame(Exception):
    """Contenders that give different answers cannot be compared."""


@dataclass(frozen=True)
class Compared:
    what: str
    bar: float
    medians: dict[str, float]
    """In milliseconds, by contender."""

    @property
    def cost(self) -> float:
        return self.medians[Store.name] / self.medians[BarePsycopg.name]

    @property
    def met(self) -> bool:
        return self.cost <= self.bar


def compared(repeat: int, say: Say) -> Iterator[Compared]:
    [bot_id] = largest_bots(1)
    chats = longest_chats(bot_id, CHATS)
    with TemporaryDirectory(prefix="botplatform-bench-") as folder:
        contenders = list(_contenders(Path(folder), chats, say))
        _assert_the_same(contenders, chats)
        rng = Random(1)  # noqa: S311
        numbers = new_numbers()

        def latest(contender: Contender, chat: Chat) -> None:
            contender.latest(chat)

        def record(contender: Contender, chat: Chat) -> None:
            contender.record(chat, [next(numbers)])

        def record_many(contender: Contender, chat: Chat) -> None:
            contender.record(chat, [next(numbers) for _ in range(BATCH)])

        for what, bar, call, times in (
            ("latest 50 messages", LATEST_BAR, latest, repeat),
            ("record a message", RECORD_BAR, record, repeat),
            (f"record {BATCH} messages", RECORD_BAR, record_many, max(1, repeat // 5)),
        ):
            taken: dict[str, list[float]] = {contender.name: [] for contender in contenders}
            for _ in range(times):
                chat = rng.choice(chats)
                for contender in rng.sample(contenders, len(contenders)):
                    started = time.perf_counter()
                    call(contender, chat)
                    taken[contender.name].append((time.perf_counter() - started) * 1000)
            yield Compared(what, bar, {name: median(all_) for name, all_ in taken.items()})


def _contenders(folder: Path, chats: Sequence[Chat], say: Say) -> Iterator[Contender]:
    yield BarePsycopg()
    yield Store()
    yield OneRoundTrip()
    yield JsonFiles(folder, chats)
    try:
        from botplatform.bench.store.sqlalchemy_rows import SqlAlchemyRows
    except ImportError:
        say(
            "SQLALCHEMY IS LEFT OUT: it is not installed."
            " `make bench` does, or `pip install -r requirements-bench.txt`."
        )
    else:
        say("Filling SQLAlchemy's table.")
        yield SqlAlchemyRows()


def _assert_the_same(contenders: Sequence[Contender], chats: Sequence[Chat]) -> None:
    for chat in chats[:10]:
        first, *others = ((contender.name, contender.latest(chat)) for contender in contenders)
        for name, texts in others:
            if sorted(texts) != sorted(first[1]):
                raise NotTheSame(f"{name} and {first[0]} have other messages in {chat}.")
