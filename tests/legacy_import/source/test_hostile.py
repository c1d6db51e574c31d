"""Files made to harm: no crash, no hang, and nothing lost."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from legacy_import.source import messages
from legacy_import.source.messages import SeenIds
from legacy_import.source.opening import FileChanged
from legacy_import.source.reading import read
from legacy_import.source.records import Message, Reject
from legacy_import.source.splitting import LARGEST_RECORD
from legacy_import.source.window import PART
from tests.legacy_import.source.support import codes, conversation, listed, whole, written

GOOD = b'{"ts": "2025-08-10T12:00:00Z", "direction": "in", "text": "x"}'


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    began = time.process_time()
    yield
    assert time.process_time() - began < 60


def between(root: Path, odd: bytes) -> list[Message | Reject]:
    """What the odd record becomes, which stands between good ones that come through."""
    _, records = conversation(root, b"[" + GOOD + b", " + odd + b", " + GOOD + b"]")
    first, *odd_ones, last = records
    assert isinstance(first, Message)
    assert isinstance(last, Message)
    assert {each.place for each in odd_ones} == {2}
    assert last.place == 3
    return odd_ones  # type: ignore[return-value]


@pytest.mark.parametrize("depth", [201, 900, 5_000, 1_000_000])
@pytest.mark.parametrize("level", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")])
def test_nesting_bombs(workspace: Path, depth: int, level: tuple[bytes, bytes]) -> None:
    bomb = b'{"a": ' + level[0] * depth + b"1" + level[1] * depth + b"}"
    rejects = between(workspace, bomb)
    assert b"".join(each.raw for each in rejects if isinstance(each, Reject)) == bomb
    assert isinstance(rejects[0], Reject)
    assert rejects[0].code in ("too-deep", "too-large")


def test_a_bomb_that_is_never_closed(workspace: Path) -> None:
    bomb = b'{"a": ' + b"[" * 3_000_000
    _, (good, *rest) = conversation(workspace, b"[" + GOOD + b"," + bomb)
    assert isinstance(good, Message)
    assert b"".join(each.raw for each in rest if isinstance(each, Reject)) == bomb


@pytest.mark.parametrize("digits", [5_000, 1_000_000])
@pytest.mark.parametrize("ending", [b"", b".5", b"e5", b"e999999999999"])
def test_long_numbers(workspace: Path, digits: int, ending: bytes) -> None:
    number = b"1" * digits + ending
    [it] = between(workspace, GOOD[:-1] + b', "n": ' + number + b"}")
    assert isinstance(it, Message)
    assert it.metadata == {"n": {"$number": number.decode()}}
    for field in (b'"id": ', b'"timestamp": '):
        record = b'{"content": "x", ' + field + number + b"}"
        [it] = between(workspace, record)
        assert isinstance(it, Reject) or codes(it)


def test_many_long_numbers(workspace: Path) -> None:
    """Converting them would take minutes: the time grows with the square of the digits."""
    _, records = conversation(workspace, b"[" + b", ".join([b"7" * 100_000] * 100) + b"]")
    assert len(records) == 100
    assert all(isinstance(each, Reject) for each in records)


def test_a_text_of_100_mb(workspace: Path) -> None:
    record = GOOD[:-2] + b"y" * 100_000_000 + b'"}'
    rejects = between(workspace, record)
    assert {each.code for each in rejects if isinstance(each, Reject)} == {"too-large"}
    assert max(len(each.raw) for each in rejects if isinstance(each, Reject)) <= PART
    assert b"".join(each.raw for each in rejects if isinstance(each, Reject)) == record


@pytest.mark.parametrize("file", [b'{"messages": [], %s}', b'{%s, "messages": []}'])
def test_a_text_of_9_mb_beside_the_messages(workspace: Path, file: bytes) -> None:
    member = b'"title":  "' + b"y" * 9_000_000 + b'"'
    _, rejects = conversation(workspace, file % member)
    assert b"".join(each.raw for each in rejects if isinstance(each, Reject)) == member


def test_the_largest_text_that_is_taken(workspace: Path) -> None:
    text = b"z" * (LARGEST_RECORD - len(GOOD))
    [it] = between(workspace, GOOD[:-2] + text + b'"}')
    assert isinstance(it, Message)
    assert it.content == "x" + text.decode()
    assert not it.original
    assert len(between(workspace, GOOD[:-2] + text + b'12"}')) > 1


@pytest.mark.parametrize(
    "piece", [b"[],", b"{},", b'"\\u0000",', b"1e999,", b'{"a":1,"a":2},', b'"\\\\\\"",']
)
def test_a_record_of_millions_of_values(workspace: Path, piece: bytes) -> None:
    record = b'{"text": "x", "v": [' + piece * 400_000 + b"0]}"
    [it] = between(workspace, record)
    assert isinstance(it, Reject) or len(it.notes) <= 100


@pytest.mark.parametrize(
    ("head", "repeated", "times"),
    [
        (b"", b"[", 5_000_000),
        (b"", b'{"a":', 1_000_000),
        (b'"', b"\\", 5_000_001),
        (b"[", b",", 5_000_000),
        (b"[", b'"\\" ', 2_000_000),
        (b'{"', b"k", 30_000_000),
        (b"{", b'"k":1,', 1_000_000),
        (b"[", b"1", 30_000_000),
        (b"", b"\0", 5_000_000),
        (b"", b" ", 5_000_000),
        (b"\xff\xfe", b"\0", 1_000_001),
        (b"", Random(5).randbytes(1000), 3_000),
        (b"[", b'{"x": [1, {"y": [[[[[[{}]]]]]]}, "]"]', 100_000),
    ],
)
def test_nothing_but_rubbish(workspace: Path, head: bytes, repeated: bytes, times: int) -> None:
    data = head + repeated * times
    _, records = conversation(workspace, data)
    assert all(isinstance(each, Reject) for each in records)
    kept = b"".join(each.raw for each in records if isinstance(each, Reject))
    assert kept == data or (len(kept) > len(data) // 2 and data.endswith(kept))


def test_millions_of_ids_out_of_order(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SeenIds, "MOST_OTHERS", 3)
    ids = [100, 1, 2, 3, 4, 1]
    data = b",".join(b'{"id": %d, "content": ""}' % number for number in ids)
    _, records = conversation(workspace, b'{"messages": [' + data + b"]}")
    given = [each.telegram_message_id for each in records if isinstance(each, Message)]
    assert given == [100, 1, 2, 3, None, None]
    assert isinstance(records[4], Message)
    assert "id-not-checked" in codes(records[4])


def test_a_file_that_changes_while_it_is_read(workspace: Path) -> None:
    file = written(workspace, "conversations/7.json", b"[" + b",".join([GOOD] * 20_000) + b"]")
    path = workspace / file.path

    with pytest.raises(FileChanged):
        list(read(workspace, replace(file, size=file.size - 1)).records)
    reading = read(workspace, file)
    for number, _ in enumerate(reading.records):
        if number == 10:
            break
    with path.open("r+b") as open_file:  # as the old code does on each message
        open_file.truncate(0)
    with pytest.raises(FileChanged):
        list(reading.records)
    assert not reading.sha256

    path.unlink()
    with pytest.raises(FileChanged):
        read(workspace, file)


def test_what_stands_there_when_it_is_opened(workspace: Path) -> None:
    """Not what stood there when it was listed."""
    file = written(workspace, "conversations/7.json", b"[]")
    path = workspace / file.path
    path.unlink()
    os.mkfifo(path)
    [reject] = read(workspace, file).records
    assert isinstance(reject, Reject)
    assert reject.code == "not-a-file"
    path.unlink()
    path.symlink_to("/etc/hostname")
    [reject] = read(workspace, file).records
    assert isinstance(reject, Reject)
    assert reject.code == "symlink"
    path.unlink()
    path.parent.rename(workspace / "elsewhere")
    (workspace / "conversations").symlink_to(workspace / "elsewhere")
    (workspace / "elsewhere/7.json").write_bytes(b"[]")
    [reject] = read(workspace, listed(workspace, file.path)).records
    assert isinstance(reject, Reject)
    assert reject.code == "symlink"


def test_a_profile_of_100_mb(workspace: Path) -> None:
    data = b'{"telegram_id": 7, "name": "' + b"n" * 100_000_000 + b'"}'
    _, records = whole(workspace, "girls_data/7.json", data)
    assert {each.code for each in records if isinstance(each, Reject)} == {"too-large"}
    assert b"".join(each.raw for each in records if isinstance(each, Reject)) == data


MEASURED = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.legacy_import.source.support import listed
from legacy_import.source.reading import read
count = sum(1 for _ in read(Path({folder!r}), listed(Path({folder!r}), {path!r})).records)
peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(count, int(peak[0]) // 1024)
"""


