"""Files whose names say something else than they hold, or nothing."""

from botplatform.legacy_sample.dirt.scene import Scene

# With an id in each, since the two dialects of a tree share its folders.
NO_NUMBERS = (
    *("emma {}", "{}a", "{}.5", "0x{}", "{}٣", "{} (copy)", "0{}", "+{}", " {}"),
    "{0}{0}{0}",
)


def names_differ(scene: Scene) -> None:
    chat_id, other = scene.new_id(), scene.new_id()
    content = {"chat_id": other, "messages": scene.records()}
    scene.write(f"conversations/{chat_id}.json", scene.dialect.dump(content))
    profile = scene.profile()
    scene.write(f"girls_data/{scene.new_id()}.json", scene.dialect.dump(profile))


def odd_names(scene: Scene) -> None:
    for name in NO_NUMBERS:
        content = scene.dialect.conversation(scene.texts(2))
        scene.write(f"conversations/{name.format(scene.new_id())}.json", content)
        profile = scene.dialect.dump(scene.profile())
        scene.write(f"girls_data/{name.format(scene.new_id())}.json", profile)
    backup = scene.dialect.dump({"messages": []})
    scene.write(f"backups/emma {scene.new_id()}/2025-07-01.json", backup)
    scene.write(f"backups/{scene.new_id()}/yesterday.json", backup)
