"""Where this process finds its database, and under which login.

Without DATABASE_URL it is the embedded server; the login then follows from the process's plane.
With DATABASE_URL the login in the URL names the plane.
"""

import re
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from botplatform import planes
from botplatform.embedded import EmbeddedServer
from botplatform.planes import Plane

ENGINE = "botplatform.psqlextra_backend"
NAME = "botplatform"
PART = r"(?:[^\s/?#@:%,\[\]]|%[0-9A-Fa-f]{2})*"
URL = re.compile(
    rf"postgres(ql)?://({PART}(:{PART})?@)?({PART}|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?"
    r"(/[^/?#]*)?(\?[^#]*)?"
)


def embedded_database(server: EmbeddedServer, plane: Plane) -> dict[str, Any]:
    return {
        "ENGINE": ENGINE,
        "NAME": NAME,
        "USER": plane.login,
        "HOST": str(server.socket_dir),
        "PORT": "5432",
    }


def checked_url(name: str, url: str) -> str:
    """Refuses what the parsers would take apart wrongly, and then repeat with the password."""
    if not url.startswith(("postgres://", "postgresql://")):
        raise ImproperlyConfigured(
            f"{name} must look like postgresql://login:password@host:5432/database."
        )
    if not URL.fullmatch(url):
        raise ImproperlyConfigured(
            f"{name} cannot be read. Percent-encode special characters in login and password, "
            "give one host, and the port as a number."
        )
    return url


def external_database(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    database: dict[str, Any] = dict(environ.Env.db_url_config(checked_url(variable, url)))
    database["ENGINE"] = ENGINE
    if not database["NAME"]:
        raise ImproperlyConfigured(f"{variable} names no database: end it with /botplatform.")
    return database


def plane_of_login(login: str, otherwise: Plane) -> Plane:
    return next((plane for plane in planes.PLANES if plane.login == login), otherwise)


def connection_settings(database: dict[str, Any], plane: Plane) -> dict[str, Any]:
    options = {
        "application_name": f"botplatform {plane.name}",
        "connect_timeout": 5,
        # A network path that died is noticed within half a minute.
        **{"keepalives_idle": 15, "keepalives_interval": 5, "keepalives_count": 3},
        "tcp_user_timeout": 30_000,
        **database.get("OPTIONS", {}),
        # A statement prepared by the SQL of one context must not be what another executes.
        "prepare_threshold": None,
    }
    return {**database, "OPTIONS": options, "CONN_HEALTH_CHECKS": True}


def pool(size: int) -> dict[str, int]:
    return {"min_size": 1, "max_size": size, "timeout": 5}
