"""From when on a bot's latest messages must be summed up again, in spite of open transactions.

Of what was sent in the last hour nothing is noted, so the roll-up takes it again each time: all of
the hour before `settled_at`, and after. That is a moment at which every transaction that the last
roll-up did not see had written nothing yet. A transaction gets its id with its first row; so once
all that have lower ids than a roll-up had are finished, whoever is not seen has written later than
that roll-up began.
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
    at: datetime
    oldest: int
    """Transactions with lower ids are finished, and seen."""
    own: int
    """Those with higher ids have written nothing before `at`."""

    @classmethod
    def take(cls, cursor: Any) -> Self:
        cursor.execute(
            "SELECT now(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            " pg_current_xact_id()::text::bigint"
        )
        return cls(*cursor.fetchone())


def advance(state: RollupState, seen: Snapshot) -> None:
    """What this roll-up does not see is written after `settled_at`."""
    if state.pending_xid is not None and state.pending_xid <= seen.oldest:
        state.settled_at = state.pending_at
        state.pending_at = state.pending_xid = None
    if seen.oldest == seen.own:
        state.settled_at = seen.at
        state.pending_at = state.pending_xid = None
    # A restored database counts from elsewhere.
    elif state.pending_xid is None or state.pending_xid > seen.own:
        state.pending_at, state.pending_xid = seen.at, seen.own
    state.rolled_up_at = seen.at


def latest_moment(state: RollupState) -> datetime | None:
    """What was sent before is rolled up or noted."""
    return state.settled_at and state.settled_at - RECENT


def first_open_day(moment: datetime) -> date:
    """The first day in whose sums a later message has a part."""
    return day_of(moment - PATIENCE)
