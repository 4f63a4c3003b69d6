"""A company by one call; and the token that the answer shows."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from operators.models import Operator
from tests.conftest import soup
from tests.portal.api.conftest import Program, problem
from tests.values import FastHasher
from users.actions import practice
from users.models import AuditEntry, User
from users.signin import practice_token

pytestmark = pytest.mark.django_db

NEW = {"types": ["AGENTE_ADUANA", "TRANSPORTISTA"], "days": 3}


def test_one_call_makes_a_company_whose_principal_signs_in_and_whose_token_works(visitor):
    response = visitor.post("/companies", NEW)
    assert response.status_code == 201
    company, operator = response.json(), Operator.objects.get()
    token, password = company.pop("token"), company.pop("password")
    assert company == {
        "ruc": operator.ruc,
        "name": operator.name,
        "types": NEW["types"],
        "username": "TITULAR1",
        "expires_on": f"{timezone.localdate() + timedelta(days=2)}",
    }
    principal = authenticate(None, ruc=operator.ruc, username="TITULAR1", password=password)
    assert practice_token.principal_of(token) == principal
    assert "no-store" in response["Cache-Control"]
    assert not response.cookies


def test_the_token_is_stored_as_a_digest_only(visitor):
    token = visitor.post("/companies", NEW).json()["token"]
    operator = Operator.objects.get()
    assert operator.token_digest == practice_token.digest(token)
    stored = [*operator.__dict__.values(), *AuditEntry.objects.values_list("before", "after")]
    assert token not in str(stored)
    assert len(token) == 43


def test_the_history_names_the_api_the_server_and_the_address(visitor):
    visitor.post("/companies", NEW)
    entry = AuditEntry.objects.get(action="operator.created")
    assert (entry.get_channel_display(), entry.actor.username) == ("API", "servidor")
    assert entry.address == "127.0.0.1"


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"types": [], "days": 7}, "types", "Marque al menos un tipo de operador"),
        ({"types": ["NADA"], "days": 7}, "types", "No hay un tipo de operador «NADA»"),
        ({"types": ["AGENTE_ADUANA"], "days": 31}, "days", "Escriba de 1 a 30 días"),
        ({"types": ["AGENTE_ADUANA"], "days": "7"}, "days", "Debe ser un número entero."),
        ({"types": "AGENTE_ADUANA"}, "types", "Debe ser una lista."),
        ({"types": ["AGENTE_ADUANA"], "ruc": "20999999043"}, "ruc", "No se conoce este dato."),
        ({"days": 7}, "types", "Falta este dato."),
        ([], "__all__", "Debe ser un objeto."),
    ],
)
def test_what_is_wrong_is_said_under_its_field_and_nothing_is_made(visitor, sent, field, sentence):
    response = visitor.post("/companies", sent)
    assert problem(response) == (422, "invalid")
    assert response.json()["errors"] == {field: [sentence]}
    assert not Operator.objects.exists()


def test_an_address_makes_as_many_companies_as_the_page_allows(visitor, settings, clock):
    settings.PRACTICE_COMPANIES_PER_ADDRESS = 2
    assert [visitor.post("/companies", NEW).status_code for _ in range(2)] == [201, 201]
    refused = visitor.post("/companies", NEW)
    assert problem(refused) == (429, "too-many-requests")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert Operator.objects.count() == 2
    # The page counts with it.
    assert visitor.client.post("/practica/nueva/", NEW).status_code in (403, 429)
    clock.advance(seconds=int(refused["Retry-After"]))
    assert visitor.post("/companies", NEW).status_code == 201


def test_a_company_costs_one_hash(visitor, monkeypatch):
    hashed = []
    encode = FastHasher.encode

    def counting(hasher, password, *args, **kwargs):
        hashed.append(password)
        return encode(hasher, password, *args, **kwargs)

    monkeypatch.setattr(FastHasher, "encode", counting)
    password = visitor.post("/companies", NEW).json()["password"]
    assert hashed == [password]


# The token ----------------------------------------------------------------------------------------


def test_a_reset_returns_the_company_to_its_birth_and_revokes_the_token(program):
    assert program.post("/companies/{ruc}/reset").status_code == 204
    entry = AuditEntry.objects.get(action="operator.reset")
    assert (entry.actor, entry.get_channel_display()) == (program.principal, "API")
    assert problem(program.post("/companies/{ruc}/reset")) == (401, "no-token")


def test_the_principal_gets_another_token_on_a_page_that_shows_it_once(program, client_of):
    browser = client_of(program.principal)
    assert "Token de la API" in browser.get("/").content.decode()
    shown = soup(browser.post("/practica/token/")).select_one("#api-token").text
    assert practice_token.principal_of(shown) == program.principal
    assert problem(program.get("/companies/{ruc}/users")) == (401, "no-token")
    program.headers = {"Authorization": f"Bearer {shown}"}
    assert program.get("/companies/{ruc}/users").status_code == 200
    assert shown not in browser.get("/practica/token/").content.decode()
    assert AuditEntry.objects.filter(action="operator.token_issued").count() == 1


def test_a_closed_company_has_no_token(program):
    assert program.delete("/companies/{ruc}").status_code == 204
    assert not program.operator.is_active
    assert problem(program.delete("/companies/{ruc}")) == (401, "no-token")


def test_a_token_ends_with_the_last_day_of_its_company(program, clock):
    clock.advance(days=practice.DAYS)
    assert problem(program.delete("/companies/{ruc}")) == (401, "no-token")


def test_a_token_ends_when_the_principal_is_suspended(program):
    program.operator.users.update(state=User.State.SUSPENDED)
    assert problem(program.delete("/companies/{ruc}")) == (401, "no-token")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer x", "Bearer  ", "Basic eDp5", "x", "Bearer ñ"]
)
def test_without_a_token_every_call_is_refused_alike(program, authorization):
    refused = program.delete("/companies/{ruc}", Authorization=authorization)
    assert problem(refused) == (401, "no-token")
    assert refused["WWW-Authenticate"] == "Bearer"
    assert program.operator.is_active


def test_the_session_of_a_principal_gives_nothing(program, client_of):
    program.client = client_of(program.principal)
    program.headers = {}
    assert problem(program.delete("/companies/{ruc}")) == (401, "no-token")


def test_the_company_of_another_token_does_not_exist(program, make_program):
    other, nothing = make_program(), "20999999043"
    assert not Operator.objects.filter(ruc=nothing).exists()
    answers = []
    for ruc in (other.operator.ruc, nothing, "x", "20999%20"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = program.post(f"/companies/{ruc}/reset")
        assert problem(response) == (404, "not-found")
        answers.append(({**response.json(), "request": ""}, len(queries)))
    assert all(answer == answers[0] for answer in answers)
    assert other.post("/companies/{ruc}/reset").status_code == 204


def test_a_principal_of_no_practice_company_has_no_token_to_be_guessed(principal):
    assert principal.operator.token_digest is None
    assert practice_token.principal_of("") is None
    assert problem(Program().delete(f"/companies/{principal.operator.ruc}")) == (401, "no-token")
