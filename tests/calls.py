"""How each action is called. A call reads its own accounts, so it can be made again."""

from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO

import pyotp
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import transaction

from operators.models import Classroom, Fault, Operator
from profiles.actions import creation, exercises, grants, templates, undo, validity
from profiles.actions import practice as practice_data
from profiles.catalog import loading, reading
from profiles.catalog import rows as catalog_rows
from profiles.load import actions as load_actions
from profiles.load import applying, files
from profiles.models import AccessTemplate, Exercise, LoadPlan, Option
from profiles.tables import rows
from tests.conftest import (
    OTHER_RUC,
    PASSWORD,
    RUC,
    SMALL_CATALOG,
    acting,
    person,
)
from users.actions import (
    accounts,
    bulk,
    classrooms,
    operators,
    passwords,
    practice,
    signing_in,
    staff,
)
from users.models import User

OPTION, OTHER_OPTION = "90.1.1.1.1", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
SECRET = pyotp.random_base32()
# Of the principal; known, so that another process can use one.
RECOVERY_CODES = [letter * 16 for letter in "ABCDEFGHIJ"]

# A catalogue in which a row is new, another changed, another gone, and a link another.
CHANGED_CATALOG = "".join(
    line.replace("Despachador", "Despachador de aduana").replace("90.2", "90.3")
    for line in SMALL_CATALOG.splitlines(keepends=True)
    if "11.9.1.1.2" not in line
)


def principal() -> User:
    return User.objects.get(operator__ruc=RUC, is_principal=True)


def secondary() -> User:
    return User.objects.get(operator__ruc=RUC, username="JPEREZ01")


def staff_actor():
    return acting(User.objects.staff().get())


def sheet() -> rows.Sheet:
    """What changes the user in every respect."""
    rows = "Usuario,Nombres,Estado,Opciones,Roles\nJPEREZ01,Otra,suspendido,11.9.1.1.1,"
    return files.read(BytesIO(rows.encode()))


def sheet_to_correct() -> rows.Sheet:
    """What has one error, with a correction."""
    return files.read(BytesIO("Usuario,Número de documento\nJPEREZ01,12345".encode()))


def plan(state: str, *, corrections: int = 0) -> LoadPlan:
    plans = LoadPlan.objects.select_related("operator")
    return plans.get(state=state, corrections=corrections)


def plan_left_alone() -> LoadPlan:
    """Return the plan that is being applied, as if its last request had been killed long ago."""
    with transaction.atomic():
        LoadPlan.objects.update(worked_until=None)
    return plan("applying")


# It prepares a user; of the goal, who cannot use an option, nothing is met.
EXERCISES = f"""
[[exercises]]
code = "de-prueba"
title = "De prueba"
brief = "Dele a ANUEVA01 las dos opciones."
points = 10
hints = ["Una.", "Otra."]
activation_delay = 24
operator_types = ["AGENTE_ADUANA"]
[[exercises.people]]
username = "ANUEVA01"
document_number = "90000080"
first_name = "Ana"
last_name = "Nueva"
options = ["{OPTION}"]
with_roles = true
state = "suspended"
[[exercises.goal]]
username = "ANUEVA01"
state = "active"
options = ["{OPTION}", "{OTHER_OPTION}"]
can = ["{OPTION}", "{OTHER_OPTION}"]
"""


def file_of(text: str) -> BytesIO:
    return BytesIO(text.encode())


def exercise() -> Exercise:
    return Exercise.objects.get()


