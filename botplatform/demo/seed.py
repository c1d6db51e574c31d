"""A demo fleet into the database, whole or not at all."""

import heapq
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection

from botplatform.demo.fleet import DemoBot, DemoError, Size, make_fleet
from botplatform.demo.load import Advance, load
from botplatform.demo.together import GivenUp, Together
from tenants.context import maintenance_context
from tenants.models import Bot

# Nine tenths of the time is the server's, so threads do as well as processes.
WORKERS = 2
PARALLEL_FROM = 50_000


class DemoInterrupted(Exception):
    """Ctrl-C; says which bots were committed."""

    def __init__(self, kept: Sequence[str]) -> None:
        super().__init__(f"Kept: {', '.join(kept)}." if kept else "Nothing was kept.")


@dataclass(frozen=True)
class Loaded:
    names: list[str]
    rows: Counter[str]
    seconds: float

    @property
    def rows_per_second(self) -> int:
        return round(self.rows.total() / self.seconds)


def seed_demo(
    size: Size, seed: int, until: datetime, advance: Advance = lambda messages: None
) -> Loaded:
    """Adds a fleet whose last messages were sent shortly before `until`.

    The same size, seed and `until` make the same rows.
    """
    started = time.monotonic()
    with maintenance_context():
        taken = set(Bot.objects.values_list("name", flat=True))
    fleet = make_fleet(size, seed, taken)
    if known := _present(fleet):
        raise DemoError(
            f"The bots of this seed and size are here already ({', '.join(known)}). "
            "Take another --seed, or delete them first."
        )
    try:
        if size.messages < PARALLEL_FROM or len(fleet) < WORKERS:
            rows = load(fleet, until, advance)
        else:
            rows = _load_in_parallel(_even_parts(fleet, WORKERS), until, advance)
    except KeyboardInterrupt:
        raise DemoInterrupted(_present(fleet)) from None
    except IntegrityError as error:
        raise DemoError(
            f"The database refused a row, and nothing was kept: {error}\n"
            "If somebody else added bots at the same time, try again."
        ) from error
    return Loaded([bot.name for bot in fleet], rows, time.monotonic() - started)


def _present(fleet: Sequence[DemoBot]) -> list[str]:
    ids = [bot.id for bot in fleet]
    with maintenance_context():
        return list(Bot.objects.filter(pk__in=ids).values_list("name", flat=True))


def _even_parts(fleet: Sequence[DemoBot], count: int) -> list[list[DemoBot]]:
    parts: list[tuple[int, int, list[DemoBot]]] = [(0, n, []) for n in range(count)]
    for bot in sorted(fleet, key=lambda bot: bot.messages, reverse=True):
        messages, n, bots = heapq.heappop(parts)
        heapq.heappush(parts, (messages + bot.messages, n, [*bots, bot]))
    return [bots for _, _, bots in parts]


def _load_in_parallel(
    parts: Sequence[Sequence[DemoBot]], until: datetime, advance: Advance
) -> Counter[str]:
    together = Together(len(parts))

    def advance_together(messages: int) -> None:
        with together:
            advance(messages)

    def load_part(part: Sequence[DemoBot]) -> Counter[str]:
        try:
            return load(part, until, advance_together, together.wait_for_the_others)
        except BaseException:
            together.give_up()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(len(parts)) as threads:
        futures = [threads.submit(load_part, part) for part in parts]
        try:
            failures = [failure for future in futures if (failure := future.exception())]
        except KeyboardInterrupt:
            together.give_up()
            raise
    for failure in sorted(failures, key=lambda each: isinstance(each, GivenUp)):
        raise failure
    return sum((future.result() for future in futures), Counter())
