"""Times that can be shown in any zone: at the ends of the calendar Python has no hour to move to.

PostgreSQL goes further, and one such row would end every page that lists it.
"""

from datetime import UTC, datetime

from django.db.models import CheckConstraint, Q

# The importer takes the years 2 to 9998 as they are written, with any offset.
FIRST, END = datetime(1, 12, 31, tzinfo=UTC), datetime(9999, 1, 2, tzinfo=UTC)


def in_calendar(table: str, *fields: str) -> list[CheckConstraint]:
    return [
        CheckConstraint(
            condition=Q(**{f"{field}__gte": FIRST, f"{field}__lt": END}),
            name=f"{table}_{field}_in_calendar",
            violation_error_message="Times lie in the years 2 to 9998.",
        )
        for field in fields
    ]
