"""From SQLite to PostgreSQL: everything arrives as it was, and the portal goes on with it."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from django.db import connection

from tests.places import ROOT, environment, manage
from tests.portal.conftest import examine, load_demo

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="moves to PostgreSQL")

# Rows in every table of the portal; ends with the cookie of a session.
LIVE = """
from io import BytesIO
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from profiles.actions.templates import save_template
from profiles.load import files
from profiles.load.actions import make_plan
from profiles.models import Option
from tests.conftest import Telephone, acting, fail_to_sign_in
from users.actions import classrooms
from users.models import User

principal = User.objects.get(operator__ruc="20999999043", is_principal=True)
other = User.objects.get(operator__ruc="20999999019", is_principal=True)
Telephone(other)
fail_to_sign_in(other)
actor, leaf = acting(principal), Option.objects.offered_to(principal.operator).first()
save_template(actor=actor, name="De siempre", options=[leaf.code], roles=[])
sheet = files.read(BytesIO("Usuario,Nombres\\nNADIE001,Ñusta".encode()))
make_plan(actor=actor, operator=principal.operator, sheet=sheet, file_name="usuarios.csv")
admin = User.objects.get(username="admin")
admin.user_permissions.set(Permission.objects.all()[:3])
classrooms.open_classroom(
    actor=acting(admin), name="Mañana", operator_types=["AGENTE_ADUANA"], days=7, number=1
)
LogEntry.objects.log_actions(admin.pk, User.objects.all(), CHANGE, "Cambió")
sign_in = {"ruc": "20999999043", "username": "TITULAR1", "password": "Practica2026"}
client = Client(headers={"Host": "localhost"})
assert client.post("/ingresar/", sign_in).status_code == 302
print(client.cookies["sessionid"].value)
"""

# Every row of every table, by the name of its model.
DUMP = """
import json
from django.apps import apps

print(json.dumps({
    model._meta.label: sorted(
        json.dumps(row, default=str, sort_keys=True, ensure_ascii=False)
        for row in model._base_manager.values_list()
    )
    for model in apps.get_models(include_auto_created=True)
}))
"""

# The session goes on, and a new row of each table takes a number that is free.
GO_ON = """
from django.test import Client
from users.actions import accounts
from tests.conftest import acting, person
from users.models import AuditEntry, User

client = Client(headers={"Host": "localhost"})
client.cookies["sessionid"] = COOKIE
page = client.get("/")
assert page.status_code == 200 and "TITULAR1" in page.content.decode()
principal = User.objects.get(operator__ruc="20999999043", is_principal=True)
before = AuditEntry.objects.latest("pk").pk
made = accounts.create_secondary_user(
    actor=acting(principal), username="DESPUES1", password="Practica2026", **person(91000000)
)
assert made.creation.pk == before + 1
"""

RENAME_A_ROLE = (
    "UPDATE profiles_role SET name = ? WHERE code = (SELECT max(code) FROM profiles_role)"
)


def shell(place: str, code: str) -> str:
    return manage(place, "shell", "--verbosity", "0", "--command", code)


def refused(place: str, target: str) -> str:
    """Return why the move is refused."""
    done = subprocess.run(
        [sys.executable, "manage.py", "move_to", target],
        cwd=ROOT,
        env=environment(place),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_portal_moves_from_sqlite_to_postgresql_with_everything(make_place, tmp_path):
    file = tmp_path / "db.sqlite3"
    source, target = f"sqlite:///{file}", make_place()
    load_demo(source)
    cookie = shell(source, LIVE).strip()

    assert "debe ser PostgreSQL" in refused(source, source)
    assert "ya es PostgreSQL" in refused(target, target)
    with closing(sqlite3.connect(file)) as portal:
        portal.execute("PRAGMA journal_mode=WAL")  # as portal/settings.py has it
        portal.execute("SELECT * FROM users_user LIMIT 1").fetchall()
        assert "detenga el portal" in refused(source, target)
    # SQLite does not hold a text to its length. What is refused leaves nothing behind.
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(RENAME_A_ROLE, ["x" * 999])
    assert "PostgreSQL no acepta rol" in refused(source, target)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(RENAME_A_ROLE, ["Otro nombre"])

    manage(source, "move_to", target)
    left, arrived = json.loads(shell(source, DUMP)), json.loads(shell(target, DUMP))
    assert arrived == left
    empty = {label for label, rows in left.items() if not rows}
    assert empty <= {
        "auth.Group",
        "auth.Group_permissions",
        "users.User_groups",
        "sessions.Session",
        # Answers of the API, which are kept for a day.
        "users.KeptAnswer",
    }
    assert "no está vacía" in refused(source, target)

    shell(target, GO_ON.replace("COOKIE", repr(cookie)))
    found = examine(target)
    assert found["protected"]
    assert found["sign_in"] == 302
