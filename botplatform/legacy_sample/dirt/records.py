"""Records that are whole as JSON and wrong as records."""

from botplatform.legacy_sample.dialects import Documented
from botplatform.legacy_sample.dirt.scene import Scene


def missing_fields(scene: Scene) -> None:
    records = scene.records(8)
    for n, record in enumerate(records[1:]):
        del record[list(record)[n % len(record)]]
    scene.write_conversation([*records, {}])
    scene.write(f"girls_data/{scene.new_id()}.json", '{"location": "Oslo"}')
    for missing in ("name", "last_active", "last_activity", "created_at", "interests"):
        profile = scene.profile()
        profile.pop(missing, None)
        scene.write_profile(profile)


def duplicate_ids(scene: Scene) -> None:
    """Only the documented dialect has ids; its files lie in every tree."""
    scene.dialect = Documented()
    records = scene.records()
    records[3]["id"] = records[1]["id"]
    records[4]["id"] = records[1]["id"]
    scene.write_conversation(records)


def ages(scene: Scene) -> None:
    for age in (17, 101, 0, -1, 1_000):
        scene.write_profile(scene.documented_profile(age=age))


def counters(scene: Scene) -> None:
    profile = scene.profile()
    if "message_count" in profile:
        profile["message_count"] = 999
    else:
        profile["conversation_stats"]["total_messages"] = 999
    scene.write_profile(profile)
    text = scene.dialect.conversation(scene.texts())
    scene.write(f"conversations/{scene.id_of(profile)}.json", text)
