"""Proves that what stands in the database is what stood in the files."""
