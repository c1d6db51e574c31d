"""Row security and keys of the ledger; emitted by tenants.policies.secure_ledger."""

from django.db import migrations

UPDATABLE = {
    "import_runs": "status, options, counts, finished_at, transactions",
    "import_files": "status, size, mtime_ns, sha256, header, counts",
    "import_chunks": "hashes",
    "import_rejects": "solved_by",
    "import_repairs": "",
    "import_originals": "",
    "import_changes": "",
    "import_backups": "",
    "import_file_parts": "",
}
# Table -> the ledger's row it goes with, and that row's column.
KEYS = {
    "import_files": ("import_runs", "run_id"),
    "import_chunks": ("import_files", "file_id"),
    "import_rejects": ("import_files", "file_id"),
    "import_repairs": ("import_files", "file_id"),
    "import_originals": ("import_files", "file_id"),
    "import_changes": ("import_files", "file_id"),
    "import_backups": ("import_files", "file_id"),
    "import_file_parts": ("import_files", "file_id"),
}

SECURITY = """
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY {table}_staff_read ON {table} FOR SELECT TO admin USING (bot_id = ANY ((SELECT staff_bots('viewer'))::uuid[]) OR (SELECT staff_is_superuser()));
CREATE POLICY {table}_operators ON {table} TO super_admin USING (true);
CREATE POLICY {table}_nobody ON {table} TO app_base, bot USING (false);
REVOKE ALL ON {table} FROM PUBLIC, app_base, bot, admin, super_admin, botplatform_office, botplatform_runtime, botplatform_ops;
GRANT SELECT ON {table} TO admin;
GRANT SELECT, INSERT, DELETE{update} ON {table} TO super_admin;
ALTER TABLE {table} ADD CONSTRAINT {table}_bot_fkey FOREIGN KEY (bot_id) REFERENCES bots (id) ON DELETE CASCADE;
"""
UNIQUE = "ALTER TABLE {table} ADD CONSTRAINT {table}_of_bot UNIQUE (bot_id, id);"
KEY = """
ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fkey FOREIGN KEY (bot_id, {column}) REFERENCES {target} (bot_id, id) ON DELETE CASCADE;
"""


def statements() -> str:
    parts = []
    for table, columns in UPDATABLE.items():
        update = f", UPDATE ({columns})" if columns else ""
        parts.append(SECURITY.format(table=table, update=update))
    parts += [
        UNIQUE.format(table=table) for table in sorted({target for target, _ in KEYS.values()})
    ]
    parts.append(
        "ALTER TABLE import_runs ADD CONSTRAINT import_runs_number_unique UNIQUE (bot_id, number);"
    )
    for table, (target, column) in KEYS.items():
        parts.append(KEY.format(table=table, target=target, column=column))
    return "".join(parts)


class Migration(migrations.Migration):
    dependencies = [
        ("legacy_import", "0001_initial"),
        ("tenants", "0002_row_security"),
    ]

    operations = [migrations.RunSQL(statements(), migrations.RunSQL.noop)]
