"""A tree of legacy JSON files made by code, for trying out and testing the import.

It lives here and not in legacy_import because it speaks with the demo's words.
"""
