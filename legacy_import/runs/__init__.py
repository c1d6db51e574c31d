"""A tree through the importer: runs, the processes that do the work, and what they say."""
