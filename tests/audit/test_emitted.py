"""The migration holds what tenants.audit says today: nobody changes one without the other."""

from importlib import import_module

from tenants.audit import functions
from tenants.audit.accounts import account_triggers

MIGRATION = import_module("tenants.migrations.0003_audit_log")


def words(text: str) -> str:
    return " ".join(text.split())


def test_the_log_and_its_functions() -> None:
    emitted = [
        *functions.secure_audit_log(),
        *functions.closed(f"{functions.TABLE}_default"),
        functions.FIRST_MONTHS,
        *functions.functions(),
        *functions.keeper_rights(),
    ]
    assert words(MIGRATION.LOG) == words("; ".join(words(part) for part in emitted) + ";")


def test_the_triggers_of_accounts() -> None:
    there, back = zip(*account_triggers(), strict=True)
    assert words(MIGRATION.ACCOUNTS) == words(" ".join(there))
    assert words(MIGRATION.ACCOUNTS_UNDO) == words(" ".join(back))
