"""Templates of ours that began as unfold's: what it changes in its own is looked at, then here."""

import hashlib
from pathlib import Path

import unfold

THEIRS = Path(unfold.__file__).parent / "templates"
# Begin of the SHA-256 of unfold's, as ours were made from.
COPIED = {
    "admin/base.html": "2ce9250b3c649e3a",
    "admin/login.html": "13deb7765ce36659",
    "unfold/helpers/navigation_header.html": "35139b9d94580be9",
    "unfold/helpers/navigation_user.html": "4c9ba58b3f215326",
    "unfold/helpers/theme_switch.html": "c8e659df65f5aa78",
    "unfold/helpers/theme_switch_dropdown.html": "90421e9a3524b57f",
    "unfold/helpers/welcomemsg.html": "e8eab02522ba2319",
    "unfold/layouts/base_simple.html": "f90e61e284c309cd",
    "unfold/layouts/unauthenticated.html": "768501529f1a8dae",
}


def test_unfolds_are_as_they_were() -> None:
    found = {name: hashlib.sha256((THEIRS / name).read_bytes()).hexdigest()[:16] for name in COPIED}
    assert found == COPIED
