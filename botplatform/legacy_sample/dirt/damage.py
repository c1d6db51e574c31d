"""Files whose bytes are not one whole JSON document in UTF-8."""

import codecs
import json

from botplatform.legacy_sample.dirt.scene import Scene

RUSSIAN = "Привет! Как дела? Ёжик в тумане — хороший фильм"
# 0x98 is no character of Windows-1251, and no UTF-8 begins with it.
UNDECODABLE = b"\x98\xff\x98"


def empty(scene: Scene) -> None:
    for content in ("", "\n", "[]", "{}", '{"messages": []}'):
        scene.write_conversation_text(content)
    for content in ("", "{}", "[]"):
        scene.write(f"girls_data/{scene.new_id()}.json", content)


def truncated(scene: Scene) -> None:
    whole = scene.texts()
    content = scene.dialect.conversation(whole)
    last = content.index(whole[-1])
    for end in (last + 25, last, last - 2, len(scene.dialect.opening), 1):
        chat_id = scene.write_conversation_text(content[:end])
        scene.write_backup(chat_id, whole)
    within_a_letter = content[:last].encode() + f'{{"{scene.dialect.text_key}": "ж'.encode()[:-1]
    scene.write_conversation_text(within_a_letter)
    profile = scene.profile()
    scene.write(f"girls_data/{scene.id_of(profile)}.json", scene.dialect.dump(profile)[:-20])


def garbage(scene: Scene) -> None:
    content = scene.dialect.conversation(scene.texts())
    for rest in ("]}", "\x00\x00\x00", content, '"text": "end of a longer, older file"}]'):
        scene.write_conversation_text(content + rest)
    profile = scene.profile()
    scene.write(f"girls_data/{scene.id_of(profile)}.json", scene.dialect.dump(profile) + "}")


def encodings(scene: Scene) -> None:
    records = scene.records()
    records[0][scene.dialect.text_key] = RUSSIAN
    raw = [_unescaped(record) for record in records]
    content = scene.dialect.conversation(raw)
    for encoded in (
        codecs.BOM_UTF8 + content.encode(),
        codecs.BOM_UTF16_LE + content.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + content.encode("utf-16-be"),
        content.encode("utf-16-le"),
        content.encode("cp1251", "xmlcharrefreplace"),
        content.encode().replace(RUSSIAN.encode(), UNDECODABLE),
    ):
        scene.write_conversation_text(encoded)
    profile = scene.profile(name="Ёлка Иванова", personality=RUSSIAN)
    path = f"girls_data/{scene.id_of(profile)}.json"
    scene.write(path, _unescaped(profile).encode("cp1251", "xmlcharrefreplace"))


def _unescaped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
