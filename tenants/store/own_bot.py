import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.store.calls import Calls
from tenants.store.recipe import Batch, Recipe, both_forms
from tenants.store.values import json_text, repaired
from tenants.tokens import SealedToken, Token

COLUMNS = "name, username, owner_telegram_id, status, last_active_at, config::text"
# A bot's row is one for all its chats, and each change of it is audited.
TOUCHED_EVERY = "interval '1 minute'"


@dataclass(frozen=True, slots=True)
class StoredBot:
    name: str
    username: str
    owner_telegram_id: int | None
    status: str
    last_active_at: datetime | None
    config: dict[str, Any]


class OwnBotCalls(Calls):
    def _get_bot(self) -> Recipe[StoredBot]:
        """What staff set for this bot, and its status.

        >>> store.get_bot().status
        'active'
        """
        return (yield from self._bot(f"SELECT {COLUMNS} FROM bots WHERE id = %(bot)s"))

    def _get_token(self) -> Recipe[Token | None]:
        """The Telegram token, decrypted. It shows itself only by `reveal()`.

        >>> store.get_token().reveal()
        '123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
        """
        rows = yield Batch("SELECT telegram_token FROM bots WHERE id = %(bot)s")
        if not rows:
            raise self._gone()
        [(ciphertext,)] = rows
        return None if ciphertext is None else SealedToken(ciphertext).open()

    def _set_status(self, status: str) -> Recipe[StoredBot]:
        """`active`, `inactive`, `maintenance` or `error`.

        >>> store.set_status("maintenance").status
        'maintenance'
        """
        return (
            yield from self._bot(
                "UPDATE bots SET status = %(status)s WHERE id = %(bot)s"
                " AND status IS DISTINCT FROM %(status)s",
                f"SELECT {COLUMNS} FROM bots WHERE id = %(bot)s",
                status=status,
            )
        )

    def _merge_config(self, changes: dict[str, Any]) -> Recipe[StoredBot]:
        """Sets these keys of the config, and leaves the others.

        >>> store.merge_config({"model": "large"}).config["model"]
        'large'
        """
        row = repaired({"changes": changes}, noted_in="changes")
        return (
            yield from self._bot(
                "UPDATE bots SET config = config || %(changes)s::jsonb WHERE id = %(bot)s"
                " AND config IS DISTINCT FROM config || %(changes)s::jsonb",
                f"SELECT {COLUMNS} FROM bots WHERE id = %(bot)s",
                changes=json_text(row["changes"]),
            )
        )

    def _touch(self) -> Recipe[None]:
        """Notes that the bot is at work; at most once a minute, so call it as often as you like.

        >>> store.touch()
        """
        rows = yield Batch(
            "UPDATE bots SET last_active_at = now() WHERE id = %(bot)s"
            f" AND (last_active_at IS NULL OR last_active_at < now() - {TOUCHED_EVERY})",
            "SELECT 1 FROM bots WHERE id = %(bot)s",
        )
        if not rows:
            raise self._gone()

    get_bot, aget_bot = both_forms(_get_bot)
    get_token, aget_token = both_forms(_get_token)
    set_status, aset_status = both_forms(_set_status)
    merge_config, amerge_config = both_forms(_merge_config)
    touch, atouch = both_forms(_touch)

    def _bot(self, *statements: str, **values: object) -> Recipe[StoredBot]:
        rows = yield Batch(*statements, **values)
        if not rows:
            raise self._gone()
        [row] = rows
        return StoredBot(*[*row[:-1], json.loads(row[-1])])
