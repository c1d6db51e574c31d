"""When people write: little at night, most in the evening."""

from datetime import UTC, datetime, timedelta

DAYS = 90
SECONDS_A_DAY = 86_400
# How busy each hour of the local day is.
HOURS = (4, 2, 1, 1, 1, 2, 5, 10, 14, 15, 15, 16, 18, 17, 16, 16, 17, 20, 24, 27, 28, 26, 18, 9)
STEPS = 960


def _seconds_by_activity() -> tuple[float, ...]:
    """The second of the day by which n/STEPS of the day's messages have been written."""
    seconds, done, hour = [], 0.0, 0
    for step in range(STEPS + 1):
        wanted = sum(HOURS) * step / STEPS
        while hour < 23 and done + HOURS[hour] < wanted:
            done += HOURS[hour]
            hour += 1
        seconds.append(3600 * (hour + (wanted - done) / HOURS[hour]))
    return tuple(seconds)


SECONDS = _seconds_by_activity()


class Calendar:
    """Moments of the last DAYS days before `until`, in a time zone, counted in active days."""

    def __init__(self, until: datetime, utc_offset_hours: int) -> None:
        local = until.astimezone(UTC) + timedelta(hours=utc_offset_hours)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        first_day = midnight - timedelta(days=DAYS, hours=utc_offset_hours)
        self.first_second = first_day.timestamp()
        self.until = until.timestamp()
        today = (local - midnight).total_seconds()
        # A moment of today that is over: the last step that lies before `until`.
        self.length = DAYS + max(n for n in range(STEPS) if SECONDS[n] <= today) / STEPS

    def moment(self, active_days: float) -> float:
        """Seconds since 1970."""
        day = int(active_days)
        steps = (active_days - day) * STEPS
        step = int(steps)
        low = SECONDS[step]
        return (
            self.first_second
            + day * SECONDS_A_DAY
            + low
            + (SECONDS[step + 1] - low) * (steps - step)
        )
