"""The embedded server as Django's connections use it: running, and provisioned."""

import sys
import threading
import warnings

from django.db import OperationalError

from botplatform import provision
from botplatform.database import NAME
from botplatform.embedded import EmbeddedServer

# These look at the database when there is one, and do without when not.
STARTS_NO_SERVER = ("makemigrations", "pgmakemigrations")

_lock = threading.Lock()
_provisioned: set[str] = set()


def serve(server: EmbeddedServer) -> None:
    """Called before every new connection, so it costs nothing once the server is up."""
    if sys.argv[1:2] and sys.argv[1] in STARTS_NO_SERVER and not server.is_running():
        warnings.filterwarnings("ignore", message=".*checking a consistent migration history")
        raise OperationalError(f"The embedded server is not running; {sys.argv[1]} starts none.")
    server.acquire()
    address = str(server.socket_dir)
    if address not in _provisioned:
        with _lock:
            provision.provision_embedded(address, NAME)
            _provisioned.add(address)
