"""What else lies in such folders."""

from botplatform.legacy_sample.dirt.scene import Scene


def leftovers(scene: Scene) -> None:
    """What the old code set aside: half-written files, and files that did not parse."""
    text = scene.dialect.dump(scene.profile())
    scene.write(f"girls_data/{scene.new_id()}.tmp", text[: len(text) // 2])
    set_aside = f"{scene.new_id()}.backup.2025-08-10T12:00:00.123456.json"
    scene.write(f"girls_data/{set_aside}", text[:-10])


def lost_history(scene: Scene) -> None:
    """The old code started over from an empty list; the backup has what was before."""
    texts = scene.texts(12)
    chat_id = scene.write_conversation(texts[8:])
    scene.write_backup(chat_id, texts[:9])


def strangers(scene: Scene) -> None:
    where = type(scene.dialect).__name__.lower()
    text = scene.dialect.conversation(scene.texts(2))
    scene.write(f"notes {where}.txt", "do not delete\n")
    scene.write(f"girls_data/.DS_Store {where}", b"\x00\x00\x00\x01Bud1")
    scene.write(f"conversations/archive/{scene.new_id()}.json", text)
    scene.write(f"conversations/{scene.new_id()}.json.gz", b"\x1f\x8b\x08\x00")
    scene.write(f"old {where}/{scene.new_id()}.json", text)


def hostile_files(scene: Scene) -> None:
    """A link out of the tree, a link in a circle, a pipe, and names that are hard to print."""
    conversations = f"{scene.prefix}conversations"
    scene.write_conversation(scene.texts(2))
    scene.folder.link(f"{conversations}/{scene.new_id()}.json", "../../../../outside.json")
    circle = scene.new_id()
    scene.folder.link(f"{conversations}/{circle}.json", f"{circle}.json")
    scene.folder.link(f"{conversations}/link {circle}", "..")
    scene.folder.pipe(f"{conversations}/{scene.new_id()}.json")
    scene.write(f"conversations/{scene.new_id()}\n.json", "[]")
    scene.write(f"conversations/{scene.new_id()}\udcff.json", "[]")
