"""Brings legacy JSON files into PostgreSQL and proves that nothing was lost."""
