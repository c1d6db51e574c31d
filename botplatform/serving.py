"""Serves the back office with gunicorn."""

import os
import socket
from typing import Any

from django.conf import settings
from django.db import connection
from gunicorn.app.base import BaseApplication

from botplatform.logs import ACCESS_LOG_FORMAT

WORKERS, THREADS = 2, 4


class AddressTaken(Exception):
    """Says which address, and how to take another."""


def require_free(host: str, port: int) -> None:
    if not 0 < port < 65536:
        raise AddressTaken(f"{port} is not a port: choose one from 1 to 65535.")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise AddressTaken(
            f"Cannot listen on {host}, port {port}: {error.strerror}. "
            f"Choose another port: make run PORT={port % 65535 + 1}"
        ) from error


def url(host: str, port: int) -> str:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
    name = everywhere.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def serve(host: str, port: int) -> None:
    # The workers are forks, which must not share a connection.
    connection.close()
    settings.DATABASES["default"]["OPTIONS"]["pool"] = settings.DATABASE_POOL
    BackOffice(host, port).run()


class BackOffice(BaseApplication):
    def __init__(self, host: str, port: int) -> None:
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": self.address,
            "workers": os.environ.get("WEB_CONCURRENCY", WORKERS),
            "threads": THREADS,
            "worker_class": "gthread",
            # Ctrl-C does not wait long for a browser that keeps its connection open.
            "graceful_timeout": 30 if settings.PRODUCTION else 2,
            "accesslog": "-",
            "access_log_format": ACCESS_LOG_FORMAT,
            "logconfig_dict": settings.LOGGING,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from botplatform.wsgi import application

        return application
