import json
import os
import shutil
from contextlib import ExitStack
from uuid import uuid4

import pytest
from django.db import connection

from tests.conftest import PASSWORD, RUC
from tests.places import empty_database, manage
from tests.server import Answer, Browser, Server

# A real installation's key and names.
KEY = "".join(chr(33 + n) for n in range(60))
PRODUCTION = {"SECRET_KEY": KEY, "ALLOWED_HOSTS": "portal.example"}
BEHIND_PROXY = PRODUCTION | {"BEHIND_TLS_PROXY": "true", "TRUSTED_PROXIES": "127.0.0.1/32"}

# Report what a database holds, and whether sign-in and the protected history work.
EXAMINE = """
import json
from django.apps import apps
from django.db import Error, connection
from django.test import Client
from users.models import AuditEntry, User

def is_refused(change):
    try:
        change()
    except Error as error:
        return "append-only" in str(error)
    return False

with connection.cursor() as cursor:
    if connection.vendor == "sqlite":
        cursor.execute("PRAGMA integrity_check")
        intact = cursor.fetchone()[0]
    else:
        intact = "ok"  # pg_restore has built every index and constraint anew
connection.check_constraints()
counts = {str(model._meta): model.objects.count() for model in apps.get_models()}
copied = User.objects.filter(username__startswith="COPIA")
entries = AuditEntry.objects.filter(action="user.created", subject__in=copied)
sign_in = {"ruc": "20999999043", "username": "TITULAR1", "password": "Practica2026"}
print(json.dumps({
    "intact": intact,
    "counts": counts,
    "copied": copied.count(),
    "entries": entries.count(),
    "whole": set(entries.values_list("subject", flat=True)) == set(copied.values_list("pk", flat=True)),
    "sign_in": Client().post("/ingresar/", sign_in, headers={"Host": "localhost"}).status_code,
    "protected": is_refused(lambda: AuditEntry.objects.update(action="x"))
    and is_refused(lambda: AuditEntry.objects.all()._raw_delete("default")),
}))
"""


def load_demo(place: str) -> None:
    code = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("load_demo")
"""
    manage(place, "shell", "--verbosity", "0", "--command", code)


def examine(place: str) -> dict:
    return json.loads(manage(place, "shell", "--verbosity", "0", "--command", EXAMINE))


@pytest.fixture(scope="session")
def demo(make_place):
    """An installation with the demo data, to be copied."""
    place = make_place()
    load_demo(place)
    return place


@pytest.fixture(scope="module")
def place(make_place, demo):
    """An installation with the demo data, for the tests of one file."""
    return make_place(demo)


# The users whose usuario is a number from 93000000 on, and those of them whose creation is recorded.
MADE = """
import json
from users.models import AuditEntry, User

made = User.objects.filter(username__startswith="93").order_by("username")
entries = AuditEntry.objects.filter(action="user.created", subject__in=made).order_by("subject")
print(json.dumps([list(rows) for rows in (
    made.values_list("username", flat=True),
    entries.values_list("subject__username", flat=True),
)]))
"""


def made_and_recorded(place: str) -> tuple[list[str], list[str]]:
    return json.loads(manage(place, "shell", "--verbosity", "0", "--command", MADE))


class Person(Browser):
    """A browser whose forms pass the CSRF check: the cookie is all that it compares."""

    def __init__(self) -> None:
        super().__init__()
        self.cookies["csrftoken"] = "c" * 32

    def post(self, server: Server, path: str, **form: str) -> Answer:
        return super().post(server, path, form | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})

    def sign_in(self, server: Server, username="TITULAR1", password=PASSWORD, ruc=RUC) -> Answer:
        return self.post(server, "/ingresar/", ruc=ruc, username=username, password=password)


@pytest.fixture(scope="session")
def make_place(tmp_path_factory):
    """make_place(copied) returns the address of an empty database, or of a copy of another one."""
    folder = tmp_path_factory.mktemp("places")
    with ExitStack() as databases:

        def make(copied: str | None = None) -> str:
            if connection.vendor == "sqlite":
                file = folder / uuid4().hex
                if copied:
                    shutil.copy(copied.removeprefix("sqlite:///"), file)
                return f"sqlite:///{file}"
            options = f"TEMPLATE {copied.rpartition('/')[2]}" if copied else ""
            return databases.enter_context(empty_database(os.environ["DATABASE_URL"], options))

        yield make
