"""One process that uses the server: takes commands from stdin, answers each with a JSON line."""

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg

import botplatform.embedded.postmaster  # noqa: F401 (see become)
from botplatform.embedded import EmbeddedServer, EmbeddedServerError


def answer(value: object) -> None:
    print(json.dumps(value), flush=True)


def connect(server: EmbeddedServer) -> psycopg.Connection:
    return psycopg.connect(
        host=str(server.socket_dir), user="postgres", dbname="postgres", autocommit=True
    )


def acquire_in_threads(server: EmbeddedServer) -> None:
    threads = [threading.Thread(target=server.acquire) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def query(server: EmbeddedServer, sql: str) -> object:
    with connect(server) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None


def write(server: EmbeddedServer) -> None:
    """Commits rows and answers each committed number, until the server is gone."""
    with connect(server) as connection:
        connection.execute("CREATE TABLE written (number int)")
        number = 0
        while True:
            number += 1
            try:
                connection.execute("INSERT INTO written VALUES (%s)", [number])
            except psycopg.OperationalError:
                return answer("gone")
            answer(number)


def fork(in_child: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        in_child()
        sys.exit()
    os.waitpid(child, 0)


def fork_sharer(server: EmbeddedServer) -> int:
    """A child that shares on its own until it gets a line on its pipe, or the pipe ends."""
    ready, child_ready = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(0)
        server.acquire()
        os.write(child_ready, b".")
        threading.Event().wait()
    os.read(ready, 1)
    return child


def become(uid: int, gid: int) -> None:
    """Only now, with everything imported: that user may have no access to this Python."""
    if uid != os.geteuid():
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.chdir("/")


def main() -> None:
    folder, uid, gid, *bin_dir = sys.argv[1:]
    become(int(uid), int(gid))
    server = EmbeddedServer(Path(folder), bin_dir=Path(bin_dir[0]) if bin_dir else None)
    commands: dict[str, Callable[..., object]] = {
        "acquire": server.acquire,
        "acquire in threads": lambda: acquire_in_threads(server),
        "release": server.release,
        "is running": server.is_running,
        "ensure running": server.ensure_running,
        "destroy": server.destroy,
        "socket folder": lambda: str(server.socket_dir),
        "query": lambda sql: query(server, sql),
        "write": lambda: write(server),
        "fork": lambda: fork(lambda: None),
        "fork and release": lambda: fork(server.release),
        "fork a sharer": lambda: fork_sharer(server),
    }
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        try:
            answer({"value": commands[command](*arguments)})
        except EmbeddedServerError as error:
            answer({"error": str(error)})
        except psycopg.Error as error:
            answer({"database error": type(error).__name__})


if __name__ == "__main__":
    main()
