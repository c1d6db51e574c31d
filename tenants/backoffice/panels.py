"""What other apps show on pages that are not theirs.

Imports run one way, so each brings its panels: a function that makes HTML, or nothing for somebody
who may not see it.
"""

from collections.abc import Callable

from django.http import HttpRequest

from tenants.models import Bot

Panel = Callable[[HttpRequest, Bot | None], str]

# Of all bots, or of the one that the dashboard is narrowed to.
on_dashboard: list[Panel] = []
# Of the bot whose page it is.
of_bot: list[Panel] = []


def rendered(panels: list[Panel], request: HttpRequest, bot: Bot | None) -> list[str]:
    return [made for panel in panels if (made := panel(request, bot))]
