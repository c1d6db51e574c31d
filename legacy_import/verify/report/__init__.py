"""A verification as text, as JSON and as a page."""
