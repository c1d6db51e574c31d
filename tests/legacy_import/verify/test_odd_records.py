"""Records of which the importer and the verifier must not think differently."""

import pytest

from legacy_import.verify.source.rows import MessageRow
from tests.legacy_import.verify.reading import expected

DEEPEST = 199  # within a record's field


def _read(tmp_path, **fields: str) -> MessageRow | None:
    """Of a record with these JSON texts; None when it is rejected."""
    values = {"id": "1", "timestamp": "5", "sender": '"user"', "content": '"x"', **fields}
    record = ", ".join(f'"{name}": {value}' for name, value in values.items())
    reading, (row,) = expected(
        tmp_path, "conversations/7.json", f'{{"title": 1e20, "messages": [{{{record}}}]}}'
    )
    assert reading.title == ""
    return row if isinstance(row, MessageRow) else None


@pytest.mark.parametrize(
    ("sender", "number", "kept"),
    [
        ('"+5"', None, {"sender": "+5"}),
        ('" -5 "', -5, {"sender": -5}),
        ('"\\u00a05"', 5, {"sender": 5}),
        ('"0005"', 5, {"sender": 5}),
        ("5e0", 5, {"sender": 5}),
    ],
)
def test_a_sender_by_its_number(tmp_path, sender, number, kept):
    row = _read(tmp_path, sender=sender)
    assert row is not None
    assert (row.sender_type, row.sender_id, row.metadata) == ("user", number, kept)


@pytest.mark.parametrize("field", ["id", "sender"])
@pytest.mark.parametrize("digits", [41, 2_000])
def test_a_number_too_long_is_nobodys(tmp_path, field, digits):
    assert _read(tmp_path, **{field: f'"{"0" * (digits - 1)}5"'}) is None


@pytest.mark.parametrize("field", ["id", "timestamp", "other"])
@pytest.mark.parametrize("inner", ["", "1"])
def test_what_is_nested_too_deeply_is_rejected_in_any_field(tmp_path, field, inner):
    for depth, taken in ((DEEPEST, True), (DEEPEST + 1, False), (DEEPEST + 6, False)):
        row = _read(tmp_path, **{field: "[" * depth + inner + "]" * depth})
        assert (row is not None) is taken
