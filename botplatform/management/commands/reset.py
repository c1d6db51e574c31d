from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from botplatform.embedded import EmbeddedServerError


class Command(BaseCommand):
    help = "Deletes the embedded database and the development keys, after asking."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-input", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        server = settings.EMBEDDED_SERVER
        if server is None:
            raise CommandError(
                "DATABASE_URL is set: reset deletes only the embedded database, never another."
            )
        if not options["no_input"] and not self._confirmed():
            self.stdout.write("Nothing was deleted.")
            return
        try:
            server.destroy()
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from error
        # By name: the folder may hold what is not ours.
        for name in ("keys.json", "postgres.start.lock", "postgres.users.lock"):
            (settings.DATA_DIR / name).unlink(missing_ok=True)
        with suppress(OSError):
            settings.DATA_DIR.rmdir()
        self.stdout.write("Deleted. `make run` starts over.")

    def _confirmed(self) -> bool:
        self.stdout.write(
            f"This deletes all bots, messages, users and keys in {settings.DATA_DIR}."
        )
        try:
            return input("Type yes to delete: ").strip().lower() == "yes"
        except EOFError:
            return False
