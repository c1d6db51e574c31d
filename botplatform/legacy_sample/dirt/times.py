"""Times that are missing, unreadable, unusual, or run backwards."""

from typing import Any

from botplatform.legacy_sample.dirt.scene import Scene

UNREADABLE: tuple[Any, ...] = (
    None,
    "",
    "yesterday",
    "2025-02-30T12:00:00Z",
    "2025-13-01",
    [],
    {},
    True,
)
# All of them are the 1st of February 2024, the most of them at noon UTC.
FORMATS = (
    "2024-02-01T12:00:00Z",
    "2024-02-01T12:00:00.123456Z",
    "2024-02-01T12:00:00.123456789Z",
    "2024-02-01T12:00:00+00:00",
    "2024-02-01T15:00:00+03:00",
    "2024-02-01T15:00:00+0300",
    "2024-02-01T12:00:00",
    "2024-02-01 12:00:00",
    "2024-02-01T12:00",
    "2024-01-31T24:00:00Z",
    "01.02.2024 12:00:00",
    1706788800,
    1706788800.25,
    1706788800123,
    "1706788800",
    "1706788800123",
)


def bad_timestamps(scene: Scene) -> None:
    records = scene.records(2 * len(UNREADABLE))
    for record, time in zip(records[1::2], UNREADABLE, strict=True):
        record[scene.dialect.time_key] = time
    del records[0][scene.dialect.time_key]
    scene.write_conversation(records)
    scene.write_profile(scene.documented_profile(created_at="long ago", last_active=None))


def time_formats(scene: Scene) -> None:
    records: list[dict[str, Any]] = scene.records(len(FORMATS))
    for record, time in zip(records, FORMATS, strict=True):
        record[scene.dialect.time_key] = time
    scene.write_conversation(records)
    scene.write_profile(
        scene.documented_profile(created_at="01.02.2024 12:00:00", last_active=1706788800)
    )


def backwards(scene: Scene) -> None:
    scene.write_conversation(scene.texts()[::-1])
    texts = scene.texts()
    scene.write_conversation([texts[0], texts[3], texts[2], texts[5]])