# How each action is called; every call reads its own accounts, so it can be made again.
CALLS: dict[Callable, Callable] = {
    accounts.create_secondary_user: lambda action: action(
        actor=acting(principal()), username="NUEVO001", password=PASSWORD, **person(90000050)
    ),
    creation.create_user_with_access: lambda action: action(
        actor=acting(principal()),
        username="NUEVO001",
        password=PASSWORD,
        valid_until=date(2027, 1, 1),
        options=[OTHER_OPTION],
        roles=[ROLE],
        **person(90000050),
    ),
    operators.create_operator: lambda action: action(
        actor=staff_actor(),
        ruc="20999999027",
        name="Empresa Nueva de Práctica",
        operator_types=["AGENTE_ADUANA", "TRANSPORTISTA"],
        username="TITULAR1",
        password=PASSWORD,
        **person(90000051),
    ),
    operators.change_operator: lambda action: action(
        actor=staff_actor(),
        operator=principal().operator,
        name="Otro Nombre de Práctica",
        operator_types=["TRANSPORTISTA"],
        is_active=False,
    ),
    accounts.suspend_user: lambda action: action(actor=acting(principal()), user=secondary()),
    accounts.reactivate_user: lambda action: action(
        actor=acting(principal()), user=User.objects.get(username="QUIETO01")
    ),
    accounts.eliminate_user: lambda action: action(actor=acting(principal()), user=secondary()),
    accounts.change_user: lambda action: action(
        actor=acting(principal()),
        user=secondary(),
        seen=accounts.editable_facts(secondary()),
        valid_from=None,
        valid_until=date(2027, 1, 1),
        email="",
        **person(90000060),
    ),
    accounts.change_states: lambda action: action(
        actor=acting(principal()),
        users=[secondary(), User.objects.get(username="QUIETO01")],
        state=User.State.ELIMINATED,
    ),
    passwords.reset_password: lambda action: action(
        actor=acting(principal()), user=secondary(), password="Distinta1"
    ),
    passwords.change_own_password: lambda action: action(
        actor=acting(secondary()), password="Distinta1"
    ),
    signing_in.close_sessions: lambda action: action(actor=acting(principal()), user=secondary()),
    signing_in.unlock_user: lambda action: action(actor=acting(principal()), user=secondary()),
    signing_in.turn_on_second_factor: lambda action: action(
        actor=acting(secondary()), secret=SECRET, code=pyotp.TOTP(SECRET).now()
    ),
    signing_in.turn_off_second_factor: lambda action: action(actor=staff_actor(), user=principal()),
    signing_in.make_recovery_codes: lambda action: action(actor=acting(principal())),
    signing_in.use_code: lambda action: action(actor=acting(principal()), code=RECOVERY_CODES[0]),
    signing_in.seal_secrets_anew: lambda action: action(actor=staff_actor()),
    staff.save_staff: lambda action: action(
        actor=staff_actor(),
        user=User(username="otra.persona", password=make_password(PASSWORD), is_staff=True),
        groups=Group.objects.all(),
    ),
    staff.save_group: lambda action: action(
        actor=staff_actor(),
        group=Group.objects.get(),
        permissions=Permission.objects.filter(codename="view_user"),
    ),
    staff.delete_group: lambda action: action(actor=staff_actor(), group=Group.objects.get()),
    staff.record_superuser: lambda action: action(User, user=User.objects.staff().get()),
    operators.change_principal: lambda action: action(actor=staff_actor(), user=secondary()),
    operators.advance_clock: lambda action: action(
        actor=staff_actor(), operator=principal().operator, by=timedelta(hours=24)
    ),
    operators.return_to_real_time: lambda action: action(
        actor=staff_actor(), operator=Operator.objects.get(ruc=OTHER_RUC)
    ),
    operators.set_activation_delay: lambda action: action(
        actor=staff_actor(), operator=principal().operator, delay=timedelta(hours=24)
    ),
    practice.create: lambda action: action(
        actor=staff_actor(), operator_types=["AGENTE_ADUANA", "TRANSPORTISTA"]
    ),
    practice.reset: lambda action: action(actor=acting(principal()), operator=principal().operator),
    practice_data.delete_templates_and_plans: lambda action: action(
        Operator, actor=staff_actor(), operator=principal().operator
    ),
    practice.issue_token: lambda action: action(
        actor=acting(principal()), operator=principal().operator
    ),
    practice.set_fault: lambda action: action(
        actor=acting(principal()),
        operator=principal().operator,
        fault=Fault.DOWN,
        seconds=60,
    ),
    practice.close: lambda action: action(actor=staff_actor(), operator=principal().operator),
    practice.close_ended: lambda action: action(actor=staff_actor()),
    classrooms.open_classroom: lambda action: action(
        actor=staff_actor(),
        name="Turno tarde",
        operator_types=["AGENTE_ADUANA", "TRANSPORTISTA"],
        days=2,
        number=2,
        trainees="Ana Ruiz",
    ),
    classrooms.add_companies: lambda action: action(
        actor=staff_actor(), classroom=Classroom.objects.get(), number=2
    ),
    classrooms.name_trainees: lambda action: action(
        actor=staff_actor(), classroom=Classroom.objects.get(), trainees="Ana Ruiz", seen=""
    ),
    classrooms.reset: lambda action: action(actor=staff_actor(), classroom=Classroom.objects.get()),
    classrooms.close: lambda action: action(actor=staff_actor(), classroom=Classroom.objects.get()),
    classrooms.reopen: lambda action: action(
        actor=staff_actor(), classroom=Classroom.objects.get(), days=3
    ),
    grants.assign_access: lambda action: action(
        actor=acting(principal()),
        user=secondary(),
        options=[OTHER_OPTION],
        roles=[],
        seen_options=[OPTION],
        seen_roles=[ROLE],
    ),
    undo.undo: lambda action: action(
        actor=acting(principal()),
        user=User.objects.get(username="QUIETO01"),
        seen=User.objects.get(username="QUIETO01").audit_entries.latest("pk").pk,
    ),
    validity.set_validity: lambda action: action(
        actor=acting(principal()),
        user=secondary(),
        options={OPTION: (date(2026, 1, 1), None)},
        roles={ROLE: (None, date(2030, 1, 1))},
        seen=validity.validity_facts(secondary()),
    ),
    templates.save_template: lambda action: action(
        actor=acting(principal()), name="Nueva", options=[OPTION], roles=[ROLE]
    ),
    templates.delete_template: lambda action: action(
        actor=acting(principal()), template=AccessTemplate.objects.get(name="De siempre")
    ),
    grants.assign_options: lambda action: action(
        actor=acting(principal()), user=secondary(), codes=[OTHER_OPTION], seen=[OPTION]
    ),
    grants.assign_roles: lambda action: action(
        actor=acting(principal()),
        user=secondary(),
        codes=["NSIGAD.AGENTEADUANA.CONSULTA"],
        seen=[ROLE],
    ),
    loading.load_catalog: lambda action: action(reading.read(CHANGED_CATALOG), actor=staff_actor()),
    catalog_rows.save_row: lambda action: action(
        actor=staff_actor(),
        row=Option(code="90.7", name="Otra", source="x", profile_id="ADUANEROS", is_folder=True),
        links={"roles": []},
    ),
    bulk.load_accounts: lambda action: action(
        actor=acting(principal()),
        operator=principal().operator,
        new=[
            User(
                username="NUEVO001",
                password=make_password(PASSWORD),
                state=User.State.SUSPENDED,
                valid_from=date(2026, 1, 1),
                **person(90000070),
            )
        ],
        changed=[(secondary(), {"first_name": "Otra", "state": User.State.SUSPENDED})],
    ),
    grants.load_access: lambda action: action(
        actor=acting(principal()),
        operator=principal().operator,
        options=[(secondary(), [OPTION], [OTHER_OPTION])],
        roles=[(secondary(), [ROLE], [])],
    ),
    load_actions.make_plan: lambda action: action(
        actor=acting(principal()),
        operator=principal().operator,
        sheet=sheet(),
        file_name="usuarios.csv",
    ),
    load_actions.discard: lambda action: action(actor=acting(principal()), plan=plan("ready")),
    load_actions.accept_corrections: lambda action: action(
        actor=acting(principal()), plan=plan("ready", corrections=1)
    ),
    load_actions.make_plan_again: lambda action: action(
        actor=acting(principal()), plan=plan("stale")
    ),
    applying.start_applying: lambda action: action(actor=acting(principal()), plan=plan("ready")),
    # Of users who are all there: what is hashed of new ones is meant to stay.
    applying.keep_applying: lambda action: action(
        actor=acting(principal()), plan=plan_left_alone(), seconds=1
    ),
    applying.hand_over: lambda action: action(actor=acting(principal()), plan=plan("applied")),
    exercises.load_exercises: lambda action: action(
        actor=staff_actor(),
        file=file_of(EXERCISES.replace("De prueba", "Otro") + EXERCISES.replace("de-", "")),
    ),
    exercises.start: lambda action: action(actor=acting(principal()), exercise=exercise()),
    exercises.take_hint: lambda action: action(
        actor=acting(principal()), exercise=exercise(), seen=0
    ),
    exercises.check: lambda action: action(actor=acting(principal()), exercise=exercise()),
}
