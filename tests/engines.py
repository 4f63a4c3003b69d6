"""Programs of Debian's packages beside the portal: clusters of PostgreSQL, its pooler, a proxy."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

# Debian keeps PostgreSQL's programs out of PATH, one folder for each version.
VERSIONS = Path("/usr/lib/postgresql").glob("*/bin")
PLACES = [*sorted(VERSIONS, key=lambda bin: -float(bin.parent.name)), Path("/usr/sbin")]
# PostgreSQL and its pooler refuse to run as root.
OWNER = "postgres" if os.geteuid() == 0 else None

POOLER = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
auth_type = any
pool_mode = transaction
default_pool_size = {size}
log_connections = 0
log_disconnections = 0
"""


def program(name: str) -> str:
    """Return its path; without it the test is skipped, and fails in CI."""
    found = shutil.which(name, path=os.pathsep.join([os.environ["PATH"], *map(str, PLACES)]))
    if found is None:
        # On a build machine a skipped test would not be read.
        stop = pytest.fail if os.environ.get("CI") else pytest.skip
        stop(f"NO {name}: THE TEST DID NOT RUN. Debian has: postgresql, pgbouncer, nginx-light")
    return found


def run(name: str, *arguments: str | Path) -> None:
    """Run it as its owner; raises CalledProcessError."""
    command = [program(name), *arguments]
    subprocess.run(command, user=OWNER, cwd="/", check=True, stdout=subprocess.DEVNULL)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def owned_folder() -> Iterator[Path]:
    """A folder that the owner may write to, deleted after the block."""
    with TemporaryDirectory(prefix="engines-") as name:
        if OWNER:
            shutil.chown(name, OWNER)
        yield Path(name)


class Cluster:
    """A PostgreSQL on a port of the loopback address; its data need not outlive the machine."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.port = folder, folder / "data", free_port()

    def create(self) -> None:
        locale = ["-E", "UTF8", "--locale=C.UTF-8"]
        run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", *locale, "-N")

    def follow(self, primary: "Cluster") -> None:
        """Copy the data of the other, to follow its changes from the start on."""
        source = f"host=127.0.0.1 port={primary.port} user=postgres"
        run("pg_basebackup", "-D", self.data, "-d", source, "-R", "-c", "fast")

    def start(self, **settings: str) -> None:
        settings |= {"listen_addresses": "127.0.0.1", "fsync": "off"}
        settings |= {"unix_socket_directories": str(self.folder), "port": str(self.port)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = self.folder / "log"
        run("pg_ctl", "-D", self.data, "-l", log, "-w", "-o", options, "start")

    def promote(self) -> None:
        run("pg_ctl", "-D", self.data, "-w", "promote")

    def die(self) -> None:
        """Stop at once, as if the machine had failed; again is allowed."""
        if (self.data / "postmaster.pid").exists():
            run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")


@contextmanager
def pooler(place: str, size: int) -> Iterator[str]:
    """The address of the same database behind pgbouncer, with so many connections to the server."""
    named = conninfo_to_dict(place)
    parts = [name for name in ("host", "port", "user", "password") if name in named]
    command = program("pgbouncer")
    server = " ".join("{}='{}'".format(name, named[name].replace("'", "''")) for name in parts)
    with owned_folder() as folder:
        port, file = free_port(), folder / "pgbouncer.ini"
        file.write_text(POOLER.format(server=server, port=port, size=size))
        process = subprocess.Popen(
            [command, file],
            user=OWNER,
            cwd="/",
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            lines = [process.stderr.readline()]
            while "process up" not in lines[-1]:
                assert process.poll() is None, "".join(lines)
                lines.append(process.stderr.readline())
            yield urlsplit(place)._replace(netloc=f"portal@127.0.0.1:{port}").geturl()
        finally:
            process.terminate()
            process.communicate()
