"""A first import, and the same once more."""

import json
import zlib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from legacy_import.batches.counts import Tally
from legacy_import.export import export
from legacy_import.refusal import ImportRefused
from tests.factories import BotFactory
from tests.legacy_import.tree import LEDGER, Tree, contents, counters, line, message, query, rows

pytestmark = pytest.mark.django_db(transaction=True)


def test_both_dialects(tree: Tree) -> None:
    tree.chat(7, message(1), message(2, "ответ", mood={"a": [1, None]}))
    tree.old_chat(8, line(1), line(2))
    report = tree.imported()
    assert contents(7) == [(1, "message 1"), (2, "ответ")]
    assert contents(8) == [(1, "line 1"), (2, "line 2")]
    assert counters(7) == counters(8) == (2, 2)
    assert report.counts["messages"] == Tally(source=4, inserted=4)
    assert report.counts["conversations"] == Tally(source=2, inserted=2)
    assert query(
        "SELECT telegram_message_id, sender_type, metadata->'mood', sent_at FROM messages"
        " WHERE content = 'ответ'"
    ) == [(102, "bot", '{"a": [1, null]}', datetime(2024, 5, 1, 12, 2, tzinfo=UTC))]


def test_the_last_message_is_the_last_by_position(tree: Tree) -> None:
    tree.old_chat(8, line(5), line(3))
    tree.imported()
    [(at,)] = query("SELECT last_message_at FROM conversations")
    assert at == datetime(2024, 5, 1, 12, 3, 0, 3, tzinfo=UTC)


def test_a_profile_with_its_conversation_and_figures(tree: Tree) -> None:
    tree.person(
        7,
        location="Пермь",
        interests=["чай"],
        mood="sunny",
        last_active="2024-05-02T10:00:00Z",
        conversation_stats={"total_messages": 12, "response_time_avg": 1.25},
    )
    tree.chat(7, message(1))
    report = tree.imported()
    assert query(
        "SELECT name, age, location, interests, additional_data->>'mood' FROM profiles"
    ) == [("Аня", 30, "Пермь", '["чай"]', "sunny")]
    assert query("SELECT count(*) FROM conversations JOIN profiles p ON p.id = profile_id") == [
        (1,)
    ]
    assert query("SELECT metric_name, metric_value FROM bot_metrics ORDER BY 1") == [
        ("response_time_avg", Decimal("1.25")),
        ("total_messages", Decimal(12)),
    ]
    assert report.counts["profiles"].inserted == 1
    assert report.counts["metrics"] == Tally(source=2, inserted=2)


def test_a_profile_that_comes_later_is_linked(tree: Tree) -> None:
    tree.chat(7, message(1))
    tree.imported(only=frozenset({"conversations"}))
    tree.person(7)
    tree.imported(only=frozenset({"profiles"}))
    assert query("SELECT count(*) FROM conversations WHERE profile_id IS NOT NULL") == [(1,)]


def test_metrics(tree: Tree) -> None:
    history = [
        {"timestamp": "2024-05-01T12:00:00", "metrics": {"users": 3, "busy": True, "note": "x"}},
        {"timestamp": "2024-05-01T13:00:00", "metrics": {"users": 4, "load": 0.5}},
    ]
    tree.write("metrics.json", {"current": {}, "history": history})
    report = tree.imported()
    assert report.counts["metrics"] == Tally(source=4, inserted=4)
    history.append({"timestamp": "2024-05-01T14:00:00", "metrics": {"users": 5}})
    tree.write("metrics.json", {"current": {}, "history": history})
    assert tree.imported().counts["metrics"] == Tally(source=5, inserted=1, unchanged=4)
    assert query("SELECT metric_value FROM bot_metrics WHERE metric_name = 'users' ORDER BY 1") == [
        (3,),
        (4,),
        (5,),
    ]


def test_again_writes_nothing(tree: Tree) -> None:
    tree.person(7, conversation_stats={"total_messages": 1})
    tree.chat(7, message(1), "no object", message(3))
    first = tree.imported()
    before = rows(), rows(*LEDGER[1:])
    again = tree.imported()
    assert (rows(), rows(*LEDGER[1:])) == before
    assert again.counts.total("inserted") == again.counts.total("changed") == 0
    for name in ("source", "rejected"):
        assert again.counts.total(name) == first.counts.total(name)
    assert again.outcome.unchanged_files == again.outcome.files == 2


