"""Generated trees, clean and dirty: the account is right, what was accepted comes back equal."""

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_import.export import export
from tenants.models import Bot
from tests.legacy_import.tree import LEDGER, Tree, line, message, query, rows

pytestmark = pytest.mark.django_db(transaction=True)

KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=8,
)
EXTRA = st.dictionaries(KEYS, VALUES, max_size=3)
TEXTS = st.text(max_size=30) | st.sampled_from(["", "привет", "a\0b", "\ud800", "😀"])
DIRT = st.sampled_from([
    {}, {"text": None}, {"content": 5}, {"ts": "01.02.2024 10:00:00"}, {"timestamp": 1714564800},
    {"id": "12"}, {"id": 2**70}, {"sender": "Маша"}, {"direction": "sideways"}, {"ts": "never"},
    {"text": ["a", {"text": "b"}]}, {"message_type": None},
])  # fmt: skip


@st.composite
def records(draw: Any) -> list[Any]:
    make = draw(st.sampled_from([message, line]))
    found: list[Any] = []
    for n in range(1, draw(st.integers(0, 6)) + 1):
        field = "content" if make is message else "text"
        record = {**draw(EXTRA), **make(n), field: draw(TEXTS), **draw(DIRT)}
        found.append(record if draw(st.integers(0, 9)) else draw(VALUES))
    return found


PEOPLE = st.fixed_dictionaries(
    {"name": TEXTS, "age": st.none() | st.integers(10, 110), "interests": st.lists(SCALARS)},
    optional={"location": TEXTS, "created_at": st.just("2024-05-01T12:00:00.5+03:00")},
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    chats=st.lists(records(), max_size=3),
    header=EXTRA,
    people=st.lists(PEOPLE, max_size=2),
    cut=st.integers(0, 3),
)
def test_there_and_back(chats: list[Any], header: Any, people: list[Any], cut: int) -> None:
    Bot.objects.all().delete()
    folder = Path(tempfile.mkdtemp(prefix="botplatform-test-"))
    try:
        tree = Tree(folder / "legacy")
        tree.root.mkdir()
        (tree.root / "conversations").mkdir()
        for n, chat in enumerate(chats, 1):
            whole = chat if n % 2 else {**header, "messages": chat}
            data = json.dumps(whole).encode()
            tree.write(f"conversations/{n}.json", data[: len(data) - cut] if n == 3 else data)
        for n, person in enumerate(people, 1):
            tree.write(f"girls_data/{n}.json", json.dumps({"telegram_id": n, **person}).encode())
        report = tree.imported()
        _compare(tree, folder / "back")
        before = rows(), rows(*LEDGER[1:])
        again = tree.imported()
        assert (rows(), rows(*LEDGER[1:])) == before
        assert again.counts.total("source") == report.counts.total("source")
        assert again.counts.total("rejected") == report.counts.total("rejected")
    finally:
        shutil.rmtree(folder)


def _compare(tree: Tree, back: Path) -> None:
    paths = "SELECT DISTINCT path FROM import_rejects JOIN import_files f ON f.id = file_id"
    rejected = {path for (path,) in query(paths)}
    export("Emma", back)
    for path in tree.root.rglob("*.json"):
        name = str(path.relative_to(tree.root))
        if name not in rejected:
            assert json.loads((back / name).read_bytes()) == json.loads(path.read_bytes()), name
