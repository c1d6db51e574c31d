"""The system user the server runs as: PostgreSQL refuses to run as root."""

import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from botplatform.embedded.errors import USE_DATABASE_URL, EmbeddedServerError, tell

SYSTEM_USER = "botplatform-pg"
USERADD_OPTIONS = [
    "--system",
    "--no-create-home",
    "--home-dir",
    "/nonexistent",
    "--shell",
    "/usr/sbin/nologin",
]
USERADD_PATIENCE_SECONDS = 10.0
# Another process is adding the user (9) or holds the lock of the user database (1, 10).
USERADD_BUSY = (1, 9, 10)


class Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @classmethod
    def for_cluster(cls, folder: Path) -> "Account":
        """The owner of an existing cluster stays its user: a container made anew may number its
        system users differently, and root may run in a checkout of another user."""
        owner = folder.stat() if folder.exists() else None
        if os.geteuid() != 0:
            if owner is not None and owner.st_uid != os.geteuid():
                raise EmbeddedServerError(
                    f"The PostgreSQL folder {folder} belongs to another user (uid {owner.st_uid}): "
                    f"run as that user, move the folder away, or {USE_DATABASE_URL}."
                )
            return cls(os.geteuid(), os.getegid())
        if owner is None or not (folder / "PG_VERSION").exists():
            user = _system_user()
            return cls(user.pw_uid, user.pw_gid)
        if owner.st_uid == 0:
            raise EmbeddedServerError(
                f"The PostgreSQL folder {folder} belongs to root, and PostgreSQL does not run as "
                f"root: give it to the user {_system_user().pw_name} with "
                f"`chown -R {SYSTEM_USER}: {folder}` and try again."
            )
        return cls(owner.st_uid, owner.st_gid)

    @property
    def is_me(self) -> bool:
        return self.uid == os.geteuid()

    @property
    def identity(self) -> Identity:
        """The arguments with which subprocess runs a program as this account."""
        if self.is_me:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def take_over(self, folder: Path) -> None:
        """Gives a folder of ours to the account, for nobody else to enter."""
        if not self.is_me:
            os.chown(folder, self.uid, self.gid, follow_symlinks=False)
        folder.chmod(0o700)

    def open_way_to(self, path: Path) -> None:
        """Lets the account search the parent folders, and nothing more."""
        if self.is_me:
            return
        opened = []
        for parent in reversed(path.parents):
            status = parent.stat()
            if status.st_uid != self.uid and not status.st_mode & stat.S_IXOTH:
                parent.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
                opened.append(str(parent))
        if opened:
            tell(
                f"PostgreSQL runs as {self._name()}, who must pass through {', '.join(opened)}: "
                "added search permission for others (chmod o+x)."
            )

    def let_read(self, folders: Iterable[Path]) -> None:
        if self.is_me:
            return
        for top in folders:
            for folder, _, names in os.walk(top):
                for path in (Path(folder), *(Path(folder, name) for name in names)):
                    _allow_everybody_to_read(path)

    def _name(self) -> str:
        try:
            return f"user {pwd.getpwuid(self.uid).pw_name}"
        except KeyError:
            return f"uid {self.uid}"


def _allow_everybody_to_read(path: Path) -> None:
    if path.is_symlink():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    wanted = mode | 0o444
    if path.is_dir() or mode & 0o111:
        wanted |= 0o111
    if wanted != mode:
        path.chmod(wanted)


def _system_user() -> pwd.struct_passwd:
    give_up_at = time.monotonic() + USERADD_PATIENCE_SECONDS
    while True:
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            _add_system_user(last_try=time.monotonic() > give_up_at)


def _add_system_user(*, last_try: bool) -> None:
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd is None:
        raise _no_system_user("there is no useradd")
    added = subprocess.run(
        [useradd, *USERADD_OPTIONS, SYSTEM_USER],
        capture_output=True,
        text=True,
    )
    if added.returncode == 0 and not last_try:
        return
    if added.returncode not in USERADD_BUSY or last_try:
        raise _no_system_user(added.stderr.strip() or f"useradd ended with {added.returncode}")
    time.sleep(0.1)


def _no_system_user(reason: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"PostgreSQL does not run as root, and its system user {SYSTEM_USER} could not be made "
        f"({reason}): run as a normal user, or {USE_DATABASE_URL}."
    )
