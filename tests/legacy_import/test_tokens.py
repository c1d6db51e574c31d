"""Bots' tokens are encrypted on arrival, and stand nowhere else: wherever bots.json had them."""

from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from legacy_import.source.secrets import kept_without_tokens
from tenants.context import maintenance_context
from tenants.models import Bot
from tests.legacy_import.tree import Tree, line, query

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "AAF-secret_secret_secret_secret_sec"
TOKEN = f"123456789:{SECRET}"
OTHER = "987654321:BBF-secret_secret_secret_secret_sec"


def tables_with_secrets(superuser: dict[str, Any]) -> list[str]:
    with psycopg.connect(**superuser) as session:
        return [
            table
            for table in connection.introspection.table_names()
            if session.execute(
                f"SELECT FROM {table} AS row WHERE row::text LIKE '%secret_secret%' LIMIT 1"
            ).rowcount
        ]


@pytest.mark.parametrize("name", ["bots.json", "config.json"])
def test_a_token_in_the_config(
    tree: Tree, superuser: dict[str, Any], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    config = {"hook": f"https://example.com/{TOKEN}", "fallback": [OTHER], "keys": {SECRET: 1}}
    described = {"telegram_token": TOKEN, "status": "active", "config": config}
    tree.write(name, {"bots": [
        {"name": "Anna", **described}, {"name": "Emma", **described}, {"name": "", **described},
    ]})  # fmt: skip
    for bot in ("Anna", "Emma"):
        tree.write(f"{bot}/conversations/1.json", [line(1), "lost"])
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit, match="3"):
        call_command("import_legacy_json", str(tree.root), "--min-age", "0", stdout=out, stderr=err)
    said = out.getvalue() + err.getvalue() + caplog.text
    assert "Anna: a token stood in its config at /config/hook; it is masked there." in said
    assert "another bot has its token" in said
    assert "secret_secret" not in said
    assert tables_with_secrets(superuser) == []
    with maintenance_context():
        configs = [bot.config for bot in Bot.objects.all()]
    assert configs == [
        {"hook": "https://example.com/123456789:…", "fallback": ["987654321:…"], "keys": {"…": 1}}
    ] * 2  # fmt: skip


def test_a_token_of_no_form(tree: Tree, superuser: dict[str, Any]) -> None:
    """Whatever is said of it, it is not said."""
    odd = "secret_secret_secret_of_no_form"
    tree.write("bots.json", {"bots": [
        {"name": "Emma", "telegram_token": odd, "config": {"again": f"<{odd}>"}},
    ]})  # fmt: skip
    tree.write("Emma/conversations/1.json", [line(1)])
    out = StringIO()
    with pytest.raises(SystemExit, match="3"):
        call_command("import_legacy_json", str(tree.root), "--min-age", "0", stdout=out)
    assert "its token has no token's form" in out.getvalue()
    assert "secret" not in out.getvalue()
    assert tables_with_secrets(superuser) == []


@pytest.mark.parametrize(
    "path",
    [
        "anna/bots.json", "bots.json.bak", "config.json~", ".bots.json.swp", "old/Bots (copy).JSON",
        "conversations/config.json", "backups/5/bots.json", "girls_data/config.json",
    ],
)  # fmt: skip
def test_a_file_named_like_the_list_of_bots(
    tree: Tree, superuser: dict[str, Any], path: str
) -> None:
    """Of no bot's tree: it is a reject, and none of it is kept."""
    tree.old_chat(7, line(1))
    tree.write(path, {"bots": [{"name": "Anna", "telegram_token": "odd secret_secret"}]})
    report = tree.imported()
    assert report.outcome.rejects == [{"file": path, "position": 0, "code": "tokens-withheld"}]
    assert tables_with_secrets(superuser) == []
    assert tree.imported().outcome.unchanged_files == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32-be"])
def test_tokens_in_other_strangers(tree: Tree, superuser: dict[str, Any], encoding: str) -> None:
    """Wherever they lie in it: also where one block ends and the next begins."""
    tree.old_chat(7, line(1))
    filler = "слово " * 20_000
    text = f"a {TOKEN}, {OTHER.replace(':', '%3A')}{filler}"
    while len(text.encode(encoding)) < 2_000_000:
        text += f"{TOKEN}; 12:30 sha256:{'ab' * 20} {filler[: len(text) % 977]}"
    tree.write("notes/env", text.encode(encoding))
    report = tree.imported()
    assert report.outcome.rejects == [{"file": "notes/env", "position": 0, "code": "unknown-file"}]
    [(raw, reason)] = query("SELECT raw, reason FROM import_rejects")
    kept = bytes(raw).decode(encoding, "replace")
    assert "secret" not in kept
    assert reason == "A token in it is masked."
    assert kept.startswith("a 123456789:(masked)") or encoding != "utf-8"
    if encoding == "utf-8":
        assert kept == text.replace(SECRET, "(masked)").replace(OTHER[10:], "(masked)")


def test_tokens_without_anything_between() -> None:
    [kept] = kept_without_tokens("env", iter([f"{TOKEN}{OTHER}".encode()]), "unknown-file")
    assert kept.raw == b"123456789:(masked)"
