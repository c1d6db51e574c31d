"""The first words of a PostgreSQL of another version, for one connection after the other."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def server_of_version(version: str) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer, args=(listener, version), daemon=True)
        thread.start()
        yield listener.getsockname()[1]


def _answer(listener: socket.socket, version: str) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            _greet(client, version)


def _greet(client: socket.socket, version: str) -> None:
    while (request := client.recv(1024)) and request[4:8] in (
        struct.pack("!I", 80877103),  # SSL?
        struct.pack("!I", 80877104),  # GSSAPI?
    ):
        client.sendall(b"N")
    parameters = {"server_version": version, "client_encoding": "UTF8", "TimeZone": "UTC"}
    words = [_message(b"R", struct.pack("!I", 0))]
    for name, value in parameters.items():
        words.append(_message(b"S", f"{name}\0{value}\0".encode()))
    words.append(_message(b"Z", b"I"))
    client.sendall(b"".join(words))
    client.recv(1024)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body
