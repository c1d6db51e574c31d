"""Keys that come again. JSON's last one counts, so it must be known before the file is read."""

import sys
from collections.abc import Callable, Iterable, Iterator

from legacy_import.source.encodings import as_utf8
from legacy_import.source.hashes import Hashes
from legacy_import.source.opening import BLOCK
from legacy_import.source.records import Reading, SourceFile
from legacy_import.source.splitting import Splitter

Again = Callable[[], Iterator[bytes]]


def lists_passed_over(
    file: SourceFile, blocks: Iterator[bytes], again: Again, key: str, bracket: bytes
) -> tuple[int, Iterator[bytes]]:
    """How many lists of records stand before the last one, and the blocks again.

    Next to no file has more than one: a glance at its bytes says so.
    """
    if file.size <= BLOCK:
        small = list(blocks)
        blocks, again = iter(small), lambda: iter(small)
    name = f'"{key}"'
    if not any(_occurs_twice(again(), name.encode(code)) for code in _codes(file, again)):
        return 0, blocks
    text = as_utf8(again(), Reading(file, None, iter(())))
    splitter = Splitter(text, name.encode(), bracket, passed_over=sys.maxsize)
    for _ in splitter.found():
        pass
    return max(0, splitter.lists - 1), blocks


def _codes(file: SourceFile, again: Again) -> Iterable[str]:
    beginning = next(again(), b"")[:2]
    return ("utf-16-le", "utf-16-be") if b"\0" in beginning or b"\xff" in beginning else ("utf-8",)


def _occurs_twice(blocks: Iterator[bytes], word: bytes) -> bool:
    number, end = 0, b""
    for block in blocks:
        number += (end + block).count(word)
        if number > 1:
            return True
        end = block[1 - len(word) :]
    return False


def last_of_repeated(keys: Iterator[tuple[int, int]]) -> dict[int, int]:
    """Of keys with their places: those that come more than once, each with its last place."""
    seen, last = Hashes(), dict[int, int]()
    for key, place in keys:
        if not seen.add(key.to_bytes(8, "little", signed=True)):
            last[key] = place
    return last
