"""The backup of docs/operacion.md: taken during writes, restored into an empty database.

The commands are the page's own, so the page cannot be wrong about them.
"""

import re
import subprocess
import sys

import pytest
from django.db import connection

from tests.places import ROOT, environment, run
from tests.portal.conftest import examine

PAGE = (ROOT / "docs" / "operacion.md").read_text(encoding="utf-8")
ENGINE = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]

# A principal creates users until the process is killed.
WRITE = """
from itertools import count
from users.actions import accounts
from users.history.recording import Actor
from users.models import AuditEntry, User

principal = User.objects.get(operator__ruc="20999999043", is_principal=True)
actor = Actor(principal, AuditEntry.Channel.COMMAND)
for number in count():
    accounts.create_secondary_user(
        actor=actor, username=f"COPIA{number:03}", password="Practica2026",
        document_type="1", document_number=str(91000000 + number),
        first_name="Ana", last_name="Ficticia",
    )
    print(number, flush=True)
"""


def documented(title: str) -> str:
    """Return the commands under a heading of the page."""
    section = PAGE.split(f"### {ENGINE}: {title}\n")[1]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1]


@pytest.fixture
def origin(make_place, demo):
    return make_place(demo)


@pytest.fixture
def writer(origin):
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--verbosity", "0", "--command", WRITE],
        cwd=ROOT,
        env=environment(origin),
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_a_backup_taken_during_writes_is_consistent_and_works(origin, writer, make_place, tmp_path):
    before = [writer.stdout.readline() for _ in range(5)]
    assert before[-1] == "4\n"
    copy = str(tmp_path / "copia")
    shell = ["bash", "-euc"]
    run([*shell, documented("copiar")], origin, BASE=file_of(origin), COPIA=copy)
    assert writer.poll() is None, "the writer has ended"
    assert writer.stdout.readline()
    writer.kill()

    restored = make_place()
    run([*shell, documented("restaurar")], restored, BASE=file_of(restored), COPIA=copy)

    found, original = examine(restored), examine(origin)
    assert found["intact"] == original["intact"] == "ok"
    assert 5 <= found["copied"] <= original["copied"]
    assert found["entries"] == found["copied"]
    assert found["whole"]
    assert found["sign_in"] == 302
    assert found["protected"]
    # The tables that the writer did not touch are equal; of the others the finished rows are there.
    untouched = set(found["counts"]) - {"users.user", "users.auditentry", "users.session"}
    assert {name: found["counts"][name] for name in untouched} == {
        name: original["counts"][name] for name in untouched
    }
    missing = original["copied"] - found["copied"]
    assert original["counts"]["users.user"] - found["counts"]["users.user"] == missing


def file_of(place: str) -> str:
    return place.removeprefix("sqlite:///")
