"""How a recipe's batches reach the database: one round trip and one transaction each.

Where the thread is in a transaction already (a context's, or a test's) a call is part of that.
"""

import asyncio
import random
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from asgiref.sync import sync_to_async
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.utils.asyncio import async_unsafe

from tenants.context import ContextError, UnknownBot, bot_context, current_scope
from tenants.session import opening
from tenants.store.errors import BotNotFound, InvalidValue, is_conflict, is_lost, translated
from tenants.store.pools import Pool, pool_of_loop, pool_of_threads
from tenants.store.recipe import Batch, Recipe, Rows

R = TypeVar("R")

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.02, 0.5
# Of the results of a round trip, which COMMIT ends.
LAST_STATEMENT = -2


class Calls:
    def __init__(self, bot_id: uuid.UUID | str, *, using: str = DEFAULT_DB_ALIAS) -> None:
        try:
            self._context = bot_context(bot_id, using=using)
        except ContextError as error:
            raise InvalidValue(str(error)) from None
        self._using = using

    @property
    def bot_id(self) -> uuid.UUID:
        bot_id = self._context.scope.bot_id
        assert bot_id is not None
        return bot_id

    @async_unsafe("Use the form of this call that begins with an a, and await it.")
    def _call(self, recipe: Recipe[R]) -> R:
        if connections[self._using].in_atomic_block or current_scope() is not None:
            return self._inside(recipe)
        return _carried_out(recipe, self._sent)

    async def _acall(self, recipe: Recipe[R]) -> R:
        if current_scope() is not None:
            return await sync_to_async(self._inside)(recipe)
        try:
            batch = next(recipe)
            while True:
                batch = recipe.send(await self._asent(batch))
        except StopIteration as done:
            result: R = done.value
            return result

    def _sent(self, batch: Batch) -> Rows:
        pool = pool_of_threads(self._using)
        attempts = _Attempts(pool)
        while True:
            try:
                with pool.connection(self.bot_id, attempts.seconds_left) as connection:
                    cursor = connection.cursor()
                    cursor.execute(self._text(cursor, batch))
                    cursor.set_result(LAST_STATEMENT)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                pause = attempts.pause_after(error)
            if attempts.lost:
                pool.close_idle()
            time.sleep(pause)

    async def _asent(self, batch: Batch) -> Rows:
        pool = await pool_of_loop(self._using)
        attempts = _Attempts(pool)
        while True:
            try:
                async with pool.connection(self.bot_id, attempts.seconds_left) as connection:
                    cursor = connection.cursor()
                    await cursor.execute(self._text(cursor, batch))
                    await cursor.set_result(LAST_STATEMENT)
                    return await cursor.fetchall() if cursor.description else []
            except psycopg.Error as error:
                pause = attempts.pause_after(error)
            if attempts.lost:
                await pool.close_idle()
            await asyncio.sleep(pause)

    def _bot_exists(self) -> Recipe[None]:
        """Asked where there is nothing to give: the calls made most often need not."""
        if not (yield Batch("SELECT 1 FROM bots WHERE id = %(bot)s")):
            raise self._gone()

    def _gone(self) -> BotNotFound:
        return BotNotFound(f"There is no bot {self.bot_id}.")

    def _text(self, cursor: Any, batch: Batch) -> str:
        """The values are in it: several statements in one round trip take no parameters."""
        statements = cursor.mogrify("; ".join(batch.statements), self._values(batch))
        state = opening(self._context.scope)
        return f"BEGIN; SET LOCAL TIME ZONE 'UTC'; {state}; {statements}; COMMIT"

    def _values(self, batch: Batch) -> dict[str, Any]:
        return {**batch.values, "bot": self.bot_id}

    def _inside(self, recipe: Recipe[R]) -> R:
        """An error undoes this call alone."""
        try:
            with (
                bot_context(self.bot_id, using=self._using),
                transaction.atomic(using=self._using),
                connections[self._using].cursor() as cursor,
            ):
                return _carried_out(recipe, lambda batch: self._sent_on(cursor, batch))
        except UnknownBot:
            raise self._gone() from None
        except DatabaseError as error:
            raise translated(error) from error

    def _sent_on(self, cursor: Any, batch: Batch) -> Rows:
        for statement in batch.statements:
            cursor.execute(statement, self._values(batch))
        return cursor.fetchall() if cursor.description else []


def _carried_out(recipe: Recipe[R], send: Callable[[Batch], Rows]) -> R:
    try:
        batch = next(recipe)
        while True:
            batch = recipe.send(send(batch))
    except StopIteration as done:
        result: R = done.value
        return result


class _Attempts:
    """Of one batch, until the time in which a call must be over has passed."""

    def __init__(self, pool: Pool) -> None:
        self._until = time.monotonic() + pool.patience
        self._pause = FIRST_PAUSE_SECONDS
        # The last one found its connection gone: then all are that were idle.
        self.lost = False

    @property
    def seconds_left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    def pause_after(self, error: psycopg.Error) -> float:
        """In seconds, before the next attempt; raises where another makes no sense."""
        longer = self._pause * random.uniform(1.5, 2.5)  # noqa: S311
        self._pause = min(longer, LONGEST_PAUSE_SECONDS)
        self.lost = is_lost(error)
        if not (self.lost or is_conflict(error)) or self._pause > self.seconds_left:
            raise translated(error) from error
        return self._pause
