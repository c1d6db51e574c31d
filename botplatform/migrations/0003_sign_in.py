"""The office's login signs people in and gives nobody a password; sessions are kept by a digest."""

from django.db import migrations

# Sessions of before are named by their keys, and end.
SQL = """
REVOKE UPDATE (password) ON auth_user FROM botplatform_office;
DELETE FROM django_session;
"""

UNDO = """
GRANT UPDATE (password) ON auth_user TO botplatform_office;
DELETE FROM django_session;
"""


class Migration(migrations.Migration):
    dependencies = [("botplatform", "0002_office")]

    operations = [migrations.RunSQL(SQL, UNDO)]
