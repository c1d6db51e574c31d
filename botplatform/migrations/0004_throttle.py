"""Who signs people in also counts wrong passwords; in a context nobody sees them."""

from django.db import migrations

SQL = "GRANT SELECT, INSERT, UPDATE, DELETE ON axes_accessattempt TO botplatform_office"
UNDO = "REVOKE SELECT, INSERT, UPDATE, DELETE ON axes_accessattempt FROM botplatform_office"


class Migration(migrations.Migration):
    dependencies = [("botplatform", "0003_sign_in"), ("axes", "0010_accessattemptexpiration")]

    operations = [migrations.RunSQL(SQL, UNDO)]
