import json
import sys
from typing import Any

import pytest
from django.db import connection

from tenants.text import escaped, storable, storable_json

HIGH, LOW = "\ud83d", "\ude00"


@pytest.mark.parametrize("text", ["", "Привет 😀", "\ufffd", "\x01\x7f\U0010ffff", "a" * 10**6])
def test_whole_text_is_the_same_object(text: str) -> None:
    assert storable(text) is text


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("a\0b", "a\ufffdb"),
        ("\0\0", "\ufffd\ufffd"),
        (f"{HIGH}!", "\ufffd!"),
        (f"!{LOW}", "!\ufffd"),
        (f"{LOW}{HIGH}", "\ufffd\ufffd"),
        (f"{HIGH}{HIGH}{LOW}", "\ufffd😀"),
        (f"{HIGH}{LOW}", "😀"),
        (f"\0{HIGH}Ж{LOW}\0", "\ufffd\ufffdЖ\ufffd\ufffd"),
    ],
)
def test_what_cannot_be_stored_is_replaced(broken: str, whole: str) -> None:
    assert storable(broken) == whole
    note = escaped(broken)
    assert storable(note) is note
    # Both halves of a pair are the same to JSON as the character itself.
    assert _units(json.loads(note)) == _units(broken)


def _units(text: str) -> bytes:
    return text.encode("utf-16", "surrogatepass")


@pytest.mark.django_db
def test_every_character_that_python_has_can_be_stored_afterwards() -> None:
    everything = storable("".join(map(chr, range(sys.maxunicode + 1))))
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text, %s::jsonb", [everything, json.dumps([everything])])
        assert cursor.fetchone()[0] == everything


@pytest.mark.parametrize(
    "value", [{}, [], None, True, 1.5, "x", {"a": [1, {"b": "Ж"}], "c": None}, ("a", "b")]
)
def test_whole_json_is_the_same_object(value: Any) -> None:
    assert storable_json(value) is value


def test_json_is_repaired_at_any_depth_and_in_keys() -> None:
    broken = {"a\0": [1, {"b": ("x", "y\0")}], "c": "d"}
    assert storable_json(broken) == {"a\ufffd": [1, {"b": ["x", "y\ufffd"]}], "c": "d"}
    assert json.loads(escaped(broken)) == {"a\0": [1, {"b": ["x", "y\0"]}], "c": "d"}
