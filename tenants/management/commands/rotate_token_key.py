from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from tenants.actions import rotate_token_keys
from tenants.tokens import WrongTokenKey


class Command(BaseCommand):
    help = (
        "Encrypts every bot's token with the first key of TOKEN_KEYS. To change the key: put the "
        "new one first and keep the old one behind it, restart all processes, run this, then "
        "remove the old key. All or nothing; may be run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = rotate_token_keys()
        except WrongTokenKey as error:
            raise CommandError(f"{error} Nothing was changed.") from error
        except IntegrityError as error:
            raise CommandError(
                "Two bots have the same token: it was stored twice while TOKEN_FINGERPRINT_KEY "
                "had changed and was not rotated. Take it from one of them in the back office. "
                "Nothing was changed."
            ) from error
        self.stdout.write(f"{count} tokens are encrypted with the newest key.")
        self.stdout.write("The older keys can be removed from TOKEN_KEYS.")
