"""``make bench``: SQLite, and PostgreSQL where DATABASE_URL names one, each in a process of its own."""

import argparse
import os
import secrets
import sys
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from tests.places import ROOT, empty_database, run

PRODUCTION = {
    "DEMO": "false",
    "SECRET_KEY": secrets.token_urlsafe(50),
    "ALLOWED_HOSTS": "portal.example",
    "BEHIND_TLS_PROXY": "true",
    "TRUSTED_PROXIES": "127.0.0.1/32",
    "WEB_WORKERS": "2",
    "WEB_THREADS": "8",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="show little of everything, write nothing"
    )
    is_quick = parser.parse_args().quick
    parts = [
        f"# Cuánto cuesta\n\nLo escribe `make bench`: [cómo se mide](method.md). {os.cpu_count()} "
        f"núcleos, Python {sys.version.split()[0]}, Django {django.__version__}, "
        f"{date.today():%d/%m/%Y}; carga de la máquina al empezar, {os.getloadavg()[0]:.0f}."
    ]
    scale, named = "QUICK" if is_quick else "Scale()", os.environ.get("DATABASE_URL", "")
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="bench-"))
        urls = [f"sqlite:///{folder}/bench.sqlite3"]
        if named.startswith("postgres"):
            urls.append(stack.enter_context(empty_database(named)))
        code = f"from tests.bench import data, measuring; measuring.main(data.{scale}, {folder!r})"
        for url in urls:
            print(f"{url.partition(':')[0]}…", file=sys.stderr)
            command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", code]
            parts.append(run(command, url, **PRODUCTION).rstrip())
    page = "\n\n".join(parts)
    print(page)
    if not is_quick:
        Path(ROOT, "docs/benchmarks/results.md").write_text(f"{page}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
