"""Any JSON is read as the standard library reads it; no bytes crash the reading or get lost."""

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from legacy_import.verify.source import encodings
from legacy_import.verify.source.document import Document, NoDocument
from legacy_import.verify.source.reading import Expected
from legacy_import.verify.source.tree import File, Kind
from legacy_import.verify.source.window import Kept

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("properties") / "7.json"


@given(
    records=st.lists(VALUES),
    header=st.dictionaries(st.text().filter(lambda key: key != "messages"), VALUES),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    block=st.sampled_from([5, 64, 1 << 20]),
)
@example(records=[], header={"x": 1.0000000272564224e16}, ascii_only=True, indent=None, block=5)
@settings(max_examples=150)
def test_any_document_is_read_as_it_is(path, records, header, ascii_only, indent, block):
    document = {**header, "messages": records}
    path.write_text(json.dumps(document, ensure_ascii=ascii_only, indent=indent), "utf-8")
    with pytest.MonkeyPatch.context() as patch, path.open("rb") as file:
        patch.setattr(encodings, "BLOCK", block)
        read = Document(file)
        # Of large floats the reading keeps the digits.
        found = json.dumps([*read.records("messages"), read.header])
    plain = json.loads(json.dumps([*records, header]), parse_float=float)
    assert _numbers(json.loads(found)) == _numbers(plain)


def _numbers(value):
    """Digits as numbers, wherever a float was kept as its digits."""
    match value:
        case float():
            return str(value)
        case list():
            return [_numbers(one) for one in value]
        case dict():
            return {key: _numbers(one) for key, one in value.items()}
        case str():
            try:
                return str(float(value)) if abs(float(value)) >= 2**53 else value
            except ValueError:
                return value
    return value


@given(
    records=st.lists(st.dictionaries(st.sampled_from(["ts", "text", "id", "sender"]), VALUES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), st.binary(max_size=4)), max_size=4),
)
@settings(max_examples=300)
def test_damage_is_kept_and_never_crashes(path, records, cuts):
    content = bytearray(json.dumps(records, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    for where, length, instead in cuts:
        at = int(where * len(content))
        content[at : at + length] = instead
    path.write_bytes(content)
    reading = Expected(File("Emma", path.name, Kind.CONVERSATION, 7), path.parent)
    rows = list(reading)
    assert reading.records == len(rows)
    with path.open("rb") as file:
        try:
            kept = [one.size for one in Document(file).records("messages") if type(one) is Kept]
        except NoDocument:
            kept = []
    assert sum(kept) <= len(content)
