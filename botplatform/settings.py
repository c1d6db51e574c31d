"""Django settings. Everything a deployment may change comes from the environment: .env.example."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from botplatform import database, keys, planes
from botplatform.embedded import EmbeddedServer
from botplatform.environment import Environment
from botplatform.logs import logging_config
from botplatform.look import LOOK

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment(BASE_DIR / ".env")

ENVIRONMENT = env.choice("ENVIRONMENT", "development", ("development", "production"))
PRODUCTION = ENVIRONMENT == "production"
DEBUG = env.switch("DEBUG", not PRODUCTION)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG must be off in production: its error pages show secrets.")

DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / ".data").resolve()

if PRODUCTION:
    SECRET_KEY = keys.strong_secret("SECRET_KEY", env.text("SECRET_KEY"))
    TOKEN_KEYS = keys.token_keys(env.texts("TOKEN_KEYS"))
    TOKEN_FINGERPRINT_KEY = keys.strong_secret(
        "TOKEN_FINGERPRINT_KEY", env.text("TOKEN_FINGERPRINT_KEY")
    )
    CONTEXT_KEYS = keys.context_keys(env.texts("CONTEXT_KEYS"))
    ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS must list the host names the back office is reached by, "
            "for example: office.example.com"
        )
else:
    _keys = keys.development_keys(DATA_DIR / "keys.json")
    SECRET_KEY = env.text("SECRET_KEY") or _keys["SECRET_KEY"]
    TOKEN_KEYS = keys.token_keys(env.texts("TOKEN_KEYS") or _keys["TOKEN_KEYS"].split(","))
    TOKEN_FINGERPRINT_KEY = env.text("TOKEN_FINGERPRINT_KEY") or _keys["TOKEN_FINGERPRINT_KEY"]
    CONTEXT_KEYS = keys.context_keys(env.texts("CONTEXT_KEYS") or [_keys["SECRET_KEY"]])
    ALLOWED_HOSTS = env.texts("ALLOWED_HOSTS") or ["*"]

try:
    PLANE = planes.plane_of_process(sys.argv)
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None

EMBEDDED_SERVER: EmbeddedServer | None = None
if database_url := env.text("DATABASE_URL"):
    _database = database.external_database(database_url)
    PLANE = database.plane_of_login(_database["USER"], otherwise=PLANE)
elif PRODUCTION and sys.argv[1:2] != ["provision_database"]:
    raise ImproperlyConfigured(
        "DATABASE_URL is missing. Production needs a PostgreSQL 15 or newer of its own, "
        "prepared with `manage.py provision_database`."
    )
else:
    EMBEDDED_SERVER = EmbeddedServer(DATA_DIR / "postgres")
    _database = database.embedded_database(EMBEDDED_SERVER, PLANE)
DATABASES = {"default": database.connection_settings(_database, PLANE)}
# The bots' login, for verify_migration to see what they see.
_runtime: dict[str, Any] | None = None
if EMBEDDED_SERVER:
    _runtime = database.embedded_database(EMBEDDED_SERVER, planes.RUNTIME)
elif runtime_url := env.text("RUNTIME_DATABASE_URL"):
    _runtime = database.external_database(runtime_url, "RUNTIME_DATABASE_URL")
RUNTIME_DATABASE = _runtime and database.connection_settings(_runtime, planes.RUNTIME)
DATABASE_POOL = database.pool(env.number("DATABASE_POOL_SIZE", 8, least=1))
# A command has one connection, and without a pool it says at once why there is none.
if PLANE.pooled and not planes.is_command(sys.argv):
    DATABASES["default"]["OPTIONS"]["pool"] = DATABASE_POOL
# It would create hstore, which the embedded server does not have and no table here needs.
POSTGRES_EXTRA_AUTO_EXTENSION_SET_UP = False
PSQLEXTRA_PARTITIONING_MANAGER = "tenants.audit.partitions.manager"
AUDIT_RETENTION_MONTHS = env.number("AUDIT_RETENTION_MONTHS", 0)

INSTALLED_APPS = [
    # First: it translates what the others' models say, and replaces templates.
    "botplatform",
    # Before the admin, whose templates it replaces.
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "psqlextra",
    "pgtrigger",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "tenants",
    "conversations",
    "metrics",
    "legacy_import",
    "axes",
]
MIDDLEWARE = [
    "botplatform.health.HealthMiddleware",
    "tenants.middleware.CorrelationMiddleware",
    "botplatform.security.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.PreferencesMiddleware",
    "botplatform.guessing.GuessingMiddleware",
    "tenants.middleware.StaffContextMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "botplatform.urls"
WSGI_APPLICATION = "botplatform.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "botplatform.sign_in.StaffBackend",
]
OTP_TOTP_ISSUER = "botplatform"
AXES_HANDLER = "botplatform.throttle.Throttle"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=env.number("LOCKOUT_MINUTES", 15, least=1))
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "botplatform.throttle.address_of"
AXES_LOCKOUT_CALLABLE = "botplatform.throttle.locked_out"
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

UNFOLD = LOOK

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Russian")]
LOCALE_PATHS = [BASE_DIR / "botplatform" / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
METRICS_TIME_ZONE = env.time_zone("METRICS_TIME_ZONE", "UTC")

STATIC_URL = "static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "staticfiles")
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

LOGIN_REDIRECT_URL = "admin:index"
SESSION_ENGINE = "botplatform.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = env.number("SESSION_HOURS", 12, least=1) * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_TRUSTED_ORIGINS = env.texts("CSRF_TRUSTED_ORIGINS")
SECURE_SSL_REDIRECT = env.switch("SECURE_SSL_REDIRECT", PRODUCTION)
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", 31_536_000 if PRODUCTION else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
if env.switch("BEHIND_HTTPS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_FAILURE_VIEW = "botplatform.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = logging_config(json=PRODUCTION, level=LOG_LEVEL)
