"""What a file holds and what the ledger knows of it, made into batches ready for the database."""
