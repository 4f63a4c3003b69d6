"""Every field of every call is sent hostile values: the answer is a problem document, no failure."""

import pytest
from django.urls import reverse

from tests.portal.api.conftest import problem
from tests.routes import CALLS_OF_PROGRAMS, converters, database
from tests.values import DANGEROUS, HOSTILE
from users.actions import accounts

pytestmark = pytest.mark.django_db

NO_TEXT = [None, True, 7, -1, 10**30, 1.5, [], [[]], {}, {"a": 1}, [None], [7]]
# What changes the world if it is right, and so is not sent as it is.
ENDS = {"api:company", "api:reset"}


def sent_to(name: str, method: str):
    """Return bodies with one wrong field each."""
    good = CALLS_OF_PROGRAMS[name][method]
    for field in [*(good or {}), "unknown"]:
        for value in [*NO_TEXT, *DANGEROUS]:
            yield {**(good or {}), field: value}
            yield {**(good or {}), field: [value]}
    yield from NO_TEXT


def address(name: str, **arguments: str) -> str:
    path = reverse(name, kwargs={each: arguments[each] for each in converters(name)})
    return path.removeprefix("/api/v1")


@pytest.fixture
def user(program, unlimited):
    return accounts.create_secondary_user(
        actor=program.actor,
        username="JPEREZ01",
        password="Practica2026",
        document_type="1",
        document_number="90000002",
        first_name="Juan",
        last_name="Pérez",
    )


@pytest.fixture
def unlimited(settings):
    settings.PRACTICE_COMPANIES_PER_ADDRESS = 10**6


def test_no_body_of_any_call_is_a_failure(program, user):
    wrong, refused = [], 0
    for name, methods in CALLS_OF_PROGRAMS.items():
        if name in ENDS:
            continue
        place = address(name, ruc=program.operator.ruc, username="JPEREZ01")
        for method in methods:
            for body in sent_to(name, method):
                response = program.call(method, place, body)
                if response.status_code >= 500:
                    wrong.append((name, body, response.status_code))
                elif response.status_code >= 400:
                    assert problem(response)[0] in (400, 404, 409, 422)
                    refused += 1
    assert wrong == []
    assert refused > 100


def test_no_value_of_a_field_of_a_person_is_a_failure(program):
    for value in HOSTILE:
        body = dict.fromkeys(("document_type", "document_number", "first_name", "last_name"), value)
        body |= dict.fromkeys(("email", "username", "password", "valid_from", "valid_until"), value)
        response = program.post("/companies/{ruc}/users", {**body, "options": [value]})
        assert problem(response) == (422, "invalid"), value


def test_nothing_half_done_is_left_by_what_was_refused(program, user):
    before = database()
    for body in (
        {"username": "NUEVO001"},
        {"codes": ["11.9.1.1.1"]},
        {"codes": ["11.9.1.1.1", "x"], "seen": []},
    ):
        for name, methods in CALLS_OF_PROGRAMS.items():
            place = address(name, ruc=program.operator.ruc, username="JPEREZ01")
            for method in methods if name not in ENDS else ():
                if method != "DELETE" and name != "api:password":
                    assert program.call(method, place, body).status_code == 422, name
    assert database() == before


def test_no_call_ignores_a_name_in_the_query_that_it_does_not_have(program, user):
    """A filter that is misspelt would answer with everybody."""
    before = database()
    for name, methods in CALLS_OF_PROGRAMS.items():
        place = address(name, ruc=program.operator.ruc, username="JPEREZ01")
        for method in methods:
            refused = program.call(method, f"{place}?estado=active")
            assert problem(refused) == (422, "invalid"), (method, name)
            assert refused.json()["errors"] == {"estado": ["No se conoce este dato."]}
    assert database() == before


def test_no_address_is_a_failure(program):
    for value in (*HOSTILE, "%00", "..", "%2F", "a" * 3000):
        text = value.encode("utf-8", "surrogatepass").hex()
        quoted = "".join(f"%{text[n : n + 2]}" for n in range(0, len(text), 2))[:3000] or "x"
        for path in (
            f"/companies/{quoted}/users",
            "/companies/{ruc}/users/" + quoted,
            "/companies/{ruc}/users?after=" + quoted + "&after=" + quoted,
            "/companies/{ruc}/users?text=" + quoted,
        ):
            response = program.get(path)
            assert response.status_code in (200, 400, 404, 422), (path, response.status_code)
