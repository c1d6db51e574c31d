import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenants.models import Bot
from tests.factories import BotFactory

# In the background a shell has SIGINT ignored, which the processes under test would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def workspace() -> Iterator[Path]:
    """Not pytest's tmp_path: that one closes its parent folder to the server's user."""
    folder = Path(tempfile.mkdtemp(prefix="botplatform-test-")).resolve()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def alice_bot(db: None) -> Bot:
    return BotFactory(name="Alice's bot")


@pytest.fixture
def bob_bot(db: None) -> Bot:
    return BotFactory(name="Bob's bot")
