"""Times that no page can show in every zone are refused."""

import datetime as dt

from django.db import migrations, models

FIRST = dt.datetime(1, 12, 31, tzinfo=dt.UTC)
END = dt.datetime(9999, 1, 2, tzinfo=dt.UTC)
FIELDS = (
    ("conversation", "conversations", "created_at"),
    ("conversation", "conversations", "last_message_at"),
    ("message", "messages", "sent_at"),
    ("profile", "profiles", "created_at"),
    ("profile", "profiles", "last_active_at"),
)


def in_calendar(model: str, table: str, field: str) -> migrations.AddConstraint:
    constraint = models.CheckConstraint(
        condition=models.Q((f"{field}__gte", FIRST), (f"{field}__lt", END)),
        name=f"{table}_{field}_in_calendar",
        violation_error_message="Times lie in the years 2 to 9998.",
    )
    return migrations.AddConstraint(model, constraint)


class Migration(migrations.Migration):
    dependencies = [("conversations", "0010_find_messages"), ("tenants", "0011_client_address")]

    operations = [in_calendar(*field) for field in FIELDS]
