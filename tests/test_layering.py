"""Imports run one way: tenants <- conversations <- metrics; legacy_import stands on top."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# App -> the project's packages it may import, besides itself.
MAY_IMPORT = {
    "tenants": set(),
    "conversations": {"tenants"},
    "metrics": {"tenants", "conversations"},
    "legacy_import": {"tenants", "conversations", "metrics"},
}
PACKAGES = {*MAY_IMPORT, "botplatform", "tests"}
# "module imports module" -> why it must.
ALLOWED: dict[str, str] = {}


def imports(source: str, module: str) -> Iterator[str]:
    """Every module a file imports: at its top, inside functions, and by name."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=name, level=0, names=names):
                yield from (f"{name}.{alias.name}" for alias in names)
            case ast.ImportFrom(module=name, level=level, names=names):
                package = module.split(".")[:-level]
                base = [*package, name] if name else package
                yield from (".".join([*base, alias.name]) for alias in names)
            case ast.Call(
                func=ast.Name(id="import_module" | "import_string" | "__import__")
                | ast.Attribute(attr="import_module" | "import_string"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def violations(root: Path) -> list[str]:
    found = []
    for path in sorted(root.rglob("*.py")):
        relative = path.relative_to(root)
        app = relative.parts[0]
        if app not in PACKAGES - {"tests"}:
            continue
        # The project package may know every app but the one on top.
        may_import = MAY_IMPORT.get(app, PACKAGES - {"legacy_import", "tests"}) | {app}
        module = ".".join(relative.with_suffix("").parts)
        found += [
            f"{module} imports {name}"
            for name in imports(path.read_text(), module)
            if name.split(".")[0] in PACKAGES - may_import
        ]
    return found


def test_imports_run_one_way() -> None:
    assert set(violations(ROOT)) - set(ALLOWED) == set()


def test_every_exception_is_needed() -> None:
    assert set(ALLOWED) <= set(violations(ROOT))


def test_every_app_of_the_project_has_a_place() -> None:
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert apps == {*MAY_IMPORT, "botplatform"}


@pytest.mark.parametrize(
    ("file", "line", "imported"),
    [
        ("tenants/models.py", "import conversations.models", "conversations.models"),
        ("tenants/models.py", "from conversations import models", "conversations.models"),
        ("tenants/deep/er.py", "def late():\n    from metrics.models import X", "metrics.models.X"),
        ("conversations/a.py", "if True:\n    import metrics as m", "metrics"),
        ("metrics/a.py", "from botplatform.planes import OWNER", "botplatform.planes.OWNER"),
        ("metrics/a.py", "import json, legacy_import", "legacy_import"),
        ("legacy_import/a.py", "from botplatform import database", "botplatform.database"),
        ("botplatform/a.py", "import legacy_import.apps", "legacy_import.apps"),
        ("tenants/a.py", "from tests import factories", "tests.factories"),
        ("tenants/a.py", "import_module('metrics.models')", "metrics.models"),
        ("tenants/sub/a.py", "from ...metrics import models", "metrics.models"),
    ],
)
def test_a_planted_violation_is_caught(tmp_path: Path, file: str, line: str, imported: str) -> None:
    planted = tmp_path / file
    planted.parent.mkdir(parents=True)
    planted.write_text(line)
    module = file.removesuffix(".py").replace("/", ".")
    assert violations(tmp_path) == [f"{module} imports {imported}"]


def test_what_is_allowed_is_not_caught(tmp_path: Path) -> None:
    for app in MAY_IMPORT:
        (tmp_path / app).mkdir()
        (tmp_path / app / "models.py").write_text(
            "from django.conf import settings\nfrom tenants.tenant import TenantModel\n"
        )
    assert violations(tmp_path) == []
