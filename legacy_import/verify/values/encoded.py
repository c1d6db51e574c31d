"""Values as the ledger's fingerprints have them: each with its length, in network byte order."""

import json
import re
from hashlib import blake2b
from struct import pack

CONTENT = 8
NULL = b"\xff\xff\xff\xff"
# From 1970 to 2000, where PostgreSQL begins to count.
EPOCH = 946_684_800_000_000
WHOLE = re.compile(rb"-?[0-9]{1,19}")


def fingerprint(values: bytes, original: bytes = b"") -> bytes:
    return blake2b(values + original, digest_size=CONTENT).digest()


def integer(value: int | None, size: int = 8) -> bytes:
    return NULL if value is None else pack(">i", size) + value.to_bytes(size, signed=True)


def moment(microseconds: int | None) -> bytes:
    return NULL if microseconds is None else integer(microseconds - EPOCH)


def text(value: str) -> bytes:
    data = value.encode()
    return pack(">i", len(data)) + data


def jsonb(value: str) -> bytes:
    """With the keys in their order: a jsonb does not say in which one they came."""
    whole = json.loads(value)
    data = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    return pack(">i", len(data) + 1) + b"\x01" + data


def number_in(kept: bytes | None) -> int | None:
    digits = bytes(kept or b"")
    return int(digits) if WHOLE.fullmatch(digits) else None
