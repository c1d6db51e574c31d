"""People and what was measured."""
