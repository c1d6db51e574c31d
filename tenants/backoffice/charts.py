"""Charts as SVG, drawn here: no JavaScript, readable by screen readers, and with the same numbers
as a table below.

Sideways everything is in percent and upwards in pixels, so a chart is as wide as its page and its
letters stay as large as they are. Colours are classes, in backoffice/panels.css.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from django.utils.formats import number_format

HEIGHT = 180
# Above and below the plot.
TOP, BOTTOM = 12, 26
STEPS = 4
# What a chart can draw; a table shows it all the same.
LARGEST = 1e300


def whole(value: float) -> str:
    return number_format(round(value), force_grouping=True)


@dataclass(frozen=True)
class Series:
    name: str
    values: Sequence[float | None]


@dataclass(frozen=True)
class Bar:
    x: str
    width: str
    y: str
    height: str
    number: int


@dataclass(frozen=True)
class Stroke:
    x1: str
    y1: str
    x2: str
    y2: str
    number: int


@dataclass(frozen=True)
class Group:
    """What stands over one label, and says so when it is pointed at."""

    x: str
    width: str
    said: str


@dataclass(frozen=True)
class Tick:
    at: str
    text: str
    anchor: str = "middle"
    spare: bool = False
    """On a phone there is no room for it."""


@dataclass(frozen=True)
class Chart:
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    # Of the labels, for the head of the table.
    axis: str
    bars: bool = True
    shown: Callable[[float], str] = whole
    most_ticks: int = 6

    height = TOP + HEIGHT + BOTTOM
    floor = TOP + HEIGHT

    @property
    def is_empty(self) -> bool:
        return all(value is None for series in self.series for value in series.values)

    @cached_property
    def rows(self) -> list[tuple[str, list[str]]]:
        return [(label, self._texts(n)) for n, label in enumerate(self.labels)]

    @property
    def groups(self) -> list[Group]:
        return [
            Group(_percent(n * self._step), _percent(self._step), self._said(*row))
            for n, row in enumerate(self.rows)
        ]

    @property
    def columns(self) -> list[Bar]:
        """Side by side, with room between the groups."""
        width = self._step * 0.8 / len(self.series)
        return [
            Bar(
                _percent((n + 0.1) * self._step + number * width),
                _percent(width),
                f"{min(self._y(value), self._y(0)):.1f}",
                f"{abs(self._y(value) - self._y(0)):.1f}",
                number,
            )
            for number, series in enumerate(self.series)
            for n, value in enumerate(series.values)
            if _drawn(value) and value
        ]

    @property
    def strokes(self) -> list[Stroke]:
        """From each value to the next; a gap where there is none, a dot for one alone."""
        found = []
        for number, series in enumerate(self.series):
            values = [value if _drawn(value) else None for value in series.values]
            for n, (begin, end) in enumerate(pairwise([*values, None])):
                if begin is None:
                    continue
                alone = end is None and (n == 0 or values[n - 1] is None)
                if end is not None or alone:
                    found.append(self._stroke(n, begin, n + (not alone), end, number))
        return found

    @property
    def y_ticks(self) -> list[Tick]:
        low, high, step = self._scale
        count = round((high - low) / step)
        values = [low + n * step for n in range(count + 1)]
        return [Tick(f"{self._y(value):.1f}", self.shown(value)) for value in values]

    @property
    def x_ticks(self) -> list[Tick]:
        count = len(self.labels)
        every = max(1, math.ceil(count / self.most_ticks))
        places = range((count - 1) % every, count, every)
        last = len(places) - 1
        return [
            _x_tick((n + 0.5) * self._step, self.labels[n], spare=(last - number) % 2 == 1)
            for number, n in enumerate(places)
        ]

    @property
    def zero(self) -> str:
        return f"{self._y(0):.1f}"

    @property
    def _step(self) -> float:
        return 100 / max(len(self.labels), 1)

    @cached_property
    def _scale(self) -> tuple[float, float, float]:
        """The lowest and the highest line, and how far they are apart: 1, 2 or 5, and zeros."""
        drawn = [v for series in self.series for v in series.values if _drawn(v) and v is not None]
        low, high = min(0.0, *drawn, 0.0), max(0.0, *drawn, 0.0)
        rough = (high - low or STEPS) / STEPS
        unit = 10.0 ** math.floor(math.log10(rough))
        step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough * 0.999)
        if self.shown is whole:
            step = max(step, 1.0)
        lines = math.floor(low / step), math.ceil(high / step) or (STEPS if low == 0 else 0)
        return lines[0] * step, lines[1] * step, step

    def _y(self, value: float) -> float:
        low, high, _ = self._scale
        return TOP + HEIGHT * (high - value) / (high - low)

    def _stroke(self, n: float, begin: float, m: float, end: float | None, number: int) -> Stroke:
        return Stroke(
            _percent((n + 0.5) * self._step),
            f"{self._y(begin):.1f}",
            _percent((m + 0.5) * self._step),
            f"{self._y(begin if end is None else end):.1f}",
            number,
        )

    def _texts(self, n: int) -> list[str]:
        values = (series.values[n] for series in self.series)
        return ["—" if value is None else self.shown(value) for value in values]

    def _said(self, label: str, texts: list[str]) -> str:
        named = zip(self.series, texts, strict=True)
        return f"{label} · " + ", ".join(f"{series.name}: {text}" for series, text in named)


def _x_tick(at: float, text: str, spare: bool) -> Tick:
    """No letter outside of the plot."""
    if at > 95:
        return Tick("100%", text, "end", spare)
    return Tick("0%", text, "start", spare) if at < 5 else Tick(_percent(at), text, spare=spare)


def _drawn(value: float | None) -> bool:
    return value is not None and abs(value) <= LARGEST


def _percent(value: float) -> str:
    return f"{value:.3f}%"
