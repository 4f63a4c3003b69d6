"""Applies a plan in processes that are killed, and prints what each attempt left, as JSON.

Each process opens its own copy of one database and kills itself after a number of statements;
another process continues with what it left.
"""

import json
import os
import shutil
import signal
import sys
from io import BytesIO
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection

# The time between two kills.
STEP = 2


def prepare() -> None:
    """Make an operator with a plan: two batches of passwords, a change, an option and a role."""
    from profiles.catalog import reading
    from profiles.catalog.loading import load_catalog
    from profiles.load import actions, files
    from tests.conftest import PASSWORD, RUC, SMALL_CATALOG, person
    from tests.profiles.load.conftest import as_csv, new_user, table
    from users.actions import accounts, operators
    from users.history.recording import Actor
    from users.models import User

    call_command("migrate", verbosity=0)
    load_catalog(reading.read(SMALL_CATALOG), actor=Actor.server())
    staff = Actor(User.objects.create_superuser("admin", password="una-clave-larga"), "load")
    operator = operators.create_operator(
        actor=staff,
        ruc=RUC,
        name="Empresa de Práctica",
        operator_types=["AGENTE_ADUANA"],
        username="TITULAR1",
        password=PASSWORD,
        **person(90000001),
    )
    accounts.create_secondary_user(
        actor=Actor(operator.users.get(), "load"),
        username="JPEREZ01",
        password=PASSWORD,
        **person(90000002),
    )
    grants = {"Opciones": "90.1.1.1.1", "Roles": "NSIGAD.AGENTEADUANA.DESPACHO"}
    people = [new_user(number, **grants) for number in range(1, 4)]
    people[0]["Clave"] = ""
    changed = new_user(0) | {"Usuario": "JPEREZ01", "Estado": "Suspendido"}
    people = [{"Estado": "", **one} for one in [*people, changed]]
    actions.make_plan(
        actor=staff,
        operator=operator,
        sheet=files.read(BytesIO(as_csv(*table(*people)))),
        file_name="usuarios.csv",
    )
    connection.close()


def apply(killed_after: int) -> None:
    from profiles.load import applying
    from profiles.models import LoadPlan
    from users.history.recording import Actor
    from users.models import User

    applying.HASHED_AT_ONCE = 2
    left = killed_after

    def count(execute, sql, params, many, context):
        nonlocal left
        result = execute(sql, params, many, context)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    with connection.execute_wrapper(count):
        actor = Actor(User.objects.get(username="admin"), "load")
        plan = LoadPlan.objects.select_related("operator").get()
        applying.start_applying(actor=actor, plan=plan)
        plan.refresh_from_db(fields=["state"])
        if not killed_after:
            # As if LEASE had passed since the kill.
            LoadPlan.objects.update(worked_until=None)
        applying.keep_applying(actor=actor, plan=plan, seconds=60)


def left_behind() -> dict:
    """Return everything that an uninterrupted run leaves, except salts and times."""
    from profiles.load import applying
    from profiles.models import LoadPlan, OptionGrant, RoleGrant
    from users.history.recording import Actor
    from users.models import AuditEntry, User

    with connection.cursor() as cursor:
        integrity = cursor.execute("PRAGMA integrity_check").fetchall()
    new = User.objects.filter(username__startswith="NUEVO")
    plan = LoadPlan.objects.select_related("operator").get()
    found = {
        "integrity": integrity,
        "state": plan.state,
        "users": [*User.objects.values_list("username", "state", "first_name", "search_text")],
        "entries": [
            *AuditEntry.objects.order_by("pk").values_list("action", "subject", "before", "after")
        ],
        "options": [*OptionGrant.objects.values_list("user", "option")],
        "roles": [*RoleGrant.objects.values_list("user", "role")],
        "claves given": [user.username for user in new if user.check_password("Practica2026")],
    }
    handed = applying.hand_over(actor=Actor(User.objects.get(username="admin"), "load"), plan=plan)
    found["claves generated"] = [
        (username, new.get(username=username).check_password(password))
        for username, password in handed
    ]
    return found


def in_a_process(act, *arguments):
    """Return what ``act`` returns in a process of its own; None if the process is killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, json.dumps(act(*arguments), default=str).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, -signal.SIGKILL):
        raise RuntimeError("the process failed, and was not killed")
    return json.loads(told) if told else None


def run(database: Path, killed_after: int) -> dict:
    connection.settings_dict["NAME"] = str(database)
    apply(killed_after)
    return left_behind()


def look(database: Path) -> int:
    from users.models import User

    connection.settings_dict["NAME"] = str(database)
    return User.objects.filter(username__startswith="NUEVO").count()


def main() -> None:
    django.setup()
    settings.PASSWORD_HASHERS = ["tests.values.FastHasher"]
    start = Path(connection.settings_dict["NAME"])
    prepare()

    def attempt(killed_after: int):
        database = start.with_stem(str(killed_after))
        shutil.copy(start, database)
        whole = in_a_process(run, database, killed_after)
        return database, whole

    _, undisturbed = attempt(0)
    attempts, killed_after = [], 1
    while True:
        database, whole = attempt(killed_after)
        if whole is not None:
            break
        attempts.append(
            {"new users": in_a_process(look, database), "after": in_a_process(run, database, 0)}
        )
        killed_after += STEP
    json.dump({"undisturbed": undisturbed, "attempts": attempts}, sys.stdout)


if __name__ == "__main__":
    main()
