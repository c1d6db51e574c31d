"""Ids that follow from what a row is, so that importing it twice makes the same row.

UUIDv8: what the row belongs to first, then its place, so that a conversation's rows lie side by
side in the indexes.
"""

import uuid
from hashlib import blake2b

PLACE_BITS = 40
MOST_PLACES = 1 << PLACE_BITS


def base(bot_id: uuid.UUID, *of: object) -> int:
    digest = blake2b(bot_id.bytes, digest_size=16, person=b"legacy import")
    for part in of:
        digest.update(repr(part).encode("utf-8", "surrogatepass") + b"\0")
    value = int.from_bytes(digest.digest()) >> PLACE_BITS << PLACE_BITS
    value = value & ~(0xF << 76) | 8 << 76
    return value & ~(0b11 << 62) | 0b10 << 62


def row_id(base: int, place: int = 0) -> uuid.UUID:
    return uuid.UUID(int=base | place)


def conversation_base(bot_id: uuid.UUID, chat_id: int) -> int:
    return base(bot_id, "conversation", chat_id)


def profile_base(bot_id: uuid.UUID, telegram_id: int) -> int:
    return base(bot_id, "profile", telegram_id)


def metrics_base(bot_id: uuid.UUID, path: str) -> int:
    return base(bot_id, "metrics", path)


def stats_id(bot_id: uuid.UUID, telegram_id: int, name: str) -> uuid.UUID:
    """By the name: others may come and go beside it."""
    return row_id(base(bot_id, "stats", telegram_id, name))
