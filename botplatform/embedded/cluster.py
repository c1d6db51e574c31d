"""The folder of the cluster on disk: where it is, what is in it, how it comes and goes."""

import hashlib
import os
import re
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from botplatform.embedded.account import Account
from botplatform.embedded.binaries import Binaries, clean_environment
from botplatform.embedded.errors import USE_DATABASE_URL, EmbeddedServerError

PORT = 5432
SOCKET_NAME = f".s.PGSQL.{PORT}"
# The kernel's limit is 108 bytes on Linux and 104 on macOS.
LONGEST_SOCKET_PATH = 100
# A comma or a space would break libpq's list of hosts and the server's list of socket folders.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]+")
INITDB_OPTIONS = ("--auth=trust", "--username=postgres", "--encoding=UTF8")
LOCALES = ("C.UTF-8", "C")
INCLUDE_SETTINGS = "include_if_exists = 'botplatform.conf'"
# The errors of statements quote their data, so they go to the client and never into the log.
SETTINGS = """\
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
max_locks_per_transaction = 256
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
max_wal_size = 2GB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
wal_compression = {wal_compression}
random_page_cost = 1.1
jit = off
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
timezone = 'UTC'
log_timezone = 'UTC'
"""


class Cluster:
    def __init__(self, folder: Path, bin_dir: Path | None) -> None:
        self.folder = folder
        self._bin_dir = bin_dir

    @property
    def socket_dir(self) -> Path:
        in_folder = str(self.folder / SOCKET_NAME)
        if PLAIN_PATH.fullmatch(in_folder) and len(in_folder) <= LONGEST_SOCKET_PATH:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        # Safe there, for _make_socket_dir() checks whose it is.
        return Path(f"/tmp/botplatform-{os.geteuid()}-{digest}")  # noqa: S108

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def prepare(self) -> tuple[Binaries, Account]:
        """Makes the cluster when it is absent, and everything around it ready for a start."""
        binaries = Binaries.find(self._bin_dir)
        account = Account.for_cluster(self.folder)
        account.let_read(binaries.wheel_folders)
        for folder in binaries.wheel_folders:
            account.open_way_to(folder)
        account.open_way_to(self.folder)
        self._remove_unfinished()
        if not (self.folder / "PG_VERSION").exists():
            self._create(binaries, account)
        self._check_version(binaries)
        self.folder.chmod(0o700)
        if self.socket_dir != self.folder:
            self._make_socket_dir(account)
        self._write_settings(binaries, account)
        return binaries, account

    def delete(self) -> None:
        if self.folder.exists():
            # Renamed first, so that a kill in the middle leaves no half cluster.
            doomed = Path(tempfile.mkdtemp(prefix=self._unfinished_prefix, dir=self.folder.parent))
            self.folder.rename(doomed / self.folder.name)
            shutil.rmtree(doomed)
        self._remove_unfinished()
        if self.socket_dir != self.folder:
            shutil.rmtree(self.socket_dir, ignore_errors=True)

    @property
    def _unfinished_prefix(self) -> str:
        return f"{self.folder.name}.unfinished-"

    def _remove_unfinished(self) -> None:
        for folder in self.folder.parent.iterdir():
            if folder.name.startswith(self._unfinished_prefix):
                # The initdb of a killed process may still be writing into it: next time, then.
                shutil.rmtree(folder, ignore_errors=True)

    def _create(self, binaries: Binaries, account: Account) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            raise EmbeddedServerError(
                f"{self.folder} is not empty and not a PostgreSQL cluster (it has no PG_VERSION). "
                "Nothing in it was touched: move it away and try again."
            )
        failure = ""
        for locale in LOCALES:
            unfinished = Path(
                tempfile.mkdtemp(prefix=self._unfinished_prefix, dir=self.folder.parent)
            )
            account.take_over(unfinished)
            made = subprocess.run(
                [
                    binaries.folder / "initdb",
                    *INITDB_OPTIONS,
                    f"--locale={locale}",
                    "-D",
                    unfinished,
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                cwd="/",
                env=clean_environment(),
                **account.identity,
            )
            if made.returncode == 0:
                unfinished.rename(self.folder)
                return
            shutil.rmtree(unfinished, ignore_errors=True)
            failure = made.stderr.strip() or f"initdb ended with {made.returncode}"
        raise EmbeddedServerError(
            f"PostgreSQL could not make its folder {self.folder}:\n{failure}\n"
            f"Remove the cause and try again, or {USE_DATABASE_URL}."
        )

    def _check_version(self, binaries: Binaries) -> None:
        version = (self.folder / "PG_VERSION").read_text().strip()
        ours = binaries.major_version()
        if version != str(ours):
            raise EmbeddedServerError(
                f"{self.folder} was made by PostgreSQL {version}, and the embedded PostgreSQL is "
                f"{ours}, which cannot open it. Nothing in it was touched. To keep the data, dump "
                f"it with PostgreSQL {version} and restore it here; to start empty, move it away: "
                f"mv '{self.folder}' '{self.folder}.{version}'"
            )

    def _make_socket_dir(self, account: Account) -> None:
        path = self.socket_dir
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
            account.take_over(path)
            status = path.lstat()
        found = (stat.S_ISDIR(status.st_mode), status.st_uid, stat.S_IMODE(status.st_mode))
        if found != (True, account.uid, 0o700):
            raise EmbeddedServerError(
                f"The folder for PostgreSQL's socket, {path}, is not a folder that only uid "
                f"{account.uid} can enter: somebody else made it. Remove it and try again."
            )

    def _write_settings(self, binaries: Binaries, account: Account) -> None:
        settings = SETTINGS.format(
            port=PORT, socket_dir=self.socket_dir, wal_compression=binaries.wal_compression()
        )
        ours = self.folder / "botplatform.conf"
        ours.write_text(settings)
        if not account.is_me:
            os.chown(ours, account.uid, account.gid)
        main = self.folder / "postgresql.conf"
        if INCLUDE_SETTINGS not in main.read_text().splitlines():
            with main.open("a") as file:
                file.write(f"\n{INCLUDE_SETTINGS}\n")
