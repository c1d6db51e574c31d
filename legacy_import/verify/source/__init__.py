"""The verifier's own reading of a legacy tree, written from the specification alone.

It shares no code with legacy_import.source: an error both had would hide itself.
"""
