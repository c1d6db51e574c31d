"""The folder an export writes to: what cannot be written there is reported."""

import errno
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

# A name that is too long here, a file where a folder is to be, two names that are one here.
UNWRITABLE = {
    *(errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR),
    *(errno.EILSEQ, errno.EINVAL),
}
ESCAPED = re.compile(r"\\(?:\\|[ntr]|x[0-9a-f]{2}|u[0-9a-f]{4})")


@dataclass
class Destination:
    folder: Path
    files: int = 0
    problems: list[str] = field(default_factory=list)

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        relative = _real(path)
        if relative.startswith(b"/") or b".." in relative.split(b"/"):
            self.problems.append(f"{path}: not a path within a tree.")
            return
        target = os.path.join(os.fsencode(self.folder), relative)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            out = open(target, "xb")  # noqa: SIM115
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            self.problems.append(f"{path}: {error.strerror}.")
            return
        with out:
            for piece in pieces:
                out.write(piece)
        self.files += 1


def _real(path: str) -> bytes:
    """The name itself of one that was made printable."""
    return os.fsencode(ESCAPED.sub(_character, path))


def _character(match: re.Match[str]) -> str:
    code = match[0][1:]
    if code[0] == "x" and int(code[1:], 16) >= 0x80:
        return os.fsdecode(bytes.fromhex(code[1:]))
    return match[0].encode().decode("unicode_escape")
