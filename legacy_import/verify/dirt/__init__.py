"""Rejects and repairs: what of the dirt in the files must be in the ledger."""