def test_touched_and_not_changed(tree: Tree) -> None:
    file = tree.chat(7, message(1))
    tree.imported()
    file.write_bytes(file.read_bytes())
    assert tree.imported().outcome.unchanged_files == 1


def test_rejects_keep_their_bytes_and_their_place(tree: Tree) -> None:
    tree.write("conversations/7.json", b'[{"ts": "2024-05-01T12:00:00Z", "direction": "in", '
               b'"text": "a"}, "lost", {"ts": "2024-05-01T12:01:00Z", "direction": "in", '
               b'"text": "b"}]')  # fmt: skip
    report = tree.imported()
    assert contents(7) == [(1, "a"), (3, "b")]
    assert report.counts["messages"] == Tally(source=3, inserted=2, rejected=1)
    assert report.outcome.rejects == [
        {"file": "conversations/7.json", "position": 2, "code": "not-an-object"}
    ]
    [(place, code, raw)] = query("SELECT place, code, raw FROM import_rejects")
    assert (place, code, bytes(raw)) == (2, "not-an-object", b'"lost"')


def test_a_file_that_is_no_conversation(tree: Tree) -> None:
    tree.write("conversations/7.json", b"")
    tree.write("conversations/seven.json", [])
    tree.write("notes.txt", b"hello")
    report = tree.imported()
    assert report.counts["conversations"].rejected == 2
    assert report.counts["other"] == Tally(source=1, rejected=1)
    assert query("SELECT count(*) FROM conversations") == [(0,)]
    raw = {bytes(raw) for (raw,) in query("SELECT raw FROM import_rejects")}
    assert raw == {b"", b"[]", b"hello"}


def test_repairs_keep_what_stood_there(tree: Tree) -> None:
    tree.write("conversations/7.json", b'[{"ts": "2024-05-01T12:00:00Z", "direction": "in", '
               b'"text": "a\\u0000b"}]')  # fmt: skip
    report = tree.imported()
    assert contents(7) == [(1, "a\ufffdb")]
    assert report.counts["messages"] == Tally(source=1, inserted=1, repaired=1)
    [(code, original)] = query("SELECT code, original FROM import_repairs WHERE place = 1")
    assert code == "nul-character"
    assert json.loads(bytes(original)) == "a\0b"


def test_several_bots_and_their_tokens(tree: Tree, caplog: Any, capsys: Any) -> None:
    secret = "A" * 35
    tree.write("bots.json", {"bots": [
        {"name": "Emma", "telegram_token": f"123456:{secret}", "username": "emma_bot",
         "owner_telegram_id": 5, "status": "active", "config": {"model": "x"}},
        {"name": "Anna", "telegram_token": "not a token at all", "status": "active"},
    ]})  # fmt: skip
    for name in ("Emma", "Anna", "Nameless"):
        tree.write(f"{name}/conversations/1.json", [line(1, name)])
    report = tree.imported(bot=None)
    assert query("SELECT name, status, username, token_masked FROM bots ORDER BY name") == [
        ("Anna", "inactive", "", ""),
        ("Emma", "active", "emma_bot", "123456:…AAAA"),
        ("Nameless", "inactive", "", ""),
    ]
    assert query("SELECT count(DISTINCT bot_id), count(*) FROM messages") == [(3, 3)]
    assert any("Anna" in remark for remark in report.remarks)
    everything = [str(rows(*LEDGER, "security_audit_log")), str(report), caplog.text]
    assert not any("AAAAAAAA" in text or "not a token" in text for text in everything)


def test_a_stranger_beside_the_bots_is_reported(tree: Tree) -> None:
    tree.write("Emma/conversations/1.json", [line(1)])
    tree.write("readme.txt", b"hello")
    report = tree.imported(bot=None)
    [reject] = report.outcome.rejects
    assert reject == {"file": "readme.txt", "position": 0, "code": "unknown-file"}


