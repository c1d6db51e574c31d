import pytest


@pytest.fixture(scope="session", autouse=True)
def temporary_tables() -> None:
    """Reading needs no database."""
