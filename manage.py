#!/usr/bin/env python
"""Django's command line for botplatform."""

import os
import sys

MINIMUM_PYTHON = (3, 11)


def main() -> None:
    if sys.version_info < MINIMUM_PYTHON:
        sys.exit("botplatform needs Python 3.11 or newer.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "botplatform.settings")
    try:
        from botplatform.command_line import run
    except ImportError as error:
        sys.exit(f"{error}\nThe packages are not installed here: use `make run` or `make test`.")
    run(sys.argv)


if __name__ == "__main__":
    main()