def peak_of_reading(folder: Path, path: str) -> tuple[int, int]:
    """How many records, and the megabytes of memory a process takes to read them."""
    root = str(Path(__file__).parents[3])
    script = MEASURED.format(root=root, folder=str(folder), path=path)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    count, peak = map(int, done.stdout.split())
    return count, peak


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["clean", "odd", "lines", "one text", "many values", "broken"])
def test_memory_on_300_mb(workspace: Path, kind: str) -> None:
    path = workspace / "conversations/7.json"
    path.parent.mkdir()
    message = (
        b'{"id": %d, "timestamp": "2025-08-10T12:00:00Z", "sender": "user", "content": "'
        + ("Привет, как дела? " * 5).encode()
        + b'", "message_type": "text"}'
    )
    with path.open("wb") as file:
        file.write(b'{"messages": [')
        match kind:
            case "clean" | "odd" | "lines":
                odd = b', "x": [{"y": null}]}' if kind == "odd" else b"}"
                between = b",\n" if kind == "lines" else b", "
                for number in range(1_150_000):
                    file.write((between if number else b"") + message[:-1] % number + odd)
            case "one text":
                file.write(message[:-30] % 1 + b"y" * 300_000_000 + b'"}')
            case "many values":
                record = b'{"content": "\xf0\x9f\x98\x80' + b"z" * 8_000_000 + b'", "v": []}'
                file.write(b",".join([record] * 2))
                for _ in range(34):
                    file.write(b"," + record)
                file.write(b', {"v": [' + b"[]," * 400_000 + b"0]}")
            case "broken":
                file.write(b"{" * 300_000_000)
        file.write(b"]}")
    assert path.stat().st_size > 280_000_000
    count, peak = peak_of_reading(workspace, "conversations/7.json")
    print(kind, count, "records,", peak, "MB")
    assert peak < 250


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "rest",
    [
        '{"text": "' + "\U0001f600" * 3_000_001 + '"}]',  # cut in the middle of a character
        '{"text": "я' + "ж" * 5_000_001,
        "\ud800" * 1000,
        "\ud800",
        b"\0",
        b"\xff" * 7,
        Random(7).randbytes(6_000_001),
    ],
)
def test_other_encodings_keep_their_bytes(
    workspace: Path, encoding: str, rest: str | bytes
) -> None:
    begin = "\ufeff[".encode(encoding)
    if isinstance(rest, str):
        rest = rest.encode(encoding, "surrogatepass")
    file = begin + rest
    _, records = conversation(workspace, file)
    rejects = [each for each in records if isinstance(each, Reject)]
    kept = b"".join(each.raw for each in rejects)
    assert rejects
    # All but the list's own brackets; of what was cut off, the whole file where nothing is whole.
    assert kept in (file, rest, rest.removesuffix("]".encode(encoding)))


