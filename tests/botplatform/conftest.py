from collections.abc import Iterator
from pathlib import Path

import pytest

from botplatform.embedded import EmbeddedServer


@pytest.fixture
def server(workspace: Path) -> Iterator[EmbeddedServer]:
    """A server nobody has provisioned yet."""
    server = EmbeddedServer(workspace / "postgres")
    server.acquire()
    yield server
    server.release()
