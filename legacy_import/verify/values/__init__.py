"""Values and records in the forms in which they are compared and counted."""
