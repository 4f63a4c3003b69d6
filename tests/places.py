"""Installations of their own, for what one database and one process cannot show."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

ROOT = Path(__file__).resolve().parents[1]


def environment(place: str) -> dict[str, str]:
    named = {"DATABASE_URL": place, "DEMO": "true", "DEBUG": "false"}
    # What the tests ask of Django for Playwright's sake, no server starts with.
    return os.environ | named | {"DJANGO_ALLOW_ASYNC_UNSAFE": ""}


def run(command: list[str], place: str, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(place) | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def manage(place: str, *arguments: str) -> str:
    return run([sys.executable, "manage.py", *arguments], place)


@contextmanager
def empty_database(beside: str, options: str = "") -> Iterator[str]:
    """The address of a PostgreSQL database beside the one named, dropped after the block."""
    name = f"comunidad_{uuid4().hex}"
    with psycopg.connect(beside, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} {options}")
        try:
            yield urlsplit(beside)._replace(path=f"/{name}").geturl()
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
