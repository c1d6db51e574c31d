"""What a function does, in sixteen characters."""

import hashlib


def digest(body: str) -> str:
    """The same however its lines are broken."""
    return hashlib.sha256(" ".join(body.split()).encode()).hexdigest()[:16]


def body_of(create_function: str) -> str:
    return create_function.split("$$")[1]
