"""The migrations hold what tenants.audit says today: nobody changes one without the other."""

from importlib import import_module

from tenants.audit import functions
from tenants.audit.accounts import account_triggers

MIGRATION = import_module("tenants.migrations.0003_audit_log")
SEALED = import_module("tenants.migrations.0005_sealed_contexts")
ADDRESSES = import_module("tenants.migrations.0011_client_address")
DOWNLOADS = import_module("tenants.migrations.0007_downloads")


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
    since = SEALED.FUNCTIONS + DOWNLOADS.DO + ADDRESSES.DO
    later = words(since.replace("CREATE OR REPLACE", "CREATE"))
    missing = [part for part in emitted if words(part) not in words(MIGRATION.LOG) + later]
    # The doctor holds the log's policies against the database.
    assert [part.partition(" ON ")[0] for part in missing] == [
        "CREATE POLICY security_audit_log_staff_read"
    ]


def test_the_triggers_of_accounts() -> None:
    there, back = zip(*account_triggers(), strict=True)
    assert words(MIGRATION.ACCOUNTS) == words(" ".join(there))
    assert words(MIGRATION.ACCOUNTS_UNDO) == words(" ".join(back))
