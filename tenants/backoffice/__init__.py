"""Pages of the back office: what all have in common, and those of bots and staff."""
