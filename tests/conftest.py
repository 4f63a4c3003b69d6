"""The world of the tests: a small catalogue, two operators, and the people in them."""

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pyotp
import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.test import Client, TransactionTestCase
from django.utils import timezone

from operators.models import Classroom, Operator, OperatorType
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.templates import save_template
from profiles.catalog import reading
from profiles.catalog.loading import load_catalog
from profiles.load import files
from profiles.load.actions import make_plan
from profiles.models import AccessTemplate, Exercise, Option, Profile, Role
from tests.payloads import PAYLOADS, fill, fill_administration
from users.actions import accounts, operators, signing_in
from users.history import append_only
from users.history.recording import Actor, record
from users.models import AuditEntry, SecondFactor, Session, User
from users.signin import throttle

# Playwright's loop lives in the thread of the tests, and Django takes it for asynchronous code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

RUC = "20999999043"
OTHER_RUC = "20999999019"
PASSWORD = "Practica2026"

VISITORS = ["anonymous", "secondary", "colleague", "principal", "stranger", "staff"]

# Two types, one folder inside another, an option for one type, for the other, for both, one that
# asks for no role, and two of the same name.
SMALL_CATALOG = """
operator_types = [
  { code = "AGENTE_ADUANA", name = "Agente de aduana", source = "cartilla" },
  { code = "TRANSPORTISTA", name = "Transportista", source = "cartilla" },
]
profiles = [
  { code = "ADUANEROS", name = "Mis Trámites Aduaneros", source = "cartilla" },
  { code = "TRIBUTARIOS", name = "Comprobantes de pago", source = "público" },
]
roles = [
  { code = "NSIGAD.AGENTEADUANA.DESPACHO", name = "Despachador", operator_type = "AGENTE_ADUANA", permits = "Permite numerar declaraciones.", source = "supuesto" },
  { code = "NSIGAD.AGENTEADUANA.CONSULTA", name = "Consulta de despacho", operator_type = "AGENTE_ADUANA", permits = "Permite consultar.", source = "supuesto" },
  { code = "NSIGAD.TRANSPORTISTA.TRANSMISOR", name = "Transmisor", operator_type = "TRANSPORTISTA", permits = "Permite transmitir manifiestos.", source = "supuesto" },
]
options = [
  { code = "90.1", profile = "ADUANEROS", name = "Despacho", source = "supuesto" },
  { code = "90.1.1", profile = "ADUANEROS", parent = "90.1", name = "Declaraciones", source = "supuesto" },
  { code = "90.1.1.1.1", profile = "ADUANEROS", parent = "90.1.1", name = "Numeración de la declaración", purpose = "Aquí se numera.", operator_types = ["AGENTE_ADUANA"], roles = ["NSIGAD.AGENTEADUANA.DESPACHO"], source = "supuesto" },
  { code = "90.1.1.1.2", profile = "ADUANEROS", parent = "90.1.1", name = "Rectificación electrónica", purpose = "Aquí se rectifica.", operator_types = ["AGENTE_ADUANA"], roles = ["NSIGAD.AGENTEADUANA.DESPACHO"], source = "supuesto" },
  { code = "90.1.2.1.1", profile = "ADUANEROS", parent = "90.1", name = "Consulta de canal", purpose = "Aquí se consulta.", operator_types = ["AGENTE_ADUANA", "TRANSPORTISTA"], roles = ["NSIGAD.AGENTEADUANA.CONSULTA", "NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.TRANSPORTISTA.TRANSMISOR"], source = "supuesto" },
  { code = "90.2", profile = "ADUANEROS", name = "Manifiesto de carga", source = "supuesto" },
  { code = "90.2.1.1.1", profile = "ADUANEROS", parent = "90.2", name = "Transmisión del manifiesto", purpose = "Aquí se transmite.", operator_types = ["TRANSPORTISTA"], roles = ["NSIGAD.TRANSPORTISTA.TRANSMISOR"], source = "supuesto" },
  { code = "11.9", profile = "TRIBUTARIOS", name = "Envío de documentos", source = "público" },
  { code = "11.9.1.1.1", profile = "TRIBUTARIOS", parent = "11.9", name = "Servicio Web", purpose = "Aquí se envía.", operator_types = ["AGENTE_ADUANA", "TRANSPORTISTA"], roles = [], source = "público" },
  { code = "11.9.1.1.2", profile = "TRIBUTARIOS", parent = "11.9", name = "Servicio Web", purpose = "Aquí se envía.", operator_types = ["AGENTE_ADUANA", "TRANSPORTISTA"], roles = [], source = "público" },
]
"""


