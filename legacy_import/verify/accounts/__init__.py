"""What the import's ledger says, against the files and the rows."""
