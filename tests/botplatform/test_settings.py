"""Production does not start half-configured, and says what is missing."""

import os
import re
import secrets
import stat
import string
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from tests.clusters import ROOT, clean_environment, manage

# The same in every worker: it stands in the names of tests.
STRONG = string.ascii_letters
PRODUCTION = {
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://botplatform_office@db.example.com/botplatform",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "TOKEN_KEYS": Fernet.generate_key().decode(),
    "TOKEN_FINGERPRINT_KEY": secrets.token_urlsafe(50),
    "CONTEXT_KEYS": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "office.example.com",
}


def test_a_complete_production_passes_djangos_deployment_check():
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "a" * 60, "SECRET_KEY is too weak"),
        ("SECRET_KEY", "short", "SECRET_KEY is too weak"),
        ("SECRET_KEY", "django-insecure-" + "0123456789abcdef" * 4, "SECRET_KEY is too weak"),
        ("TOKEN_KEYS", "", "TOKEN_KEYS is missing"),
        ("TOKEN_KEYS", "not-a-key", "TOKEN_KEYS: key 1 is not 32 bytes"),
        ("TOKEN_KEYS", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=,x", "TOKEN_KEYS: key 2"),
        ("TOKEN_KEYS", f"{'A' * 43}=", "TOKEN_KEYS: key 1 is too weak"),
        ("DATABASE_URL", "postgresql://u:a@s3cret@h/d", "DATABASE_URL cannot be read"),
        ("DATABASE_URL", "postgresql://u:s3cret%zz@h/d", "DATABASE_URL cannot be read"),
        ("DATABASE_URL", "postgresql://u:s3cret@h1:1,h2:2/d", "DATABASE_URL cannot be read"),
        ("TOKEN_FINGERPRINT_KEY", "", "TOKEN_FINGERPRINT_KEY is missing"),
        ("TOKEN_FINGERPRINT_KEY", "abc", "TOKEN_FINGERPRINT_KEY is too weak"),
        ("CONTEXT_KEYS", "", "CONTEXT_KEYS is missing"),
        ("CONTEXT_KEYS", f"abc,{STRONG}", "CONTEXT_KEYS, key 1 is too weak"),
        ("CONTEXT_KEYS", f"{STRONG},abc", "CONTEXT_KEYS, key 2 is too weak"),
        ("ALLOWED_HOSTS", "", "ALLOWED_HOSTS must list"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS must list"),
        ("DATABASE_URL", "", "DATABASE_URL is missing"),
        ("DATABASE_URL", "mysql://x", "DATABASE_URL must look like"),
        ("DATABASE_URL", "postgresql://u:s3cret@h:port/d", "DATABASE_URL cannot be read"),
        ("DATABASE_URL", "postgresql://u@h/", "names no database"),
        ("DEBUG", "true", "DEBUG must be off"),
        ("ENVIRONMENT", "prod", "must be development or production"),
        ("DATABASE_POOL_SIZE", "many", "DATABASE_POOL_SIZE is 'many'"),
        ("DATABASE_POOL_SIZE", "0", "a whole number of 1 or more"),
        ("SECURE_SSL_REDIRECT", "ture", "it must be true or false"),
        ("SECURE_HSTS_SECONDS", "-1", "a whole number of 0 or more"),
        ("TIME_ZONE", "Moscow", "a name like Europe/Moscow"),
        ("TIME_ZONE", "../etc/passwd", "a name like Europe/Moscow"),
        ("METRICS_TIME_ZONE", "Moscow", "a name like Europe/Moscow"),
        ("LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("BOTPLATFORM_PLANE", "root", "it must be one of: migrator, office, runtime, ops"),
    ],
)
def test_a_bad_value_stops_the_start_with_a_message(name, value, message):
    variables = {**PRODUCTION, name: value}
    for program in ([str(ROOT / "manage.py"), "check"], ["-c", "import botplatform.wsgi"]):
        result = subprocess.run(
            [sys.executable, *program],
            env=clean_environment(**variables),
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 1
        assert message in result.stderr
        assert "s3cret" not in result.stderr
    assert "Traceback" not in manage("check", **variables).stderr


def test_development_keys_are_made_once_even_by_many(workspace):
    data = {"DATA_DIR": str(workspace / "data")}
    code = "from botplatform import settings as s; print(s.SECRET_KEY, s.TOKEN_KEYS)"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env=clean_environment(**data),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    said = {process.communicate()[0] for process in processes}
    assert len(said) == 1
    assert said.pop().strip()
    [file] = (workspace / "data").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_damaged_development_keys_are_not_replaced(workspace):
    (workspace / "keys.json").write_text("{")
    result = manage("check", DATA_DIR=str(workspace))
    assert result.returncode == 1
    assert "make reset" in result.stderr
    assert (workspace / "keys.json").read_text() == "{"


@pytest.mark.parametrize(
    ("arguments", "plane"),
    [
        (["manage.py", "migrate"], "migrator"),
        (["manage.py", "start"], "office"),
        (["manage.py", "seed_demo"], "ops"),
        (["/opt/venv/bin/gunicorn", "botplatform.wsgi"], "office"),
        (["echo_bot.py"], "runtime"),
    ],
)
def test_the_plane_follows_from_the_command_line(workspace, arguments, plane):
    code = f"import sys; sys.argv = {arguments}; from botplatform import settings as s\n"
    code += "print(s.PLANE.name, s.DATABASES['default']['USER'])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=clean_environment(DATA_DIR=str(workspace)),
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.stdout.split() == [plane, f"botplatform_{plane}"]


def test_every_setting_is_in_the_example():
    example = (ROOT / ".env.example").read_text()
    settings = (ROOT / "botplatform" / "settings.py").read_text()
    for name in re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings):
        assert re.search(rf"^#?{name}=", example, re.MULTILINE), name
    assert os.environ.get("DJANGO_SETTINGS_MODULE") == "tests.settings"
