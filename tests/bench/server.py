"""The production server, started as ``make serve`` starts it, on a free port of the loopback."""

import os
import re
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from time import monotonic, sleep

from tests.bench.errors import CannotMeasureError

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "gunicorn", "--config", "portal/server.py", "portal.wsgi"]
SECONDS_TO_START = 60
SECONDS_TO_STOP = 40
SECONDS_BETWEEN_LOOKS = 0.1


class Server:
    """Runs as long as its block. Its log goes to a file, as a service manager keeps it."""

    def __init__(self, settings: str, log: Path) -> None:
        self.settings, self.log = settings, log
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def __enter__(self) -> "Server":
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": self.settings,
            "BIND": f"127.0.0.1:{self.port}",
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                COMMAND, cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        return self

    def __exit__(self, *exception) -> None:
        self.process.terminate()
        try:
            self.process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def wait(self) -> None:
        """Until it answers: it checks its settings and loads everything first."""
        deadline = monotonic() + SECONDS_TO_START
        while not self.answers():
            if self.process.poll() is not None or monotonic() > deadline:
                raise CannotMeasureError(f"El servidor no se inició:\n{self.log.read_text()}")
            sleep(SECONDS_BETWEEN_LOOKS)

    def answers(self) -> bool:
        knock = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS_TO_START)
        try:
            knock.request("GET", "/")
            knock.getresponse().read()
        except ConnectionError:
            return False
        finally:
            knock.close()
        return True

    def memory(self) -> float:
        """What all its processes hold, in MiB.

        PSS, not RSS: a page of memory that three processes share is counted once, a third for each,
        so that the sum is what the machine has less of.
        """
        return sum(map(proportional_share, family(self.process.pid))) / 1024


class MemoryWatch:
    """The most that a server holds while the block lasts, in MiB."""

    def __init__(self, server: Server) -> None:
        self.server, self.peak, self.over = server, server.memory(), Event()
        self.thread = Thread(target=self.watch)

    def __enter__(self) -> "MemoryWatch":
        self.thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self.over.set()
        self.thread.join()

    def watch(self) -> None:
        while not self.over.wait(SECONDS_BETWEEN_LOOKS):
            self.peak = max(self.peak, self.server.memory())


def run_to_the_end(command: list[str]) -> tuple[float, float, str]:
    """Run a command of manage.py: how many seconds it took, its peak of memory in KiB, its output.

    The peak is the kernel's own for that process. What ``getrusage`` tells of a child counts what
    its parent held when it was started.
    """
    started, peak = monotonic(), 0
    # Into a file, for a pipe that nobody reads yet would stop it when it is full.
    with TemporaryFile("w+") as said:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *command], cwd=ROOT, stdout=said, stderr=said
        )
        while process.poll() is None:
            peak = max(peak, kibibytes(process.pid, "status", "VmHWM"))
            sleep(SECONDS_BETWEEN_LOOKS / 10)
        took = monotonic() - started
        said.seek(0)
        output = said.read()
    if process.returncode:
        raise CannotMeasureError(f"manage.py {' '.join(command)}: {output}")
    return took, peak, output


def family(pid: int) -> list[int]:
    children = read(pid, f"task/{pid}/children").split()
    return [pid, *(relative for child in children for relative in family(int(child)))]


def proportional_share(pid: int) -> int:
    return kibibytes(pid, "smaps_rollup", "Pss")


def kibibytes(pid: int, file: str, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", read(pid, file), re.MULTILINE)
    return int(found[1]) if found else 0


def read(pid: int, file: str) -> str:
    """What the kernel tells of a process; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return ""
