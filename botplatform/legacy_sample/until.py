from datetime import UTC, datetime

# A sample's last day is the one before, whenever it is made.
UNTIL = datetime(2025, 9, 1, tzinfo=UTC)
