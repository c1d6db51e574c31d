"""What undoing a run would do."""
