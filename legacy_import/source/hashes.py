"""A set of millions of hashes, at little more than their own eight bytes each."""

from hashlib import blake2b

WIDTH = 8


class Hashes:
    def __init__(self, hashes: bytes | bytearray = b"") -> None:
        self._buckets: dict[bytes, bytearray] = {}
        for at in range(0, len(hashes), WIDTH):
            self.add(bytes(hashes[at : at + WIDTH]))

    def add(self, hash: bytes) -> bool:
        """Whether it is new."""
        if hash in self:
            return False
        self._buckets.setdefault(hash[:2], bytearray()).extend(hash)
        return True

    def __contains__(self, hash: bytes) -> bool:
        bucket = self._buckets.get(hash[:2], b"")
        at = bucket.find(hash)
        while at >= 0 and at % WIDTH:
            at = bucket.find(hash, at + 1)
        return at >= 0


def hash_of(text: bytes) -> bytes:
    return blake2b(text, digest_size=WIDTH).digest()
