class ImportRefused(Exception):
    """Says what is wrong and what to do; nothing was changed."""
