import os
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from psycopg.conninfo import conninfo_to_dict

from botplatform.database import NAME, checked_url
from botplatform.database_errors import explanation
from botplatform.planes import PLANES
from botplatform.provision import ProvisionError, Report, provision, psql_script


class Command(BaseCommand):
    help = (
        "Creates the roles, logins, database and grants on a PostgreSQL 15 or newer. May be run "
        "again: what exists stays as it is. New logins get a random password, printed once, or "
        "the one in BOTPLATFORM_MIGRATOR_PASSWORD, BOTPLATFORM_OFFICE_PASSWORD, "
        "BOTPLATFORM_RUNTIME_PASSWORD and BOTPLATFORM_OPS_PASSWORD; with these set it also "
        "changes the password of a login that exists."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--admin-url",
            default=os.environ.get("ADMIN_DATABASE_URL", ""),
            help="URL of a privileged login, for example postgresql://postgres@host/postgres. "
            "Better in the environment, as ADMIN_DATABASE_URL: other users see arguments.",
        )
        parser.add_argument("--database", default=NAME, help=f"its name (default {NAME})")
        parser.add_argument(
            "--sql", action="store_true", help="print the script for a DBA; connects to nothing"
        )
        parser.add_argument(
            "--test-databases",
            action="store_true",
            help="let the migrator create databases, which the test suite needs",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        database = options["database"]
        if not database or len(database.encode()) > 63 or "\x00" in database:
            raise CommandError("--database: PostgreSQL wants a name of 1 to 63 bytes.")
        if options["sql"]:
            self.stdout.write(psql_script(database), ending="")
            return
        admin_url = options["admin_url"]
        if not admin_url:
            raise CommandError(
                "Give the URL of a privileged login in ADMIN_DATABASE_URL, or print the script "
                "for a DBA with --sql."
            )
        try:
            checked_url("ADMIN_DATABASE_URL", admin_url)
            report = provision(admin_url, database, test_databases=options["test_databases"])
        except (ProvisionError, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        except psycopg.Error as error:
            message = explanation(error) or str(error)
            raise CommandError(message.replace("DATABASE_URL", "ADMIN_DATABASE_URL")) from error
        self._print(report, admin_url, database)

    def _print(self, report: Report, admin_url: str, database: str) -> None:
        done = "created" if report.created_database else "existed already"
        self.stdout.write(f"Database {database} {done}; roles, logins and grants are in place.")
        for warning in report.warnings:
            self.stderr.write(self.style.WARNING(warning))
        if not report.passwords:
            self.stdout.write("The logins existed already and keep their passwords.")
            return
        self.stdout.write("Each kind of process gets the DATABASE_URL of its login, shown once:")
        for plane in PLANES:
            if password := report.passwords.get(plane.login):
                url = _url(admin_url, plane.login, password, database)
                self.stdout.write(f"  {plane.name:9} DATABASE_URL={url}")
        self.stdout.write("Next: `manage.py migrate` with the migrator's DATABASE_URL.")


def _url(admin_url: str, login: str, password: str, database: str) -> str:
    """The privileged URL with another login: same server, same TLS settings."""
    parameters = conninfo_to_dict(admin_url)
    host, port = parameters.pop("host", "localhost"), parameters.pop("port", 5432)
    for own in ("user", "password", "dbname"):
        parameters.pop(own, None)
    place = f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
    if str(host).startswith("/"):
        place = ""
        parameters |= {"host": host, "port": port}
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"postgresql://{login}:{quote(password, safe='')}@{place}/{quote(database)}{query}"
