"""Charts are drawn within their plot, side by side, and say nothing of their own."""

from decimal import Decimal
from itertools import pairwise
from random import Random

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from metrics.explorer.page import number
from tenants.backoffice.charts import BOTTOM, HEIGHT, TOP, Chart, Series


def chart(*values: list[float | None], bars: bool = True) -> Chart:
    series = [Series(f"s{n}", each) for n, each in enumerate(values)]
    return Chart("Title", [f"d{n}" for n in range(len(values[0]))], series, "Day", bars)


def percent(text: str) -> float:
    return float(text.removesuffix("%"))


@pytest.mark.parametrize("seed", range(20))
def test_everything_is_within_the_plot(seed: int) -> None:
    rng = Random(seed)
    scale = 10.0 ** rng.randint(-6, 12)
    low = rng.choice((0.0, -1.0))
    lists = [[rng.choice((None, rng.uniform(low, 1) * scale)) for _ in range(90)] for _ in range(2)]
    drawn = chart(*lists)
    for bar in drawn.columns:
        assert TOP - 0.1 <= float(bar.y) <= float(bar.y) + float(bar.height) <= TOP + HEIGHT + 0.1
        assert 0 <= percent(bar.x) < percent(bar.x) + percent(bar.width) <= 100
    edges = sorted((percent(bar.x), percent(bar.x) + percent(bar.width)) for bar in drawn.columns)
    assert all(left[1] <= right[0] + 0.01 for left, right in pairwise(edges))
    assert 2 <= len(drawn.y_ticks) <= 8
    assert drawn.height == TOP + HEIGHT + BOTTOM


def test_heights_are_the_values() -> None:
    heights = [float(bar.height) for bar in chart([1, 2, 4]).columns]
    assert heights == [HEIGHT / 4, HEIGHT / 2, HEIGHT]


def test_zeros_and_nothing() -> None:
    assert chart([None, None]).is_empty
    zeros = chart([0, 0])
    assert not zeros.is_empty
    assert zeros.columns == []
    assert [tick.text for tick in zeros.y_ticks] == ["0", "1", "2", "3", "4"]


def test_a_line_has_gaps_and_dots() -> None:
    lines = chart([1, 2, None, 3, None], bars=False).strokes
    assert [(line.x1, line.x2) for line in lines] == [
        ("10.000%", "30.000%"),
        ("70.000%", "70.000%"),
    ]


def test_no_text_is_markup_and_no_language_changes_the_drawing() -> None:
    odd = Chart("<b>t</b>", ["<i>"], [Series("<s>", [1234.5])], "<u>")
    with translation.override("ru"):
        html = render_to_string("backoffice/chart.html", {"chart": odd})
    assert not any(markup in html for markup in ("<b>", "<i>", "<s>", "<u>"))
    assert 'width="80.000%"' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.5, "0.5"), (1234.5678, "1,234.57"), (12345678.9, "12,345,679"), (1e-9, "1e-09"),
     (-2, "-2"), (1e20, "1e+20"), (Decimal("0.10"), "0.1")],
)  # fmt: skip
def test_numbers_that_say_something(value: float, shown: str) -> None:
    assert number(float(value)) == shown
