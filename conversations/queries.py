import uuid
from collections.abc import Collection, Iterable
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import F, UUIDField, Value

from conversations.search import (
    CONFIG,
    MOST_FOUND,
    EqualsAny,
    FoundIds,
    QueryOfBot,
    search_query,
)
from tenants.context import ContextError, current_scope
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

    def search(
        self,
        text: str,
        *,
        newest_first: bool = False,
        limit: int = 50,
        bots: Collection[uuid.UUID] | None = None,
    ) -> Self:
        """The `limit` best or newest messages of the context; conversations.search reads the text.

        Filters on the result look at these messages only. `bots` narrows the search itself.
        """
        if (scope := current_scope()) is None:
            raise ContextError(
                "Search only works inside bot_context, staff_context or maintenance_context."
            )
        if not (typed := search_query(text)) or limit < 1:
            return self.none()
        query = SearchQuery(typed, config=CONFIG, search_type="raw")
        narrowed = scope.bot_filter if bots is None else [*bots]
        found = FoundIds(
            *(query, Value(newest_first), Value(min(limit, MOST_FOUND))),
            Value(narrowed, output_field=ArrayField(UUIDField(), null=True)),
        )
        # A join with the function would be planned without the primary key.
        messages = self.filter(EqualsAny(F("pk"), found))
        if bots is not None:
            messages = messages.filter(bot_id__in=[*bots])
        latest = (F("sent_at").desc(), F("pk").desc())
        if newest_first:
            return messages.order_by(*latest)
        rank = SearchRank(F("search"), QueryOfBot(F("bot_id"), query), cover_density=True)
        return messages.order_by(rank.desc(), *latest)


class MessageManager(TenantManager.from_queryset(MessageQuerySet)):  # type: ignore[misc]
    pass
