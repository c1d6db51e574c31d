"""A network between client and server that can lose an answer."""

import socket
import threading
from contextlib import suppress
from pathlib import Path

READY = b"Z\x00\x00\x00\x05I"


class LossyNetwork:
    """Passes everything on; `lose(sql)` drops the answer to the next request with this in it, and
    the connection, after the server has done what was asked."""

    def __init__(self, folder: Path, host: str, port: str) -> None:
        self._server = (host, port)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / f".s.PGSQL.{port or 5432}"))
        self._listener.listen()
        self._wanted: bytes | None = None
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose(self, sql: str) -> None:
        self._wanted = sql.encode()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = self._connect()
        losing = threading.Event()
        back = threading.Thread(target=self._answers, args=(server, client, losing), daemon=True)
        back.start()
        with suppress(OSError):
            while request := client.recv(1 << 16):
                if self._wanted and self._wanted in request:
                    self._wanted = None
                    losing.set()
                server.sendall(request)
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _answers(
        self, server: socket.socket, client: socket.socket, losing: threading.Event
    ) -> None:
        with suppress(OSError):
            while answer := server.recv(1 << 16):
                if not losing.is_set():
                    client.sendall(answer)
                elif answer.endswith(READY):
                    self.lost += 1
                    break
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
        client.close()
        server.close()

    def _connect(self) -> socket.socket:
        host, port = self._server
        if host.startswith("/"):
            server = socket.socket(socket.AF_UNIX)
            server.connect(f"{host}/.s.PGSQL.{port or 5432}")
            return server
        return socket.create_connection((host, int(port or 5432)))
