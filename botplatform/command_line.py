"""manage.py's way in: errors a person can act on are said in one message, without a traceback."""

import signal
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error

from botplatform.database_errors import WrongLogin, explanation
from botplatform.embedded import EmbeddedServerError
from botplatform.logs import exception_text
from tenants import correlation


def run(argv: Sequence[str]) -> None:
    # As an exception it lets the process leave the embedded server, which its last user stops.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    correlation.begin()
    try:
        execute_from_command_line(list(argv))
    except ImproperlyConfigured as error:
        sys.exit(f"Configuration: {error}")
    except (EmbeddedServerError, WrongLogin) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted.")
    except Error as error:
        # A traceback as Python prints it would show the failing row.
        sys.exit(explanation(error) or exception_text(error))
