"""All forms of time; each comes out in UTC."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_import.source.times import ZULU, Form, UnreadableTime, form_of, parse_time

NOON = dt.datetime(2025, 8, 10, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("written", "moment", "code"),
    [
        ("2025-08-10T12:00:00Z", NOON, None),
        ("2025-08-10T12:00:00.000001Z", NOON.replace(microsecond=1), None),
        ("2025-08-10T12:00:00", NOON, None),
        ("2025-08-10 12:00", NOON, None),
        ("2025-08-10T15:00:00+03:00", NOON, None),
        ("2025-08-10T15:00:00+0300", NOON, None),
        ("2025-08-10T12:00:00.123456789Z", NOON.replace(microsecond=123456), "fraction-cut"),
        ("10.08.2025 12:00:00", NOON, None),
        ("01.02.2024", dt.datetime(2024, 2, 1, tzinfo=dt.UTC), None),
        ("10.08.2025, 9:05", NOON.replace(hour=9, minute=5), None),
        ("2025-08-09T24:00:00Z", NOON.replace(hour=0), None),
        ("09.08.2025 24:00", NOON.replace(hour=0), None),
        (1754827200, NOON, None),
        (1754827200000, NOON, None),
        (1754827200.5, NOON.replace(microsecond=500000), None),
        ("1754827200", NOON, "number-as-string"),
        ("1754827200.25", NOON.replace(microsecond=250000), "number-as-string"),
        (0, dt.datetime(1970, 1, 1, tzinfo=dt.UTC), None),
    ],
)
def test_forms(written: Any, moment: dt.datetime, code: str | None) -> None:
    assert parse_time(written) == (moment, code)


@pytest.mark.parametrize(
    "written",
    [
        *("", "soon", "2025-13-01T00:00:00Z", "30.02.2025", "2025-08-10T24:00:01Z", "24:00"),
        *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2025-08-10T12:00:60Z"),
        *("2025-08-10T12:00:00+99:00", "20250810120000", "12345", "9" * 400),
        *(-1, 10**13, 1e300, float("nan"), True, None, [], {}),
    ],
)
def test_unreadable(written: Any) -> None:
    with pytest.raises(UnreadableTime):
        parse_time(written)


def test_local_times() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert parse_time("2025-08-10T14:00:00", zone) == (NOON, None)
    assert parse_time("2025-08-10T12:00:00Z", zone) == (NOON, None)
    first = dt.datetime(2025, 10, 26, 0, 30, tzinfo=dt.UTC)
    assert parse_time("2025-10-26T02:30:00", zone) == (first, "ambiguous-time")
    assert parse_time("2025-03-30T02:30:00", zone)[1] == "ambiguous-time"


ZONES = st.sampled_from(["", "Z", "+00:00", "+03:00", "-05:30"])


@given(
    moments=st.lists(st.datetimes(dt.datetime(2, 1, 2), dt.datetime(9998, 12, 30)), min_size=1),
    unit=st.sampled_from(["iso", "seconds", "milliseconds"]),
    zone=ZONES,
)
def test_what_a_form_parses_it_renders(moments: list[dt.datetime], unit: str, zone: str) -> None:
    """And it parses nothing otherwise than parse_time does."""
    form = Form(unit=unit, zone=zone)
    written = [form.render(moment.replace(tzinfo=dt.UTC)) for moment in moments]
    for values in (written, [*written, "2025-08-10T12:00:00+01:00"], [*written, "2025-08-10"]):
        parsed = form.parse_all(values)
        if parsed is not None:
            assert [form.render(moment) for moment in parsed] == values
            assert [parse_time(value)[0] for value in values] == parsed
            assert {moment.utcoffset() for moment in parsed} == {dt.timedelta()}
    if unit == "iso":
        assert form.parse_all(written) is not None


@pytest.mark.parametrize(
    "written",
    [
        *("2025-08-10T12:00:00Z", "2025-08-10 12:00:00.123+03:00", "2025-08-10T12:00"),
        *("2025-08-10T12:00:00.000000", 1754827200, 1754827200123),
    ],
)
def test_the_form_of_a_time(written: Any) -> None:
    assert form_of(written).render(parse_time(written)[0]) == written
    restored = Form(**form_of(written).as_shape().get("time", {}))
    assert restored == form_of(written)


def test_the_usual_form_takes_no_room() -> None:
    assert form_of("2025-08-10T12:00:00.123456Z") == ZULU
    assert ZULU.as_shape() == {}
