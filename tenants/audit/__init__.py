"""Who did what to which row: an append-only log that the database itself writes."""
