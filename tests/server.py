"""The production server, started as ``make serve`` starts it, and a browser that asks it over HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from urllib.parse import urlencode

from tests.places import ROOT

GUNICORN = ["-m", "gunicorn", "--config", "portal/server.py", "portal.wsgi"]
FORM = "application/x-www-form-urlencoded"
Answer = HTTPResponse  # with its ``content`` and the ``seconds`` it took
SECONDS_TO_ANSWER = 60
SECONDS_TO_STOP = 40
SECONDS_BETWEEN_LOOKS = 0.1


class Server:
    """A master and its workers on a free port; ``with`` waits for them, and stops them at its end."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.log = log
        # The server inherits the socket, so nothing else takes the port, and a request that comes
        # before the server is ready waits in the queue of the socket.
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("a") as lines:
            self.port = listener.getsockname()[1]
            self.process = subprocess.Popen(
                [sys.executable, *GUNICORN],
                cwd=ROOT,
                env=environment | {"BIND": f"fd://{listener.fileno()}", "MALLOC_ARENA_MAX": "1"},
                pass_fds=[listener.fileno()],
                stdout=lines,
                stderr=lines,
                # One group for all its processes, so that they can be killed together.
                start_new_session=True,
            )

    def __enter__(self) -> "Server":
        """Return once it answers; raise RuntimeError with its log when it ends instead."""
        try:
            Browser().get(self, "/")
        except (OSError, HTTPException):
            self.kill()
            raise RuntimeError(self.log.read_text(encoding="utf-8")) from None
        return self

    def __exit__(self, *exception) -> None:
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def memory(self) -> float:
        """Memory of all its processes, in MiB.

        PSS, not RSS: memory that three processes share counts a third for each, so the sum is what
        the machine would have back.
        """
        return sum(kibibytes(pid, "smaps_rollup", "Pss") for pid in family(self.process.pid)) / 1024


class MemoryWatch:
    """The ``peak`` of a server's memory while the block lasts, in MiB."""

    def __init__(self, server: Server) -> None:
        self.server, self.peak, self.is_over = server, server.memory(), Event()
        self.thread = Thread(target=self.watch)

    def __enter__(self) -> "MemoryWatch":
        self.thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self.is_over.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.is_over.wait(SECONDS_BETWEEN_LOOKS):
            self.peak = max(self.peak, self.server.memory())


def family(pid: int) -> list[int]:
    children = read(pid, f"task/{pid}/children").split()
    return [pid, *(relative for child in children for relative in family(int(child)))]


def kibibytes(pid: int, file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", read(pid, file), re.MULTILINE)
    return int(found[1]) if found else 0


def read(pid: int, file: str) -> str:
    """A file of /proc about a process; empty once the process has ended."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Browser:
    """The cookies of one person, valid on every port of the host, and connections that stay open."""

    def __init__(self, headers: dict[str, str] | None = None, address: str = "127.0.0.1") -> None:
        self.headers = headers or {}
        self.address = address
        self.cookies: dict[str, str] = {}
        self.connections: dict[int, HTTPConnection] = {}

    def get(self, server: Server, path: str) -> Answer:
        return self.ask(server, "GET", path)

    def post(self, server: Server, path: str, form: dict) -> Answer:
        return self.ask(server, "POST", path, urlencode(form, doseq=True))

    def ask(self, server: Server, method: str, path: str, body: str | None = None) -> Answer:
        """Raises OSError or HTTPException when the server is gone."""
        connection = self.connections.setdefault(
            server.port,
            HTTPConnection(
                "127.0.0.1",
                server.port,
                timeout=SECONDS_TO_ANSWER,
                source_address=(self.address, 0),
            ),
        )
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        started = perf_counter()
        connection.request(
            method, path, body, self.headers | {"Cookie": cookies, "Content-Type": FORM}
        )
        answer = connection.getresponse()
        answer.content = answer.read()
        answer.seconds = perf_counter() - started
        for header in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(header).items()}
        return answer
