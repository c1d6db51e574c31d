"""The last look before a server takes its first request."""

import logging

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from tenants.doctor.examination import examine
from tenants.doctor.snapshot import CannotExamine

logger = logging.getLogger(__name__)

# gunicorn stops at this one, and would start a worker again after any other.
REFUSED = 3


def refuse_open_data(login: str, using: str = DEFAULT_DB_ALIAS) -> None:
    """Exits when somebody could see rows that are not theirs, or when that cannot be known."""
    connection = connections[using]
    try:
        examination = examine(connection, login)
    except CannotExamine as error:
        logger.critical("Not serving. %s", error)
        raise SystemExit(REFUSED) from None
    except DatabaseError as error:
        logger.critical("Not serving: isolation cannot be examined.", exc_info=error)
        raise SystemExit(REFUSED) from None
    finally:
        # A server may fork after this, and connections must not be shared.
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    for rule, findings in examination.broken.items():
        level = logging.CRITICAL if rule.opens_data else logging.ERROR
        for finding in findings:
            logger.log(level, "%s %s. %s", rule.id, finding, rule.hint)
    if examination.opens_data:
        logger.critical("Not serving: isolation is broken. See `manage.py check_isolation`.")
        raise SystemExit(REFUSED)
