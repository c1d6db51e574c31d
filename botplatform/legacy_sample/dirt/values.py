"""Values that JSON, Python or PostgreSQL take differently."""

import json
from typing import Any

from botplatform.legacy_sample.dirt.scene import Scene

MORE_THAN_64_BITS = 2**63
VERY_DEEP = 100_000
LONG = 300_000


def nul(scene: Scene) -> None:
    _spoil(scene, text="before\x00after", unknown={"key\x00": "\x00"})


def surrogates(scene: Scene) -> None:
    # As an escape; nothing else can write half a character.
    records = scene.records()
    records[1][scene.dialect.text_key] = "half \ud83d of it"
    records[2][scene.dialect.text_key] = "wrong way \ude00\ud83d round"
    records[3]["unknown"] = {"\udc00": "\ud800"}
    scene.write_conversation([_escaped(record) for record in records])
    profile = scene.profile(name="Эмма \ud83d")
    scene.write(f"girls_data/{scene.id_of(profile)}.json", _escaped(profile))


def not_numbers(scene: Scene) -> None:
    odd = {"score": float("nan"), "range": [float("-inf"), float("inf")]}
    _spoil(scene, text=float("nan"), unknown=odd)
    scene.write_profile(
        scene.documented_profile(conversation_stats={"response_time_avg": odd["score"]})
    )


def huge_numbers(scene: Scene) -> None:
    huge = "9" * 5_000
    whole = scene.texts()
    spoiled = [
        _with(whole[0], f'"id": {MORE_THAN_64_BITS}'),
        _with(whole[1], f'"id": {huge}'),
        _with(whole[2], f'"unknown": {MORE_THAN_64_BITS}'),
        _with(whole[3], f'"unknown": {huge}'),
        _with(whole[4], f'"unknown": "{huge}"'),
        _with(whole[5], '"unknown": 0.12345678901234567890123456789, "far": 1e999'),
    ]
    scene.write_conversation(spoiled)
    scene.write(f"girls_data/{MORE_THAN_64_BITS + scene.new_id()}.json", '{"name": "Emma"}')
    scene.write(f"girls_data/{scene.new_id()}.json", f'{{"telegram_id": {huge}, "name": "Emma"}}')


def deep_nesting(scene: Scene) -> None:
    whole = scene.texts()
    deep = "[" * VERY_DEEP + "]" * VERY_DEEP
    scene.write_conversation([*whole[:2], _with(whole[2], f'"unknown": {deep}'), *whole[3:]])
    scene.write_conversation_text('{"a":' * VERY_DEEP)
    scene.write(f"girls_data/{scene.new_id()}.json", f'{{"name": "Emma", "unknown": {deep}}}')


def duplicate_keys(scene: Scene) -> None:
    whole = scene.texts()
    key = scene.dialect.text_key
    whole[1] = _with(whole[1], f'"{key}": "the last one wins"')
    whole[2] = _with(whole[2], '"unknown": {"a": 1, "b": 2, "a": 3}')
    scene.write_conversation(whole)
    profile = scene.profile()
    text = _with(scene.dialect.dump(profile), '"name": "Second Name"')
    scene.write(f"girls_data/{scene.id_of(profile)}.json", text)


def wrong_types(scene: Scene) -> None:
    records = scene.records()
    records[0]["id"] = "501"
    records[1][scene.dialect.text_key] = 42
    records[2][scene.dialect.text_key] = 3.50
    records[3][scene.dialect.text_key] = True
    records[4][scene.dialect.text_key] = None
    records[5]["id"] = 502.5
    scene.write_conversation(records)
    scene.write_profile(scene.documented_profile(age="25", name=777, interests="music, chess"))
    profile = scene.documented_profile(age=25.0, location=None, interests=["music", 5])
    scene.write(
        f"girls_data/{profile['telegram_id']}.json",
        scene.dialect.dump(profile | {"telegram_id": str(profile["telegram_id"])}),
    )


def long_text(scene: Scene) -> None:
    _spoil(scene, text="Очень долгий рассказ. " * (LONG // 22), unknown="x" * LONG)


def rich_text(scene: Scene) -> None:
    link = {"type": "link", "text": "https://example.com/"}
    _spoil(scene, text=["See ", link, " and ", {"type": "bold", "text": "write"}, "!"], unknown=[])
    _spoil(scene, text=[], unknown=[link])


def _spoil(scene: Scene, text: Any, unknown: Any) -> None:
    """A conversation with one spoiled text and one spoiled unknown key, and such a profile."""
    records = scene.records()
    records[1][scene.dialect.text_key] = text
    records[3]["unknown"] = unknown
    scene.write_conversation(records)
    name = text if isinstance(text, str) else "Emma"
    scene.write_profile(scene.profile(name=name, unknown=unknown))


def _with(record: str, pairs: str) -> str:
    """The record's JSON text with more at its end, where it may be what was there before."""
    return f"{record[:-1]}, {pairs}}}"


def _escaped(value: Any) -> str:
    return json.dumps(value)
