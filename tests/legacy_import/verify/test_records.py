"""Field by field: what becomes of a record, and when it is refused."""

from decimal import Decimal

import pytest

from tests.legacy_import.verify.reading import NOON, expected, rejects

AT = "2024-02-01T12:00:00Z"
CLEAN = {"id": 1, "timestamp": AT, "sender": "user", "content": "Hi", "message_type": "text"}
CHAT = "conversations/42.json"


def message(tmp_path, **changes):
    """The row of one message, which is the second of its file."""
    record = {key: one for key, one in (CLEAN | {"id": 2} | changes).items() if one is not ...}
    _, rows = expected(tmp_path, CHAT, {"messages": [CLEAN, record]})
    return rows[1]


def person(tmp_path, **changes):
    record = {key: one for key, one in ({"telegram_id": 7} | changes).items() if one is not ...}
    _, rows = expected(tmp_path, "girls_data/7.json", record)
    return rows[0]


def is_reject(row):
    return type(row).__name__ == "Reject"


def test_a_documented_message(tmp_path):
    reading, (row,) = expected(tmp_path, CHAT, {"title": "Us", "messages": [CLEAN | {"width": 5}]})
    assert row == (1, 1, "user", None, "Hi", "text", {"width": 5}, NOON, ())
    assert (reading.records, reading.title, reading.created_at) == (1, "Us", NOON)


def test_a_written_message(tmp_path):
    record = {"ts": "2024-02-01T12:00:00.000001Z", "direction": "out", "text": "Да"}
    _, (row,) = expected(tmp_path, CHAT, [record])
    assert row == (1, None, "bot", None, "Да", "text", {}, NOON + 1, ())


@pytest.mark.parametrize(
    ("sender", "sender_type", "sender_id", "metadata"),
    [
        ("bot", "bot", None, {}),
        ("system", "system", None, {}),
        ("in", "user", None, {"sender": "in"}),
        ("Assistant", "bot", None, {"sender": "Assistant"}),
        ("Emma", "bot", None, {"sender": "Emma"}),
        ("", "system", None, {}),
        (..., "system", None, {}),
        ("Emily R.", "user", None, {"sender": "Emily R."}),
        (77, "user", 77, {"sender": 77}),
        ("77", "user", 77, {"sender": 77}),
    ],
)
def test_senders(tmp_path, sender, sender_type, sender_id, metadata):
    row = message(tmp_path, sender=sender)
    assert (row.sender_type, row.sender_id, row.metadata) == (sender_type, sender_id, metadata)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("before\0after", "before\ufffdafter"),
        ("half \ud83d", "half \ufffd"),
        (42, "42"),
        (None, ""),
        (..., ""),
        (["See ", {"type": "link", "text": "this"}, "!"], "See this!"),
        ([], ""),
    ],
)
def test_contents_that_are_repaired(tmp_path, content, text):
    row = message(tmp_path, content=content)
    assert (row.content, row.repairs) == (text, ("content",))


def test_numbers_in_a_text_are_as_written(tmp_path):
    content = f'[{{"ts": "{AT}", "direction": "in", "text": 3.50}}]'
    _, (row,) = expected(tmp_path, CHAT, content)
    assert row.content == "3.50"


@pytest.mark.parametrize("content", [True, {"text": "x"}, [5], [{"type": "x"}], [["x"]]])
def test_contents_that_nobody_can_read(tmp_path, content):
    assert is_reject(message(tmp_path, content=content))


@pytest.mark.parametrize(
    ("value", "number"),
    [("501", 501), (501.0, 501), (-3, -3), (None, None), ("12a", None), (1.5, None), (True, None)],
)
def test_ids(tmp_path, value, number):
    assert message(tmp_path, id=value).telegram_message_id == number


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, str(2**63), 10**700])
def test_ids_that_are_too_large(tmp_path, value):
    assert is_reject(message(tmp_path, id=value))


def test_an_id_that_came_before_is_not_taken_again(tmp_path):
    ids = [5, 9, 7, 5, 7, 9, 8]
    _, rows = expected(tmp_path, CHAT, {"messages": [CLEAN | {"id": one} for one in ids]})
    assert [row.telegram_message_id for row in rows] == [5, 9, 7, None, None, None, 8]
    assert [row.repairs for row in rows] == [()] * 3 + [("id",)] * 3 + [()]


def test_a_refused_record_leaves_its_id_and_time_to_others(tmp_path):
    refused = CLEAN | {"content": {}, "timestamp": "2025-01-01"}
    _, rows = expected(tmp_path, CHAT, {"messages": [refused, CLEAN | {"timestamp": ""}, CLEAN]})
    assert is_reject(rows[0])
    assert (rows[1].telegram_message_id, rows[1].sent_at) == (1, NOON)
    assert rows[2].telegram_message_id is None


def test_first_messages_without_a_time_have_that_of_the_first_that_has_one(tmp_path):
    later = CLEAN | {"id": 4}
    records = [CLEAN | {"timestamp": None}, CLEAN | {"id": 3, "timestamp": "x"}, later]
    reading, rows = expected(tmp_path, CHAT, {"messages": records})
    assert [row.sent_at for row in rows] == [NOON, NOON, NOON]
    assert reading.created_at == NOON
    _, rows = expected(tmp_path, CHAT, {"messages": records[:2]})
    assert [row.sent_at for row in rows] == [0, 0]