# Left out of `make test-fast`: real servers and processes, races, every value in every field, every
# page with many rows.
SLOW = {
    "bench": "measures",
    "portal/test_only_with_demo.py": "starts processes",
    "portal/sol/test_published_clients.py": "installs packages from the registry",
    "portal/test_backup.py": "copies databases while another process writes",
    "portal/test_classroom.py": "starts the production server, and a class works on it",
    "portal/test_load_demo.py": "loads the practice data again and again",
    "portal/test_migrations.py": "undoes and repeats every migration",
    "portal/test_move_to.py": "moves a whole database",
    "portal/test_pooler.py": "starts a production server behind a pooler",
    "portal/test_production.py": "starts the production server",
    "portal/test_proxy.py": "starts nginx and the production server",
    "portal/test_standby.py": "lets one PostgreSQL take the place of another",
    "portal/test_testers.py": "loads the practice data",
    "portal/test_two_processes.py": "starts two production servers",
    "portal/test_upgrade.py": "undoes and repeats migrations",
    "profiles/test_access_property.py": "makes hundreds of worlds",
    "profiles/exercises/test_shipped.py": "does every exercise in a company of every type",
    "profiles/load/test_crash.py": "kills processes",
    "profiles/load/test_files.py": "reads the largest files",
    "test_claves_everywhere.py": "sends every password by every path",
    "test_access_matrix.py": "opens every page as every visitor",
    "test_actions_all_or_nothing.py": "kills processes",
    "test_admin_lists.py": "asks every list of the administration for every lookup",
    "test_hostile_input.py": "sends every value to every field",
    "test_list_plans.py": "makes thousands of rows",
    "test_markup.py": "opens every page with hostile text",
    "test_methods.py": "asks every route by every method",
    "test_query_cost.py": "opens every page with many rows",
    "test_races.py": "waits for threads",
    "test_staff_power.py": "sends every form with every permission",
    "test_tenants.py": "opens every page of every tenant",
    "users/test_create_races.py": "waits for threads",
    "users/test_overload.py": "waits for threads",
    "users/throttle/test_at_once.py": "waits for threads",
}

# Run on SQLite only, because no database can change the result (decision 7).
ON_ONE_DATABASE = {
    "portal/sol/test_published_clients.py": "a client sees the answers, not the database",
    "profiles/load/test_files.py": "reading a file makes no query",
    "test_markup.py": "a page escapes text from either database alike",
    "test_query_cost.py": "the number of queries is the same on both",
}


def pytest_collection_modifyitems(items) -> None:
    folder = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(folder).as_posix()
        if place in ON_ONE_DATABASE and connection.vendor != "sqlite":
            item.add_marker(pytest.mark.skip(ON_ONE_DATABASE[place]))
        if place in SLOW or place.split("/")[0] in SLOW:
            item.add_marker("slow")
            # The quick tests measure coverage, see pyproject.toml.
            item.add_marker("no_cover")


def pytest_xdist_auto_num_workers(config) -> int:
    """Workers for ``-n auto``: one more than processors, for some wait for a browser or a thread."""
    return os.cpu_count() + 1


@pytest.fixture(autouse=True)
def fast_hashing(request, settings):
    """Argon2 is slow on purpose; only tests about hashing pay for it (mark ``argon2``)."""
    if "argon2" not in request.keywords:
        settings.PASSWORD_HASHERS = ["tests.values.FastHasher"]


@pytest.fixture(autouse=True)
def files_found_when_asked_for(settings):
    """Each test client would look at every static file first, which is most of its work."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True, scope="session")
def emptied_between_tests():
    """What empties the tables after a test with real transactions may empty the history too."""
    flush = TransactionTestCase._fixture_teardown

    def unprotected_flush(self):
        append_only.unprotect()
        # The flush ends with post_migrate, which protects it again.
        flush(self)

    TransactionTestCase._fixture_teardown = unprotected_flush
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture
def shared_database(transactional_db, tmp_path):
    """SQLite's database in memory belongs to one thread; in a file, as in use, threads share it."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    memory, name = connection.connection, connection.settings_dict["NAME"]
    file = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(file)) as copy:
        memory.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    yield
    connection.close()
    connection.connection, connection.settings_dict["NAME"] = memory, name