def test_a_dry_run_writes_nothing_and_says_the_same(tree: Tree) -> None:
    tree.person(7, conversation_stats={"total_messages": 1})
    tree.chat(7, message(1), "no object")
    tree.write("backups/7/2024-05-01.json", {"messages": []})
    tree.write("metrics.json", b"{")
    dry = tree.imported(dry_run=True)
    assert query("SELECT count(*) FROM bots") == [(0,)]
    wet = tree.imported()
    assert dry.counts == wet.counts
    assert dry.outcome.rejects == wet.outcome.rejects
    before = rows(*LEDGER), rows()
    tree.person(7, age=31)
    tree.chat(7, message(1, "edited"), message(2))
    dry = tree.imported(dry_run=True)
    assert (rows(*LEDGER), rows()) == before
    assert tree.imported().counts.as_json() == dry.counts.as_json()


def test_backups_are_kept_byte_for_byte(tree: Tree) -> None:
    data = b'{"messages": [' + b" " * 3_000_000 + b"]}"
    tree.write("backups/7/2024-05-01.json", data)
    report = tree.imported(store_backups=False)
    assert query("SELECT chat_id, date::text, stored FROM import_backups") == [
        (7, "2024-05-01", False)
    ]
    assert report.counts["backups"] == Tally(source=1, inserted=1)
    tree.imported()
    parts = query("SELECT data FROM import_file_parts ORDER BY number")
    assert len(parts) == 12
    assert b"".join(zlib.decompress(part) for (part,) in parts) == data


def test_no_such_folder(tree: Tree) -> None:
    with pytest.raises(ImportRefused, match="no folder"):
        tree.imported()
    tree.root.mkdir()
    with pytest.raises(ImportRefused, match="neither a bot's tree"):
        tree.imported(bot=None)
    assert query("SELECT count(*) FROM bots") == [(0,)]


def test_a_bot_is_found_in_any_case(tree: Tree) -> None:
    bot = BotFactory(name="EMMA")
    tree.old_chat(1, line(1))
    tree.imported()
    assert query("SELECT bot_id FROM conversations") == [(bot.pk,)]


def test_several_workers_make_the_same_rows(tree: Tree) -> None:
    BotFactory(name="Emma")
    for chat in range(1, 30):
        tree.person(chat)
        tree.chat(chat, *(message(n) for n in range(1, 20)))
    report = tree.imported(workers=2)
    assert report.counts["messages"].inserted == 29 * 19
    assert query("SELECT count(*) FROM conversations WHERE profile_id IS NULL") == [(0,)]
    assert tree.imported().outcome.unchanged_files == 58


def test_a_file_of_several_batches(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legacy_import.batches.plan.MOST_BYTES", 20_000)
    monkeypatch.setattr("legacy_import.batches.batch.MOST_BYTES", 20_000)
    tree.chat(7, *(message(n) for n in range(1, 1001)))
    report = tree.imported()
    assert report.counts["messages"] == Tally(source=1000, inserted=1000)
    assert [position for position, _ in contents(7)] == list(range(1, 1001))
    [(chunks, records)] = query("SELECT count(*), sum(records) FROM import_chunks")
    assert chunks > 10
    assert records == 1000
    tree.chat(7, *(message(n) for n in range(1, 1003)))
    assert tree.imported().counts["messages"] == Tally(source=1002, inserted=2, unchanged=1000)


def test_a_large_file_that_is_nothing(tree: Tree, workspace: Path) -> None:
    """It is kept in pieces, and counts once."""
    tree.old_chat(1, line(1))
    for size in (9_000_000, 9_500_000):
        whole = bytes(range(250)) * (size // 250)
        tree.write("notes.bin", whole)
        for _ in range(2):
            report = tree.imported()
            assert report.counts["other"] == Tally(source=1, rejected=1)
        pieces = query(
            "SELECT raw FROM import_rejects AS reject WHERE file_id = ("
            " SELECT id FROM import_files WHERE path = 'notes.bin' ORDER BY id DESC LIMIT 1)"
            " ORDER BY piece"
        )
        assert len(pieces) == 3
        assert b"".join(bytes(piece) for (piece,) in pieces) == whole
    assert query("SELECT count(*) FROM import_rejects") == [(6,)]
    export("Emma", workspace / "back")
    assert (workspace / "back/notes.bin").read_bytes() == whole


def test_an_outcome_lists_the_first(tree: Tree) -> None:
    tree.old_chat(1, line(1), *["no object"] * 5)
    tree.old_chat(2, *["no object"] * 5)
    report = tree.imported(listed=7)
    assert len(report.outcome.rejects) == 7
    assert report.outcome.rejected.number == report.counts.total("rejected") == 10
