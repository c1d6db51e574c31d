"""The names of a bot's metrics, each found by a look into the index and not among all rows."""

from django.db import connection

from tenants.models import Bot

# As many as a list to choose from can have.
MOST = 200
NAMES = """
    WITH RECURSIVE name (metric_name) AS (
        (SELECT metric_name FROM bot_metrics WHERE bot_id = %(bot)s
            ORDER BY metric_name LIMIT 1)
        UNION ALL
        SELECT (SELECT metric_name FROM bot_metrics
            WHERE bot_id = %(bot)s AND metric_name > name.metric_name
            ORDER BY metric_name LIMIT 1)
        FROM name WHERE name.metric_name IS NOT NULL
    )
    SELECT metric_name FROM name WHERE metric_name IS NOT NULL LIMIT %(most)s
"""


def names_of(bot: Bot) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(NAMES, {"bot": bot.pk, "most": MOST})
        return [name for (name,) in cursor]
