"""A record of a file, with what tells whether it is known and whether it changed."""

from dataclasses import dataclass
from typing import Any

from legacy_import.batches import encode
from legacy_import.batches.encode import REJECTED, content_hash
from legacy_import.batches.salvage import Salvaged
from legacy_import.source.records import (
    Message,
    Metric,
    Profile,
)


@dataclass(slots=True)
class Item:
    """A record with what tells whether it is known and whether it changed."""

    record: Any
    values: bytes
    identity: bytes
    content: bytes

    @property
    def size(self) -> int:
        return len(self.values) or len(self.record.raw)

    @property
    def never_edited(self) -> bool:
        return isinstance(self.record, Salvaged)


def item(record: Any) -> Item:
    match record:
        case Message():
            values = encode.message_values(record)
            key = encode.message_identity(record)
        case Profile():
            values = encode.profile_values(record)
            # The order of keys is no part of what it says.
            for metric in sorted(record.metrics, key=lambda metric: metric.metric_name):
                values += encode.metric_values(metric)
            key = encode.identity_of(record.telegram_id)
        case Metric():
            values = encode.metric_values(record)
            told = str(record.metric_value) if record.borrowed else record.recorded_at
            key = encode.identity_hash(record.metric_name, told)
        case _:
            return Item(record, b"", REJECTED, content_hash(record.raw, record.code.encode()))
    original = None if isinstance(record, Metric) else record.original
    return Item(record, values, key, content_hash(values, original))
