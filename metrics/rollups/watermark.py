"""From when on a bot's latest messages must be summed up again, in spite of open transactions.

Of what was sent in the last hour nothing is noted, so the roll-up takes it again each time: all of
the hour before `settled_at`, and after. That is a moment at which every transaction that the last
roll-up did not see had written nothing yet. A transaction gets its id with its first row; so once
all ids below one that was the next at some moment are finished, whoever comes later has written
later than that moment.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Self

from metrics.models import RollupState
from metrics.rollups.days import PATIENCE, day_of

# The hour of conversations.changed_days, and one for a server's clock that is set back.
RECENT = timedelta(hours=2)


@dataclass(frozen=True)
class Snapshot:
    """Of the transactions: nothing below `oldest` is open, nothing from `following` on begun."""

    at: datetime
    oldest: int
    following: int

    @classmethod
    def take(cls, cursor: Any) -> Self:
        """Before this transaction writes, or it would be an open one itself."""
        cursor.execute(
            "SELECT now(), pg_snapshot_xmin(seen)::text::bigint, pg_snapshot_xmax(seen)::text"
            "::bigint FROM pg_current_snapshot() AS seen"
        )
        return cls(*cursor.fetchone())


def advance(state: RollupState, seen: Snapshot) -> None:
    """What this roll-up does not see is written after `settled_at`."""
    if state.pending_xid is not None and state.pending_xid <= seen.oldest:
        state.settled_at = state.pending_at
        state.pending_at = state.pending_xid = None
    if seen.oldest == seen.following:
        state.settled_at = seen.at
        state.pending_at = state.pending_xid = None
    # A restored database counts from elsewhere.
    elif state.pending_xid is None or state.pending_xid > seen.following:
        state.pending_at, state.pending_xid = seen.at, seen.following
    state.rolled_up_at = seen.at


def latest_moment(state: RollupState) -> datetime | None:
    """What was sent before is rolled up or noted."""
    return state.settled_at and state.settled_at - RECENT


def first_open_day(moment: datetime) -> date:
    """The first day in whose sums a later message has a part."""
    return day_of(moment - PATIENCE)
