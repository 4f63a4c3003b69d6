"""Programs of Debian's packages beside the portal: clusters of PostgreSQL, and its pooler."""

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
# None of the programs runs as root.
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
        stop(f"NO {name}: THE TEST DID NOT RUN. Debian has it: postgresql, pgbouncer")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@contextmanager
def owned_folder() -> Iterator[Path]:
    """A folder that the programs may write to, deleted after the block."""
    with TemporaryDirectory(prefix="engines-") as name:
        if OWNER:
            shutil.chown(name, OWNER)
        yield Path(name)


@contextmanager
def pooler(place: str, size: int) -> Iterator[str]:
    """The address of the same database behind pgbouncer, with so many connections to the server."""
    named = conninfo_to_dict(place)
    parts = [name for name in ("host", "port", "user", "password") if name in named]
    server = " ".join("{}='{}'".format(name, named[name].replace("'", "''")) for name in parts)
    with owned_folder() as folder:
        port, file = free_port(), folder / "pgbouncer.ini"
        file.write_text(POOLER.format(server=server, port=port, size=size))
        process = subprocess.Popen(
            [program("pgbouncer"), file],
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