LONG = "ж" * 99


@pytest.mark.parametrize("shift", ["", "a"])
@pytest.mark.parametrize("sender", [{"name": LONG}, [LONG], LONG])
def test_a_sender_of_long_words(tmp_path: Path, sender: Any, shift: str) -> None:
    """Wherever the words are cut off for the report."""
    record = {"ts": "2025-08-10T12:00:00Z", "direction": [shift, sender], "text": "x"}
    data = json.dumps([record], ensure_ascii=False).encode()
    _, found = whole(tmp_path, "conversations/1.json", data)
    assert [reject.code for reject in found if isinstance(reject, Reject)] == ["direction-unknown"]
    person = json.dumps({"telegram_id": 1, "age": shift + LONG}, ensure_ascii=False).encode()
    _, found = whole(tmp_path, "girls_data/1.json", person)
    assert [reject.code for reject in found if isinstance(reject, Reject)] == ["age-not-a-number"]


@pytest.mark.parametrize("fault", [ZeroDivisionError, UnicodeError, KeyError, AttributeError])
def test_a_mistake_of_ours_costs_one_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    """Where reading fails in a way that nobody thought of."""
    render = messages.render_message

    def fails(shape: Any, message: Message) -> Any:
        if message.content == "b":
            raise fault("unheard of")
        return render(shape, message)

    monkeypatch.setattr(messages, "render_message", fails)
    line = {"ts": "2025-08-10T12:00:00Z", "direction": "in", "more": 1}
    lines = [{**line, "text": text} for text in "abc"]
    _, found = whole(tmp_path, "conversations/1.json", json.dumps(lines).encode())
    first, reject, last = (each for each in found if isinstance(each, Message | Reject))
    assert (first.content, last.content) == ("a", "c")
    assert (reject.place, reject.code) == (2, "not-understood")
    assert "unheard of" in reject.reason
    assert json.loads(reject.raw) == lines[1]
