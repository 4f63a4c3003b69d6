"""The same request sent again, with an Idempotency-Key and without."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from operators.models import Operator
from portal.api import companies, repeats
from tests.conftest import PASSWORD, person
from tests.portal.api.conftest import problem
from users.models import AuditEntry, KeptAnswer, User
from users.signin import practice_token

pytestmark = pytest.mark.django_db

NEW = {"types": ["AGENTE_ADUANA"], "days": 3}
USERS, CLOCK = "/companies/{ruc}/users", "/companies/{ruc}/clock"
NEW_USER = {**person(90000002), "username": "JPEREZ01"}


@pytest.fixture
def key() -> str:
    return str(uuid4())


def test_a_company_is_made_once_and_its_answer_given_again(visitor, key):
    first = visitor.post("/companies", NEW, Idempotency_Key=key)
    again = visitor.post("/companies", NEW, Idempotency_Key=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Content-Type"] == first["Content-Type"]
    assert practice_token.principal_of(again.json()["token"])
    assert Operator.objects.count() == 1
    visitor.post("/companies", NEW)
    visitor.post("/companies", NEW, Idempotency_Key=str(uuid4()))
    assert Operator.objects.count() == 3


def test_what_is_kept_holds_neither_clave_nor_token_in_the_clear(visitor, key):
    company = visitor.post("/companies", NEW, Idempotency_Key=key).json()
    kept = str(KeptAnswer.objects.values().get())
    assert all(secret not in kept for secret in (company["password"], company["token"], key))


def test_another_body_under_the_same_key_is_refused(visitor, key):
    visitor.post("/companies", NEW, Idempotency_Key=key)
    refused = visitor.post("/companies", {**NEW, "days": 4}, Idempotency_Key=key)
    assert problem(refused) == (422, "key-reused")
    assert Operator.objects.count() == 1


def test_a_refused_request_may_be_corrected_under_the_same_key(program, key):
    wrong = program.post(USERS, {**NEW_USER, "username": "X"}, Idempotency_Key=key)
    assert problem(wrong) == (422, "invalid")
    assert program.post(USERS, NEW_USER, Idempotency_Key=key).status_code == 201
    assert not KeptAnswer.objects.filter(answer="").exists()


def test_a_generated_clave_is_the_same_in_the_repeated_answer(program, key):
    first, again = (program.post(USERS, NEW_USER, Idempotency_Key=key) for _ in range(2))
    assert first.json() == again.json()
    assert User.objects.get(username="JPEREZ01").check_password(again.json()["password"])
    address = f"{USERS}/JPEREZ01/password"
    first, again = (program.post(address, {}, Idempotency_Key=key) for _ in range(2))
    assert first.json() == again.json()
    assert AuditEntry.objects.filter(action="user.password_reset").count() == 1
    # Without a key a request is done as often as it comes.
    assert problem(program.post(USERS, {**NEW_USER, "password": PASSWORD})) == (422, "invalid")


def test_the_clock_moves_once(program, key):
    for _ in range(2):
        answer = program.post(CLOCK, {"hours": 24}, Idempotency_Key=key)
        assert answer.json()["ahead_seconds"] == 24 * 3600
    assert program.operator.clock_offset == timedelta(hours=24)


def test_a_clock_whose_answer_could_not_be_kept_has_not_moved(program, key, monkeypatch):
    """Else the same request would move it again."""
    monkeypatch.setattr(repeats, "_seal", lambda: None)
    assert problem(program.post(CLOCK, {"hours": 24}, Idempotency_Key=key)) == (500, "server-error")
    assert program.operator.clock_offset == timedelta()


def test_the_same_key_in_two_companies_is_two_keys(program, make_program, key):
    other = make_program()
    for each in (program, other):
        assert each.post(CLOCK, {"hours": 1}, Idempotency_Key=key).status_code == 200
        assert each.operator.clock_offset == timedelta(hours=1)


def test_the_second_of_two_at_once_is_told_to_come_back(visitor, key, monkeypatch):
    create, answers = companies.practice.create_for_visitor, []

    def meanwhile(**company):
        if not answers:
            answers.append(None)
            answers.append(visitor.post("/companies", NEW, Idempotency_Key=key))
        return create(**company)

    monkeypatch.setattr(companies.practice, "create_for_visitor", meanwhile)
    assert visitor.post("/companies", NEW, Idempotency_Key=key).status_code == 201
    assert problem(answers[1]) == (409, "in-progress")
    assert answers[1]["Retry-After"] == "1"
    assert Operator.objects.count() == 1


def test_a_request_that_was_killed_is_done_again_and_makes_the_same_company(visitor, key, clock):
    first = visitor.post("/companies", NEW, Idempotency_Key=key).json()
    # As if the process had been killed before the answer was kept.
    KeptAnswer.objects.update(answer="")
    assert problem(visitor.post("/companies", NEW, Idempotency_Key=key)) == (409, "in-progress")
    clock.advance(minutes=1)
    assert visitor.post("/companies", NEW, Idempotency_Key=key).json() == first
    assert Operator.objects.count() == 1


def test_an_answer_is_kept_for_a_day_and_deleted_at_night(program, key, clock):
    program.post(CLOCK, {"hours": 1}, Idempotency_Key=key)
    clock.advance(hours=23)
    program.post(CLOCK, {"hours": 1}, Idempotency_Key=key)
    assert program.operator.clock_offset == timedelta(hours=1)
    call_command("practice_company", "close")
    assert KeptAnswer.objects.exists()
    clock.advance(hours=2)
    call_command("practice_company", "close")
    assert not KeptAnswer.objects.exists()
    program.post(CLOCK, {"hours": 1}, Idempotency_Key=key)
    assert program.operator.clock_offset == timedelta(hours=2)
    assert KeptAnswer.objects.get().at == timezone.now()


@pytest.mark.parametrize("key", ["", "1", "x" * 5000, "{", "ñ"])
def test_a_key_that_is_no_uuid_is_refused(visitor, key):
    refused = visitor.post("/companies", NEW, Idempotency_Key=key)
    assert problem(refused) == (422, "invalid")
    assert refused.json()["errors"] == {"Idempotency-Key": ["Debe ser un UUID al azar"]}
    assert not Operator.objects.exists()


def test_a_key_gives_nothing_without_the_token(program, key):
    program.post(CLOCK, {"hours": 1}, Idempotency_Key=key)
    program.post("/companies/{ruc}/reset")
    refused = program.post(CLOCK, {"hours": 1}, Idempotency_Key=key)
    assert problem(refused) == (401, "no-token")
