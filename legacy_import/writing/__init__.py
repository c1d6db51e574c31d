"""One batch into the database, in one transaction, or what that would do."""
