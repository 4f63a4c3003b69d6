"""``make bench``: SQLite, and PostgreSQL where DATABASE_URL names one, each in a process of its own."""

import argparse
import json
import os
import platform
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import django
import psycopg
from psycopg.sql import SQL, Identifier

from tests.bench import report
from tests.bench.server import ROOT

POSTGRESQL = ("postgres", "postgresql", "pgsql")
# All that portal.settings and portal.server read, so that nothing is left to a .env.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "portal.settings",
    "DEMO": "false",
    "DEBUG": "false",
    "ALLOWED_HOSTS": "portal.example",
    "BEHIND_TLS_PROXY": "true",
    "TRUSTED_PROXIES": "",
    "SECRET_KEY_FALLBACKS": "",
    "CSRF_TRUSTED_ORIGINS": "",
    "WEB_WORKERS": "2",
    "WEB_THREADS": "8",
}


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, str]]:
    """Of each, the address of an empty database of our own, gone with the block."""
    urls = {"sqlite": f"sqlite:///{folder / 'bench.sqlite3'}"}
    server = urlsplit(os.environ.get("DATABASE_URL", ""))
    if server.scheme not in POSTGRESQL:
        yield urls
        return
    name = f"comunidad_bench_{secrets.token_hex(4)}"
    # Beside the one that is named, which is only connected to.
    with psycopg.connect(server._replace(scheme="postgresql").geturl(), autocommit=True) as beside:
        beside.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        try:
            yield urls | {"postgresql": server._replace(path=f"/{name}").geturl()}
        finally:
            beside.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def measured(url: str, folder: Path, arguments: argparse.Namespace) -> dict:
    folder.mkdir()
    scale = "quick" if arguments.quick else "full"
    own = {"DATABASE_URL": url, "SECRET_KEY": secrets.token_urlsafe(50)}
    subprocess.run(
        [sys.executable, "-m", "tests.bench.run", str(folder), scale, str(arguments.audit)],
        cwd=ROOT,
        env=os.environ | PRODUCTION | own,
        check=True,
    )
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(": ")[2] for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of everything, in a minute")
    parser.add_argument("--audit", type=int, default=0, help="entries of the history, at least")
    parser.add_argument("--output", type=Path, help="folder of results.json, results.md, cost.svg")
    arguments = parser.parse_args()
    results = {
        "machine": {
            "at": datetime.now().astimezone().isoformat(timespec="seconds"),
            "processor": processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "django": django.__version__,
            "load_before": os.getloadavg()[0],
        },
        "databases": {},
    }
    with TemporaryDirectory(prefix="bench-") as folder, databases(Path(folder)) as urls:
        for name, url in urls.items():
            print(f"\n{report.DATABASES[name]}", file=sys.stderr)
            results["databases"][name] = measured(url, Path(folder) / name, arguments)
    results["machine"]["load_after"] = os.getloadavg()[0]
    print(report.page(results))
    if arguments.output:
        report.save(arguments.output, results)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
