"""A bot's days, summed up, and read again by the pages.

What is counted stands in the help texts of metrics.models.DailyRollup; `sums` counts it, for the
roll-up and for the day that is not over alike. A roll-up sums up again the days that changed:
those noted (conversations.changed_days) and the latest (`watermark`).
"""
