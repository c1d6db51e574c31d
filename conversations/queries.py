from collections.abc import Iterable
from typing import Any

from tenants.queries import TenantManager, TenantQuerySet


class MessageQuerySet(TenantQuerySet):
    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> list[Any]:
        """Writes one conversation after the other, so that two batches never deadlock.

        Within a conversation positions follow the order given.
        """
        messages = list(objs)
        in_turn = sorted(messages, key=lambda message: str(message.conversation_id))
        super().bulk_create(in_turn, *args, **kwargs)
        return messages


class MessageManager(TenantManager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    pass
