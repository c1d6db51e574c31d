"""Generated trees, clean and dirty: the account is right, what was accepted comes back equal."""

import json
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legacy_import.export import export
from legacy_import.source.reading import DAMAGE
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


SNAPSHOTS = st.dictionaries(KEYS, SCALARS | st.sampled_from([float("nan"), "text"]), max_size=3)
METRICS = st.fixed_dictionaries(
    {},
    optional={
        "current": SNAPSHOTS,
        "history": st.lists(
            st.fixed_dictionaries({"timestamp": st.just("2024-05-01T12:00:00"),
                                   "metrics": SNAPSHOTS}) | SCALARS, max_size=3),
    },
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(
    bots=st.sampled_from([["Emma"], ["Emma", "Anna"]]),
    chats=st.lists(records(), max_size=3),
    header=EXTRA,
    people=st.lists(PEOPLE, max_size=3),
    metrics=st.none() | METRICS,
    cut=st.integers(0, 30),
)
def test_there_and_back(
    bots: list[str],
    chats: list[Any],
    header: Any,
    people: list[Any],
    metrics: Any,
    cut: int,
) -> None:
    Bot.objects.all().delete()
    folder = Path(tempfile.mkdtemp(prefix="botplatform-test-"))
    try:
        tree = Tree(folder / "legacy")
        for turn, bot in enumerate(bots):
            top = f"{bot}/" if len(bots) > 1 else ""
            (tree.root / top / "conversations").mkdir(parents=True)
            for n, chat in enumerate(chats, 1):
                whole = chat if (n + turn) % 2 else {**header, "messages": chat}
                data = json.dumps(whole).encode()
                if n == 3:
                    data = data[: max(len(data) - cut, 0)]
                tree.write(f"{top}conversations/{n}.json", data)
            for n, person in enumerate(people, 1):
                data = json.dumps({"telegram_id": n, **person}).encode()
                tree.write(f"{top}girls_data/{n}.json", data)
            if metrics is not None:
                tree.write(f"{top}metrics.json", json.dumps(metrics).encode())
        options = {"bot": None if len(bots) > 1 else "Emma"}
        report = tree.imported(**options)
        for bot in bots:
            legacy = tree.root / bot if len(bots) > 1 else tree.root
            done = export(bot, folder / "back" / bot)
            assert done.problems == []
            _compare(bot, legacy, folder / "back" / bot, chats)
        before = rows(), rows(*LEDGER[1:])
        again = tree.imported(**options)
        assert (rows(), rows(*LEDGER[1:])) == before
        assert again.counts.total("source") == report.counts.total("source")
        assert again.counts.total("rejected") == report.counts.total("rejected")
    finally:
        shutil.rmtree(folder)


def _compare(bot: str, legacy: Path, back: Path, chats: list[Any]) -> None:
    """Every file: as it was, or as it was but for its rejected records."""
    rejects: dict[str, dict[int, str]] = defaultdict(dict)
    for path, place, code in query(
        "SELECT path, place, code FROM import_rejects AS reject"
        " JOIN import_files AS file ON file.id = file_id JOIN bots ON bots.id = reject.bot_id"
        " WHERE bots.name = %s",
        bot,
    ):
        rejects[path][place] = code
    sources = {str(path.relative_to(legacy)): path for path in legacy.rglob("*.json")}
    assert {str(path.relative_to(back)) for path in back.rglob("*.json")} == {*sources}
    for name, path in sources.items():
        source, result = path.read_bytes(), (back / name).read_bytes()
        rejected = rejects[name]
        if name == "metrics.json" or 0 in rejected:
            assert result == source, name
        elif not rejected:
            assert json.loads(result) == json.loads(source), name
        else:
            chat, found = chats[int(path.stem) - 1], json.loads(result)
            damage = [place for place, code in rejected.items() if code in DAMAGE]
            assert (found.get("messages", []) if isinstance(found, dict) else found) == [
                record
                for place, record in enumerate(chat, 1)
                if place not in rejected and place < min(damage, default=len(chat) + 1)
            ], name
            if isinstance(found, dict) and not damage and max(rejected) <= len(chat):
                assert {**found, "messages": chat} == json.loads(source)
