"""Pages of what was active last, however deep: each begins where the one before it ended."""

from datetime import datetime
from uuid import UUID

from tenants.store.recipe import Batch, Recipe, Rows


def page(
    select: str, active_at: str, *, limit: int, last: tuple[datetime | None, UUID] | None
) -> Recipe[Rows]:
    """`select` ends with its WHERE. What was never active comes last, in an order of its own."""
    moment, row_id = last or (None, None)
    order = f"ORDER BY {active_at} DESC, id LIMIT %(limit)s"
    rows: Rows = []
    if last is None or moment is not None:
        after = f"AND {active_at} <= %(moment)s AND ({active_at} < %(moment)s OR id > %(row_id)s)"
        rows = yield Batch(
            f"{select} AND {active_at} IS NOT NULL {after if moment else ''} {order}",
            **{"moment": moment, "row_id": row_id, "limit": limit},
        )
        row_id = None
    if len(rows) < limit:
        rows += yield Batch(
            f"{select} AND {active_at} IS NULL {'AND id > %(row_id)s' if row_id else ''} {order}",
            **{"row_id": row_id, "limit": limit - len(rows)},
        )
    return rows
