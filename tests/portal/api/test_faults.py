"""Outages that a company rehearses: its sign-ins, its tokens and its API, for a while, alone."""

import pytest
from django.test import Client

from tests.conftest import PASSWORD, person
from tests.portal.api.conftest import problem
from users.actions import accounts
from users.models import AuditEntry, User
from users.signin import faults

pytestmark = pytest.mark.django_db

FAULTS, USERS = "/companies/{ruc}/faults", "/companies/{ruc}/users"


@pytest.fixture
def slept(monkeypatch) -> list[float]:
    slept = []
    monkeypatch.setattr(faults, "sleep", slept.append)
    return slept


@pytest.fixture
def user(program, clock) -> User:
    return accounts.create_secondary_user(
        actor=program.actor, username="JPEREZ01", password=PASSWORD, **person(90000002)
    )


def sign_in(program, password: str = PASSWORD):
    form = {"ruc": program.operator.ruc, "username": "JPEREZ01", "password": password}
    return Client().post("/ingresar/", form)


def ask_for_token(program, password: str = PASSWORD):
    form = {
        "grant_type": "password",
        "client_id": "11.9.1.1.1",
        "client_secret": "practica",
        "username": f"{program.operator.ruc}JPEREZ01",
        "password": password,
    }
    return Client().post("/v1/clientessol/11.9.1.1.1/oauth2/token/", form)


def enter_as_robot(program):
    form = {"custom_ruc": program.operator.ruc, "j_username": "JPEREZ01", "j_password": PASSWORD}
    return Client().post("/v1/clientessol/x/oauth2/j_security_check", form)


def test_a_company_that_is_down_answers_503_at_each_door_until_it_ends_by_itself(
    program, user, make_program, clock
):
    other = make_program()
    set_ = program.post(FAULTS, {"kind": "down", "seconds": 90})
    assert (set_.status_code, set_.json()["kind"]) == (201, "down")
    page = sign_in(program)
    assert (page.status_code, page["Retry-After"]) == (503, "90")
    assert "ensaya una caída" in page.content.decode()
    assert enter_as_robot(program).status_code == 503
    token = ask_for_token(program)
    assert (token.status_code, token.json()["cod"], token["Retry-After"]) == (503, "0109", "90")
    refused = program.get(USERS)
    assert problem(refused) == (503, "unavailable")
    assert refused["Retry-After"] == "90"
    # A wrong clave is told nothing of it, and another company meets nothing.
    assert sign_in(program, "Otra20260").status_code == 200
    assert ask_for_token(program, "Otra20260").json()["cod"] == "0102"
    assert other.get(USERS).status_code == 200
    clock.advance(seconds=90)
    assert sign_in(program).status_code == 302
    assert program.get(USERS).status_code == 200


def test_a_company_that_gives_no_tokens_does_all_else(program, user):
    program.post(FAULTS, {"kind": "no_token", "seconds": 600})
    refused = ask_for_token(program)
    assert (refused.status_code, refused.json()["cod"]) == (503, "0109")
    assert sign_in(program).status_code == 302
    assert program.get(USERS).status_code == 200


def test_a_slow_company_waits_and_only_a_few_wait_at_once(program, user, slept):
    program.post(FAULTS, {"kind": "slow", "seconds": 600})
    assert sign_in(program).status_code == 302
    assert program.get(USERS).status_code == 200
    assert slept == [faults.DELAY] * 2
    held = [faults._waiting.acquire(blocking=False) for _ in range(faults.SLOW_AT_ONCE)]
    try:
        assert program.get(USERS).status_code == 200
        assert slept == [faults.DELAY] * 2
    finally:
        for _ in filter(None, held):
            faults._waiting.release()


def test_a_fault_is_in_the_history_and_ends_with_a_reset(program, user):
    program.post(FAULTS, {"kind": "no_token", "seconds": 60})
    entry = AuditEntry.objects.get(action="operator.fault_set")
    assert (entry.after, entry.channel) == ({"fault": "no_token", "seconds": 60}, "api")
    program.post("/companies/{ruc}/reset")
    assert (program.operator.fault, program.operator.fault_until) == ("", None)


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({"kind": "fire", "seconds": 1}, {"kind": ["Puede ser: down, slow, no_token"]}),
        ({"kind": "down", "seconds": 601}, {"seconds": ["Escriba de 1 a 600 segundos"]}),
        ({"kind": "down", "seconds": 0}, {"seconds": ["Escriba de 1 a 600 segundos"]}),
    ],
)
def test_a_wrong_fault_is_refused(program, sent, errors):
    refused = program.post(FAULTS, sent)
    assert problem(refused) == (422, "invalid")
    assert refused.json()["errors"] == errors
    assert not program.operator.fault
