from typing import Any

from django.core.management.base import BaseCommand

from tenants.seals import install_context_keys


class Command(BaseCommand):
    help = (
        "Lets the database accept the contexts of processes with these CONTEXT_KEYS, and of no "
        "others. To change the key: run this with the new one first and the old one behind it, "
        "restart all processes with the same, remove the old one, and run this again. `migrate` "
        "does it once, at the first time."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        count = install_context_keys()
        known = "1 key" if count == 1 else f"{count} keys"
        self.stdout.write(f"The database now accepts contexts sealed with {known}.")
