"""What the database has, and the checks of all its rows."""
