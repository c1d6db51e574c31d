"""The verifier must see what it breaks itself."""