# Of each model, the rows of the small catalogue as the first test loaded them.
CATALOG_ROWS: dict[type[models.Model], list[models.Model]] = {}


@pytest.fixture
def small_catalog(db):
    """Loading it is most of the work of a small test, so it is done once and its rows are copied."""
    if not CATALOG_ROWS:
        # Undone, so that no test finds the entries of the load in its history.
        with transaction.atomic():
            load_catalog(reading.read(SMALL_CATALOG), actor=Actor.server())
            for app in ("operators", "profiles"):
                for model in apps.get_app_config(app).get_models(include_auto_created=True):
                    CATALOG_ROWS[model] = list(model._base_manager.all())
            transaction.set_rollback(True)
    with transaction.atomic():
        for model, rows in CATALOG_ROWS.items():
            for row in rows:
                if isinstance(model._meta.pk, models.AutoField):
                    row.pk = None
            model._base_manager.bulk_create(rows)


@pytest.fixture
def staff(db) -> User:
    password = make_password("una-clave-larga-de-personal")
    return User.objects.create(
        username="admin", password=password, is_staff=True, is_superuser=True
    )


@pytest.fixture
def make_operator(small_catalog, staff):
    """make_operator(ruc, *types) opens an operator; its principal is TITULAR1."""

    def make(ruc: str, *types: str) -> Operator:
        return operators.create_operator(
            actor=Actor(staff, AuditEntry.Channel.COMMAND),
            ruc=ruc,
            name=f"Empresa {ruc[-4:]} de Práctica",
            operator_types=types,
            username="TITULAR1",
            password=PASSWORD,
            **person(90000001),
        )

    return make


@pytest.fixture
def operator(make_operator) -> Operator:
    return make_operator(RUC, "AGENTE_ADUANA")


@pytest.fixture
def principal(operator) -> User:
    return operator.users.get(is_principal=True)


@pytest.fixture
def make_secondary(principal):
    """make_secondary(username, number) creates a secondary user of the principal's operator."""

    def make(username: str, number: int, **fields) -> User:
        return accounts.create_secondary_user(
            actor=acting(principal),
            username=username,
            password=PASSWORD,
            **{**person(number), **fields},
        )

    return make


@pytest.fixture
def secondary(make_secondary) -> User:
    return make_secondary("JPEREZ01", 90000002, first_name="Juan", last_name="Pérez Ñaupari")


@pytest.fixture
def stranger(make_operator) -> User:
    """The principal of another operator."""
    return make_operator(OTHER_RUC, "TRANSPORTISTA").users.get()


@pytest.fixture
def strangers_secondary(stranger) -> User:
    return accounts.create_secondary_user(
        actor=acting(stranger), username="AJENO001", password=PASSWORD, **person(90000003)
    )


@pytest.fixture
def client_of():
    """client_of(user) is a browser in which that user has signed in; None has not."""

    def make(user: User | None) -> Client:
        client = Client()
        if user is not None:
            door = "StaffBackend" if user.is_staff else "OperatorBackend"
            client.force_login(user, backend=f"users.signin.backends.{door}")
        return client

    return make


class Clock:
    """Real time as the tests move it: it stands still until they do."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def unlimited_guesses(visitors, settings):
    """For tests that try many values at one door: none of them is refused unread."""
    for kind in ("", "_PER_ADDRESS", "_PER_RUC"):
        setattr(settings, f"SIGN_IN_FAILURES{kind}", 10**6)


def fail_to_sign_in(user: User, times: int | None = None) -> None:
    """As if somebody had guessed at the password from nowhere: enough to lock it, unless told."""
    for _ in range(settings.SIGN_IN_FAILURES if times is None else times):
        with throttle.guess(None, **throttle.name_of(user)):
            pass


class Telephone:
    """An app with the second factor of an account, which it turns on."""

    def __init__(self, user: User) -> None:
        self.totp = pyotp.TOTP(pyotp.random_base32())
        self.recovery_codes = signing_in.turn_on_second_factor(
            actor=acting(user), secret=self.totp.secret, code=self.code()
        )
        # As if that was long ago: what it shows now has not been used.
        SecondFactor.objects.filter(user=user).update(last_step=0)

    def code(self, *, steps: int = 0) -> str:
        """What it shows now, or so many times thirty seconds later."""
        return self.totp.at(timezone.now(), counter_offset=steps)


# An exercise without prepared people.
EXERCISE = {
    "code": "de-prueba",
    "title": "De prueba",
    "brief": "Cree a ANUEVA01.",
    "points": 10,
    "hints": ["En Crear Usuario."],
    "goal": [{"username": "ANUEVA01"}],
}


@pytest.fixture
def exercise(principal) -> Exercise:
    """An exercise that the principal's company has passed, and is doing again."""
    facts = {"exercise": "de-prueba", "title": "De prueba", "points": 9, "hints": 1}
    for action in ("practice.started", "practice.passed", "practice.started"):
        record(action, actor=acting(principal), operator=principal.operator, after=facts)
    return Exercise.objects.create(position=1, **EXERCISE)


