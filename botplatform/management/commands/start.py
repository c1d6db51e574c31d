from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from botplatform import serving, setup


class Command(BaseCommand):
    help = (
        "Prepares what is missing (embedded database, tables, first user, demo fleet) and serves "
        "the back office."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        try:
            serving.require_free(host, port)
            self._say("Database", setup.start_database())
            self._say("Tables", setup.migrate())
            if fleet := setup.import_first_fleet():
                self._say("Demo fleet", fleet)
            user, password = setup.first_superuser()
        except (setup.SetupError, serving.AddressTaken) as error:
            raise CommandError(str(error)) from error
        self._say("Back office", serving.url(host, port))
        self._say("User", user)
        self._say("Password", password)
        self.stdout.write("Ctrl-C stops it.")
        self.stdout.flush()
        with setup.services():
            serving.serve(host, port)

    def _say(self, what: str, text: str) -> None:
        self.stdout.write(f"{what:12} {text}")
        self.stdout.flush()
