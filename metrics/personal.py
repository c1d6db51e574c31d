"""What is stored about a person here: tags of measurements that name them."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from django.db import connection

from tenants.personal import Person, Rows, rows_of

NAMING = """bot_id = %(bot)s AND (metric_tags @> %(own)s
    OR jsonb_path_exists(metric_tags, '$.** ? (@ == $names[*])', %(names)s))"""
READ = f"""
    SELECT metric_name, metric_value, metric_tags, recorded_at FROM bot_metrics
    WHERE {NAMING} ORDER BY recorded_at
"""
ERASE = f"UPDATE bot_metrics SET metric_tags = '{{}}' WHERE {NAMING}"


class MetricsHolder:
    """A measurement stays, as a number of the bot; whose it was goes."""

    tables: ClassVar[Mapping[str, str]] = {
        "bot_metrics": "tags that name the person",
        "daily_rollups": "nothing: sums of a bot's days",
        "rollup_states": "nothing: how far a bot is summed up",
    }

    def export(self, person: Person) -> Iterator[tuple[str, Rows]]:
        yield "metrics", rows_of(READ, person.values, ["metric_tags"])

    def erase(self, person: Person) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(ERASE, person.values)
            return {"bot_metrics": cursor.rowcount}
