"""Creates the roles, the logins and the database that botplatform expects of a server."""

from botplatform.provision.run import (
    ProvisionError,
    Report,
    grant_inside,
    provision,
    provision_embedded,
)
from botplatform.provision.script import psql_script

__all__ = [
    "ProvisionError",
    "Report",
    "grant_inside",
    "provision",
    "provision_embedded",
    "psql_script",
]
