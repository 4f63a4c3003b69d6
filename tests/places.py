"""Installations of their own, for what one database and one process cannot show."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

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


def on_server(statement: str):
    server = connection.settings_dict
    address = make_conninfo(
        host=server["HOST"],
        port=server["PORT"],
        user=server["USER"],
        password=server["PASSWORD"],
        dbname="postgres",
    )
    with psycopg.connect(address, autocommit=True) as server_connection:
        server_connection.execute(statement)
