"""Every time that was seen, and none that is only guessed."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from legacy_import.verify.source.json_text import Number, number
from legacy_import.verify.source.times import microseconds
from tests.legacy_import.verify.reading import NOON, moment


@pytest.mark.parametrize(
    ("value", "time"),
    [
        ("2024-02-01T12:00:00Z", "2024-02-01T12:00:00"),
        ("2024-02-01T12:00:00.5Z", "2024-02-01T12:00:00.500000"),
        ("2024-02-01T12:00:00.123456789Z", "2024-02-01T12:00:00.123456"),
        ("2024-02-01T12:00:00.999999999Z", "2024-02-01T12:00:00.999999"),
        ("2024-02-01T15:00:00+03:00", "2024-02-01T12:00:00"),
        ("2024-02-01T15:00:00+0300", "2024-02-01T12:00:00"),
        ("2024-02-01T15:00:00+03", "2024-02-01T12:00:00"),
        ("2024-02-01T02:30:00-09:30", "2024-02-01T12:00:00"),
        ("2024-02-01T12:00:00", "2024-02-01T12:00:00"),
        ("2024-02-01 12:00", "2024-02-01T12:00:00"),
        ("2024-02-01", "2024-02-01T00:00:00"),
        ("2024-01-31T24:00:00Z", "2024-02-01T00:00:00"),
        ("2023-12-31T24:00", "2024-01-01T00:00:00"),
        ("01.02.2024 12:00:00", "2024-02-01T12:00:00"),
        ("31.12.2023 23:59", "2023-12-31T23:59:00"),
        (NOON // 10**6, "2024-02-01T12:00:00"),
        (NOON // 10**3 + 123, "2024-02-01T12:00:00.123000"),
        (NOON / 10**6 + 0.25, "2024-02-01T12:00:00.250000"),
        (str(NOON // 10**6), "2024-02-01T12:00:00"),
        (str(NOON // 10**3), "2024-02-01T12:00:00"),
        (number("1706788800.1234567"), "2024-02-01T12:00:00.123456"),
        ("2024-W05-4", "2024-02-01T00:00:00"),
        ("20240201T120000Z", "2024-02-01T12:00:00"),
        (" 2024-02-01T12:00:00Z\n", "2024-02-01T12:00:00"),
        ("1.2.2024 12:00:00", "2024-02-01T12:00:00"),
        (0, "1970-01-01T00:00:00"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00"),
    ],
)
def test_a_time_is_read(value, time):
    assert moment(microseconds(value)) == time


@pytest.mark.parametrize(
    "value",
    [
        *("", "yesterday", "2025-02-29", "2025-13-01T00:00:00Z", "32.01.2024 00:00:00"),
        *("2024-02-01T25:00:00Z", "2024-02-01T24:00:01Z", "2024-02-01T12:60:00Z"),
        *("2024-02-01T12:00:60Z", "2024-02-01T12:00:00+24:00", "2024-02-01T12:00:00 MSK"),
        *(
            "٢٠٢٤-02-01T12:00:00Z",
            "2024-02-01T12:00:00z",
            "0001-01-01",
            "9999-12-31",
            "0000-01-01T00:00:00Z",
            "-1",
            "1e9",
        ),
        *(
            None,
            True,
            False,
            [],
            {},
            -1,
            10**13,
            "0",
            "12345678",
            10**400,
            "20240201120000",
            "9" * 5_000,
        ),
        *(
            float("nan"),
            float("inf"),
            Number("NaN"),
            Number("0.1000000000000000055"),
            Number("1e999999999999"),
        ),
    ],
)
def test_no_time_is_guessed(value):
    assert microseconds(value) is None


def test_a_zone_is_for_times_without_one():
    moscow = ZoneInfo("Europe/Moscow")
    assert moment(microseconds("2024-02-01T12:00:00", moscow)) == "2024-02-01T09:00:00"
    assert moment(microseconds("2024-02-01T12:00:00Z", moscow)) == "2024-02-01T12:00:00"
    assert moment(microseconds(NOON // 10**6, moscow)) == "2024-02-01T12:00:00"
    # Summer there was once an hour more.
    assert moment(microseconds("2010-07-01T12:00:00", moscow)) == "2010-07-01T08:00:00"
    assert microseconds("2024-02-01T12:00:00", UTC) == NOON
