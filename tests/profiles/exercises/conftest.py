"""Companies that do exercises: the shipped ones in the shipped catalogue, or two small ones."""

import pytest

from operators.models import Operator
from profiles.actions.exercises import load_exercises
from profiles.catalog.loading import load_catalog
from profiles.catalog.reading import CATALOG_FILE
from profiles.catalog.reading import read as read_catalog
from profiles.exercises import reading
from tests.calls import file_of
from tests.conftest import acting, soup
from tests.trainee import Trainee
from users.actions import practice
from users.history.recording import Actor
from users.models import AuditEntry, User

ONE, OTHER = "/practicas/una/", "/practicas/otra/"
FREE, ASKING = "11.9.1.1.1", "90.1.1.1.1"
PERSON = """
[[exercises.people]]
username = "ANUEVA01"
document_number = "90000080"
first_name = "Ana"
last_name = "Nueva"
"""
FILE = f"""
[[exercises]]
code = "una"
title = "Una"
brief = "Ana entra y no ve nada.\\n\\nDele la opción hoy, {{hoy}}, o el {{dia:7}}."
points = 10
hints = ["Primera pista.", "Segunda pista."]
untouched = ["QUIETA01"]
{PERSON}
[[exercises.people]]
username = "QUIETA01"
document_number = "90000081"
first_name = "Quieta"
last_name = "Siempre"
[[exercises.goal]]
username = "ANUEVA01"
state = "active"
can = ["{FREE}"]

[[exercises]]
code = "otra"
title = "Otra"
brief = "Dele la opción y nada más."
points = 5
extra_cost = 2
operator_types = ["AGENTE_ADUANA"]
{PERSON}
[[exercises.goal]]
username = "ANUEVA01"
state = "active"
options = ["{ASKING}"]
can = ["{ASKING}"]
"""


@pytest.fixture
def operator(small_catalog, staff) -> Operator:
    load_exercises(actor=acting(staff), file=file_of(FILE))
    return practice.create(actor=Actor.server(), operator_types=["AGENTE_ADUANA"]).operator


@pytest.fixture
def trainee(operator, client_of) -> Trainee:
    return Trainee(client_of(principal_of(operator)))


def principal_of(operator: Operator) -> User:
    return operator.users.select_related("operator").get(is_principal=True)


def begin(trainee: Trainee, address: str = ONE):
    return trainee.fill(address, "Empezar")


def send(trainee: Trainee, address: str = ONE, **fields: str):
    return trainee.client.post(address, fields, follow=True)


def text(response) -> str:
    return " ".join(soup(response).main.get_text(" ", strip=True).split())


def said(response) -> list[str]:
    return [" ".join(notice.text.split()) for notice in soup(response).select("main .notice")]


def buttons(response) -> list[str]:
    return [each.get_text(strip=True) for each in soup(response).select("main .btn-primary")]


def results(response) -> dict[str, str | None]:
    """Return each sentence of the last check, with the address where it is mended."""
    found = {}
    for item in soup(response).select(".exercise-results li"):
        link = item.select_one("a")
        found[" ".join(item.div.get_text(" ", strip=True).split())] = link and link["href"]
    return found


def bar(response):
    return soup(response).select_one(".exercise-bar")


def actions(operator: Operator) -> list[str]:
    entries = AuditEntry.objects.filter(operator=operator, action__startswith="practice.")
    return [*entries.order_by("pk").values_list("action", flat=True)]


@pytest.fixture
def shipped(db, staff) -> None:
    """The catalogue and the exercises that come with the portal."""
    load_catalog(read_catalog(CATALOG_FILE.read_text(encoding="utf-8")), actor=Actor.server())
    with reading.EXERCISES_FILE.open("rb") as file:
        load_exercises(actor=Actor.server(), file=file)


@pytest.fixture
def company(shipped):
    """company(type) opens a practice company of that type."""

    def make(kind: str = "AGENTE_ADUANA") -> practice.PracticeCompany:
        return practice.create(actor=Actor.server(), operator_types=[kind])

    return make
