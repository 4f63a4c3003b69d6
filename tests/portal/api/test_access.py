"""The clock, the catalogue and the expectations, by program."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from profiles.actions.grants import assign_options
from profiles.models import Option
from tests.conftest import PASSWORD, person
from tests.portal.api.conftest import problem
from tests.walking import writes
from users.actions import accounts

pytestmark = pytest.mark.django_db

CLOCK, EXPECTATIONS = "/companies/{ruc}/clock", "/companies/{ruc}/expectations"
OPTION = "11.9.1.1.1"


def test_the_clock_goes_ahead_and_back_to_real_time(program, clock):
    answer = program.post(CLOCK, {"hours": 24}).json()
    assert answer["ahead_seconds"] == 24 * 3600
    now = datetime.fromisoformat(answer["now"])
    assert round((now - timezone.now()).total_seconds()) == 24 * 3600
    assert program.post(CLOCK, {"hours": 1}).json()["ahead_seconds"] == 25 * 3600
    assert program.delete(CLOCK).json()["ahead_seconds"] == 0


@pytest.mark.parametrize(
    ("hours", "errors"),
    [
        (0, {"hours": ["Ingrese un número entero de 1 a 9999"]}),
        (10**30, {"hours": ["Ingrese un número entero de 1 a 9999"]}),
        ("24", {"hours": ["Debe ser un número entero."]}),
        (9999, {"__all__": ["El reloj puede adelantarse hasta 366 días en total."]}),
    ],
)
def test_a_wrong_step_is_refused_in_the_words_of_the_page(program, hours, errors):
    refused = program.post(CLOCK, {"hours": hours})
    assert problem(refused) == (422, "invalid")
    assert refused.json()["errors"] == errors
    assert not program.operator.clock_is_simulated


def test_the_catalogue_names_each_row_with_its_source_and_costs_the_same_queries(visitor):
    with CaptureQueriesContext(connection) as queries:
        catalog = visitor.get("/catalog").json()
    assert len(queries) == 6
    options = {row["code"]: row for row in catalog["options"]}
    assert options["90.1.1.1.1"] == {
        "code": "90.1.1.1.1",
        "name": "Numeración de la declaración",
        "source": "supuesto",
        "profile": "ADUANEROS",
        "parent": "90.1.1",
        "is_folder": False,
        "operator_types": ["AGENTE_ADUANA"],
        "roles": ["NSIGAD.AGENTEADUANA.DESPACHO"],
    }
    assert options["90.1"]["is_folder"]
    rows = [row for kind in catalog.values() for row in kind]
    assert all(row["source"] for row in rows)
    assert {*catalog} == {"operator_types", "profiles", "roles", "options"}
    Option.objects.filter(code="90.1.1.1.1").update(is_retired=True)
    names = [row["code"] for row in visitor.get("/catalog").json()["options"]]
    assert "90.1.1.1.1" not in names


def test_expectations_are_judged_as_the_command_judges_them(program):
    user = accounts.create_secondary_user(
        actor=program.actor, username="JPEREZ01", password=PASSWORD, **person(90000002)
    )
    assign_options(actor=program.actor, user=user, codes=[OPTION], seen=[])
    document = {
        "users": [
            {
                "username": "JPEREZ01",
                "options": [],
                "can": [OPTION],
                "cannot": [{"option": "11.9.1.1.2", "reason": "option_not_granted"}],
            }
        ]
    }
    with writes() as written:
        judged = program.post(EXPECTATIONS, document).json()
    assert written == []
    assert (judged["total"], judged["ok"], judged["different"]) == (4, 3, 1)
    (extra,) = [result for result in judged["results"] if not result["ok"]]
    assert (extra["username"], extra["code"]) == ("JPEREZ01", OPTION)
    assert "sobra la opción" in extra["sentence"]


def test_every_problem_of_the_expectations_is_said_at_its_place(program):
    document = {"users": [{"username": "JPEREZ01", "can": ["nada"], "x": 1}, {}]}
    refused = program.post(EXPECTATIONS, document)
    assert problem(refused) == (422, "invalid")
    assert refused.json()["errors"].keys() == {"users[0]", "users[0].can[0]", "users[1]"}
    assert problem(program.post(EXPECTATIONS, {"users": []})) == (422, "invalid")