def test_a_record_is_of_its_files_dialect_unless_it_shows_the_other(tmp_path):
    written_ = {"ts": AT, "direction": "in", "text": "x", "id": 5}
    _, rows = expected(tmp_path, CHAT, {"messages": [written_, written_ | CLEAN]})
    assert (rows[0].content, rows[0].telegram_message_id, rows[0].metadata) == (
        "x",
        None,
        {"id": 5},
    )
    assert (rows[1].content, rows[1].telegram_message_id) == ("Hi", 1)
    _, rows = expected(tmp_path, "conversations/43.json", [CLEAN, written_ | CLEAN])
    assert [row.content for row in rows] == ["Hi", "x"]
    assert [row.telegram_message_id for row in rows] == [1, None]


def test_a_missing_time_is_that_of_the_message_before(tmp_path):
    row = message(tmp_path, timestamp="soon")
    assert (row.sent_at, row.repairs) == (NOON, ("timestamp",))


def test_places_count_rejects_too(tmp_path):
    _, rows = expected(tmp_path, CHAT, {"messages": [CLEAN, 5, CLEAN | {"id": 3}]})
    assert [row.place for row in rows] == [1, 2, 3]
    assert rejects(rows) == [(2, 1)]


def test_json_columns_hold_what_is_exact(tmp_path):
    numbers = '{"a": 1e400, "b": 0.1, "c": 0.10000000000000000001, "d": NaN, "e": 1.50, "f": %s}'
    record = f'{{"ts": "{AT}", "direction": "in", "text": "", "x": {numbers % (2**70)}}}'
    _, (row,) = expected(tmp_path, CHAT, f"[{record}]")
    assert row.metadata["x"] == {
        "a": {"$number": "1e400"},
        "b": 0.1,
        "c": {"$number": "0.10000000000000000001"},
        "d": {"$number": "NaN"},
        "e": 1.5,
        "f": 2**70,
    }


def test_too_deep_for_a_column(tmp_path):
    deep: list = []
    for _ in range(600):
        deep = [deep]
    assert is_reject(message(tmp_path, unknown=deep))


def test_a_documented_person(tmp_path):
    row = person(
        tmp_path, name="Emma", age=30, location="Oslo", interests=["tea", 5], chat_style="brief",
        personality="calm", created_at=AT, last_active="01.02.2024 12:00:00", source="advert",
    )  # fmt: skip
    assert row == (
        *(1, 7, "Emma", 30, "Oslo", ["tea", 5], "brief", "calm", {"source": "advert"}),
        *(NOON, NOON, {}, ()),
    )


def test_a_written_person(tmp_path):
    rest = {"message_count": 5, "summary": {"20250810120000": "x"}, "profile": {},
            "previous_response_id": None}  # fmt: skip
    record = {"chat_id": 7, "name": "Emma", "last_activity": None, **rest}
    _, (row,) = expected(tmp_path, "girls_data/7.json", record)
    assert row == (1, 7, "Emma", None, "", [], "", "", rest, None, None, {}, ())


@pytest.mark.parametrize(
    ("age", "taken"), [(18, 18), (100, 100), ("25", 25), (25.0, 25), (None, None)]
)
def test_ages(tmp_path, age, taken):
    assert person(tmp_path, age=age).age == taken


@pytest.mark.parametrize("age", [17, 101, -1, 25.5, "young", True, [30]])
def test_ages_that_are_none(tmp_path, age):
    assert is_reject(person(tmp_path, age=age))


@pytest.mark.parametrize(("inner", "taken"), [(7, True), ("7", True), (..., True), (8, False)])
def test_the_id_inside_is_that_of_the_name(tmp_path, inner, taken):
    assert is_reject(person(tmp_path, telegram_id=inner)) is not taken


def test_metrics(tmp_path):
    fields = {"count": 5, "rate": 0.25, "up": True, "note": "x", "none": None, "deep": {"x": 1}}
    content = {
        "current": {"timestamp": "2024-02-01T15:00:00", "count": 6},
        "history": [{"timestamp": "2024-02-01T15:00:00", "metrics": fields}],
    }
    reading, rows = expected(tmp_path, "metrics.json", content, "Europe/Moscow")
    assert [row[1:5] for row in rows] == [
        ("count", Decimal(5), {}, NOON),
        ("rate", Decimal("0.25"), {}, NOON),
        ("up", Decimal(1), {}, NOON),
        ("count", Decimal(6), {"snapshot": "current"}, NOON),
    ]
    assert reading.records == 4


def test_people_of_an_older_file_give_way_to_newer_ones(tmp_path):
    people = {"7": {"name": "Old"}, "8": {"name": "Only"}, "x": {}, "9": {"age": 5}}
    (tmp_path / "girls_data").mkdir()
    (tmp_path / "girls_data" / "7.json").write_text("{}")
    _, rows = expected(tmp_path, "girls_data.json", {"girls": people})
    assert [row.place for row in rows if is_reject(row)] == [1, 3, 4]
    assert (rows[1].telegram_id, rows[1].name) == (8, "Only")


@pytest.mark.parametrize("content", ["", "[]", '{"name": "x', "5"])
def test_files_without_a_person(tmp_path, content):
    _, rows = expected(tmp_path, "girls_data/7.json", content)
    assert [is_reject(row) for row in rows] == [True]


def test_what_follows_a_person_is_kept(tmp_path):
    _, rows = expected(tmp_path, "girls_data/7.json", '{"name": "Emma"}}}')
    assert rows[0].name == "Emma"
    assert rejects(rows) == [(2, 2)]


def test_of_a_snapshot_without_a_time_the_first_measurement_is_repaired(tmp_path):
    """There the importer notes it."""
    history = [{"metrics": {"a": 1, "b": 2}}, {"metrics": {"c": float("nan"), "d": 3}}]
    _, rows = expected(tmp_path, "metrics.json", {"history": history})
    assert [getattr(row, "repairs", None) for row in rows] == [("recorded_at",), (), None, ()]