@pytest.fixture
def visitors(secondary, make_secondary, principal, stranger, staff, client_of, exercise):
    """Who comes to the pages of the principal and of JPEREZ01, who has an option and a session."""
    for user in (secondary, principal):
        Telephone(user)  # a second factor that can be taken away
    client_of(secondary)  # a session that can be closed
    colleague = make_secondary("COLEGA01", 90000050)
    fail_to_sign_in(secondary)  # a lock that can be lifted
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=["11.9.1.1.2"], seen=[])
    save_template(actor=actor, name="De siempre", options=["11.9.1.1.2"], roles=[])
    make_plan(
        actor=actor,
        operator=principal.operator,
        sheet=files.read(BytesIO(b"Usuario,Nombres\nJPEREZ01,Juana")),
        file_name="usuarios.csv",
    )
    # Practice companies, which their principals may reset, of one aula.
    last_day = timezone.localdate() + timedelta(days=29)
    classroom = Classroom.objects.create(name="Turno mañana", practice_until=last_day)
    classroom.operator_types.set(principal.operator.operator_types.all())
    Operator.objects.update(practice_until=last_day, classroom=classroom)
    return dict(
        zip(VISITORS, [None, secondary, colleague, principal, stranger, staff], strict=True)
    )


def person(number: int) -> dict[str, str]:
    return {
        "document_type": "1",
        "document_number": str(number),
        "first_name": "Ana",
        "last_name": "Ficticia",
    }


def acting(user: User) -> Actor:
    """That user, acting in the web from a test address."""
    return Actor(user, AuditEntry.Channel.WEB, "192.0.2.1")


def soup(response) -> BeautifulSoup:
    return BeautifulSoup(response.content, "html.parser")


def field_errors(response) -> dict[str, str]:
    """The sentence of each field in error, found as a screen reader does: by aria-describedby."""
    page = soup(response)
    found = {}
    for control in page.select("main [aria-invalid=true]"):
        described = [page.find(id=target) for target in control["aria-describedby"].split()]
        assert None not in described
        sentences = [
            part.get_text(" ", strip=True) for part in described if "error" in part["class"]
        ]
        found[control["name"]] = " ".join(sentences).replace("Error: ", "")
    return found


@pytest.fixture
def unprotected_history(db):
    """The history may be changed, for canaries and payloads to be written into it."""
    append_only.unprotect()
    yield
    append_only.protect(None)


@pytest.fixture
def infested(visitors, unprotected_history, client_of):
    """Payloads in every text of every table; the secondary user has options, roles, a session."""
    principal, secondary = visitors["principal"], visitors["secondary"]
    actor = acting(principal)
    codes = ["90.1.1.1.1", "90.1.2.1.1", "11.9.1.1.1"]
    assign_options(actor=actor, user=secondary, codes=codes, seen=["11.9.1.1.2"])
    assign_roles(actor=actor, user=secondary, codes=["NSIGAD.AGENTEADUANA.DESPACHO"], seen=[])
    for number in range(len(PAYLOADS)):
        accounts.create_secondary_user(
            actor=actor,
            username=f"LLENO{number:03}",
            password=PASSWORD,
            **person(93000000 + number),
        )
        save_template(actor=actor, name=f"Plantilla {number}", options=codes, roles=[])
    User.objects.of_operators().update(document_type="")
    for model in (Operator, OperatorType, Profile, Role, Option, AccessTemplate, User, AuditEntry):
        fill(model, keep={"action"} if model is AuditEntry else set())
    Session.objects.update(browser=PAYLOADS[0])
    fill_administration(visitors["staff"], [secondary, principal.operator, Option.objects.first()])
    odd = AuditEntry.objects.first()
    AuditEntry.objects.filter(pk=odd.pk).update(action=PAYLOADS[2])
    return visitors
