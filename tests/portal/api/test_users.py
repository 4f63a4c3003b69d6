"""Users by program: the same rules, words, power and history as on the pages."""

from datetime import date, timedelta

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.access.reasons import Reason
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import OptionGrant, RoleGrant
from tests.conftest import PASSWORD, RUC, fail_to_sign_in, person
from tests.portal.api.conftest import problem
from tests.values import FastHasher
from users.actions import accounts
from users.models import AuditEntry, Session, User

pytestmark = pytest.mark.django_db

OPTION, OTHER_OPTION, FOREIGN_OPTION = "90.1.1.1.1", "11.9.1.1.1", "90.2.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
USERS, USER = "/companies/{ruc}/users", "/companies/{ruc}/users/JPEREZ01"
NEW = {**person(90000002), "username": "jperez01", "password": PASSWORD}


@pytest.fixture
def user(program) -> User:
    return accounts.create_secondary_user(
        actor=program.actor,
        username="JPEREZ01",
        password=PASSWORD,
        **person(90000002),
    )


def stored(user: User) -> User:
    return User.objects.select_related("operator").get(pk=user.pk)


def history(program) -> list[tuple[str, str]]:
    entries = AuditEntry.objects.filter(operator=program.operator).order_by("pk")
    return [(entry.action, entry.channel) for entry in entries][2:]


# Created ------------------------------------------------------------------------------------------


def test_a_user_is_created_with_validity_options_and_roles_by_one_call(program):
    days = {"valid_from": "2026-01-01", "valid_until": "31/12/2030"}
    access = {"options": [OTHER_OPTION, OPTION], "roles": [ROLE]}
    response = program.post(USERS, {**NEW, **days, **access})
    assert response.status_code == 201
    created, user = response.json(), User.objects.get(username="JPEREZ01")
    assert (created["username"], created["state"], created["password"]) == (
        "JPEREZ01",
        "active",
        None,
    )
    assert (created["valid_from"], created["valid_until"]) == ("2026-01-01", "2030-12-31")
    assert (user.valid_from, user.valid_until) == (date(2026, 1, 1), date(2030, 12, 31))
    assert [grant["code"] for grant in created["options"]] == [OTHER_OPTION, OPTION]
    assert [grant["code"] for grant in created["roles"]] == [ROLE]
    signed_in = authenticate(None, ruc=program.operator.ruc, username="JPEREZ01", password=PASSWORD)
    assert signed_in == user
    assert history(program) == [
        ("user.created", "api"),
        ("user.changed", "api"),
        ("options.assigned", "api"),
        ("roles.assigned", "api"),
    ]


def test_a_user_without_a_password_gets_one_that_only_the_answer_shows(program):
    created = program.post(USERS, {**NEW, "password": None}).json()
    assert User.objects.get(username="JPEREZ01").check_password(created["password"])
    assert "password" not in program.get(USER).json()


def test_a_user_costs_one_hash(program, monkeypatch):
    hashed = []
    encode = FastHasher.encode

    def counting(hasher, password, *args, **kwargs):
        hashed.append(password)
        return encode(hasher, password, *args, **kwargs)

    monkeypatch.setattr(FastHasher, "encode", counting)
    assert program.post(USERS, {**NEW, "options": [OPTION], "roles": [ROLE]}).status_code == 201
    assert hashed == [PASSWORD]


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"username": "JPEREZ1"}, {"username": ["El usuario debe tener 8 caracteres, solo letras y números"]}),
        ({"password": "corta"}, {"password"}),
        ({"password": ""}, {"password": ["Ingrese la clave"]}),
        ({"document_number": "1"}, {"document_number"}),
        ({"document_type": "Z"}, {"document_type": ["Seleccione el tipo de documento"]}),
        ({"first_name": ""}, {"first_name": ["Ingrese los nombres"]}),
        ({"first_name": 7}, {"first_name": ["Debe ser un texto."]}),
        ({"email": "x"}, {"email"}),
        ({"valid_from": "ayer"}, {"valid_from": ["Ingrese una fecha como 31/12/2026"]}),
        ({"valid_from": "2027-01-02", "valid_until": "2027-01-01"}, {"valid_until"}),
        ({"options": ["x", FOREIGN_OPTION]}, {"options": [f"No se ofrece a su empresa: {FOREIGN_OPTION}, x"]}),
        ({"options": [OPTION], "roles": ["x"]}, {"roles": ["No se ofrece a su empresa: x"]}),
        ({"options": OPTION}, {"options": ["Debe ser una lista."]}),
        ({"is_principal": True}, {"is_principal": ["No se conoce este dato."]}),
        ({"first_name": "a\x00b"}, {"first_name"}),
        ({"valid_from": "\x00"}, {"valid_from"}),
        ({"options": ["\x00"]}, {"options"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_under_its_field_in_the_words_of_the_page(program, changed, errors):
    response = program.post(USERS, {**NEW, **changed})
    assert problem(response) == (422, "invalid")
    said = response.json()["errors"]
    assert said == errors if isinstance(errors, dict) else said.keys() == errors
    assert not User.objects.secondary().exists()
    assert history(program) == []


def test_an_empty_user_is_told_every_field_at_once(program):
    said = program.post(USERS, {}).json()["errors"]
    fields = {"document_type", "document_number", "first_name", "last_name", "username"}
    assert said.keys() == fields


def test_a_usuario_and_a_document_are_given_once_in_a_company(program, user):
    said = program.post(USERS, NEW).json()["errors"]
    assert said == {
        "username": ["Ese usuario ya existe en su empresa. Elija otro"],
        "document_number": ["Este documento ya lo usa JPEREZ01 en su empresa"],
    }


# Read ---------------------------------------------------------------------------------------------


def test_a_list_goes_on_page_by_page_and_costs_the_same_queries(program, user):
    with CaptureQueriesContext(connection) as few:
        page = program.get(USERS).json()
    assert [row["username"] for row in page["users"]] == ["JPEREZ01"]
    assert (page["total"], page["next"]) == (1, None)
    copies = [
        User(operator=program.operator, username=f"MUCHO{n:03}", search_text=f"mucho{n:03}")
        for n in range(150)
    ]
    User.objects.bulk_create(copies)
    with CaptureQueriesContext(connection) as many:
        page = program.get(USERS).json()
    assert len(many) == len(few)
    names = [row["username"] for row in page["users"]]
    assert (len(names), page["total"]) == (100, 151)
    following = program.client.get(page["next"], headers=program.headers).json()
    names += [row["username"] for row in following["users"]]
    assert names == sorted({user.username, *(copy.username for copy in copies)})
    assert following["next"] is None
    page = program.get(f"{USERS}?text=mucho00").json()
    assert (len(page["users"]), page["next"]) == (10, None)


def test_the_filters_of_the_list_are_those_of_the_page(program, user):
    assign_options(actor=program.actor, user=user, codes=[OPTION], seen=[])
    for query, total in {
        f"?option={OPTION}": 1,
        f"?option={OTHER_OPTION}": 0,
        "?role=ninguno": 1,
        "?state=suspended": 0,
        "?state=active&text=JPEREZ": 1,
    }.items():
        assert program.get(USERS + query).json()["total"] == total, query
    refused = program.get(f"{USERS}?state=nada&option=nada")
    assert problem(refused) == (422, "invalid")
    assert refused.json()["errors"].keys() == {"state", "option"}


def test_a_user_is_read_with_its_grants_and_its_lock(program, user):
    assign_options(actor=program.actor, user=user, codes=[OPTION], seen=[])
    fail_to_sign_in(stored(user))
    read = program.get(USER).json()
    assert read["options"][0]["code"] == OPTION
    assert read["locked_until"]
    assert read["roles"] == []


# Changed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "code", "other", "grants"),
    [
        ("options", OPTION, OTHER_OPTION, OptionGrant),
        ("roles", ROLE, "NSIGAD.AGENTEADUANA.CONSULTA", RoleGrant),
    ],
)
def test_codes_are_assigned_if_they_are_what_was_seen(program, user, what, code, other, grants):
    address = f"{USER}/{what}"
    answer = program.put(address, {"codes": [code], "seen": []})
    assert answer.json() == {"codes": [code], "added": [code], "removed": []}
    # Sent again, it is what stands already.
    assert program.put(address, {"codes": [code], "seen": []}).status_code == 200
    refused = program.put(address, {"codes": [other], "seen": []})
    assert problem(refused) == (409, "stale")
    assert refused.json()["current"] == [code]
    answer = program.put(address, {"codes": [other], "seen": [code]})
    assert answer.json() == {"codes": [other], "added": [other], "removed": [code]}
    wrong = program.put(address, {"codes": ["x", FOREIGN_OPTION], "seen": [other]})
    assert problem(wrong) == (422, "invalid")
    assert wrong.json()["errors"] == {"codes": [f"No se ofrece a su empresa: {FOREIGN_OPTION}, x"]}
    assert grants.objects.filter(user=user).count() == 1
    assert history(program)[1:] == [(f"{what}.assigned", "api")] * 2


def test_a_state_is_changed_once_and_for_good_only_to_eliminated(program, user):
    for change, state, changed in [
        ("suspend", "suspended", True),
        ("suspend", "suspended", False),
        ("reactivate", "active", True),
        ("eliminate", "eliminated", True),
        ("eliminate", "eliminated", False),
    ]:
        answer = program.post(f"{USER}/state", {"change": change})
        assert answer.json() == {"username": "JPEREZ01", "state": state, "changed": changed}
    refused = program.post(f"{USER}/state", {"change": "reactivate"})
    assert refused.json()["errors"] == {"__all__": ["Un usuario eliminado ya no cambia de estado."]}
    wrong = program.post(f"{USER}/state", {"change": "promote"})
    assert wrong.json()["errors"] == {"change": ["Elija qué desea hacer"]}
    assert problem(program.get(USER)) == (404, "not-found")


def test_a_temporary_password_is_generated_or_sent_and_ends_the_sessions(program, user, client_of):
    client_of(stored(user))
    answer = program.post(f"{USER}/password", {}).json()
    assert stored(user).check_password(answer["password"])
    assert stored(user).must_change_password
    assert not Session.objects.filter(user=user).exists()
    answer = program.post(f"{USER}/password", {"password": "Distinta1"}).json()
    assert answer == {"username": "JPEREZ01", "password": None}
    assert stored(user).check_password("Distinta1")
    refused = program.post(f"{USER}/password", {"password": "corta"})
    assert refused.json()["errors"].keys() == {"password"}


# ¿Puede? ------------------------------------------------------------------------------------------


def test_the_verdict_has_every_reason_with_its_remedy(program, user):
    def ask() -> dict:
        return program.get(f"{USER}/access?option={OPTION}").json()

    assert ask() == {
        "permitted": False,
        "reasons": [
            {
                "code": reason.code,
                "sentence": reason.for_admin.format("JPEREZ01"),
                "remedy": reason.remedy.words,
            }
            for reason in (Reason.OPTION_NOT_GRANTED, Reason.ROLE_MISSING)
        ],
    }
    actor = program.actor
    assign_options(actor=actor, user=user, codes=[OPTION], seen=[])
    assign_roles(actor=actor, user=user, codes=[ROLE], seen=[])
    assert ask() == {"permitted": True, "reasons": []}
    fail_to_sign_in(stored(user))
    assert [reason["code"] for reason in ask()["reasons"]] == ["locked"]


def test_an_option_that_does_not_exist_is_said_under_its_name(program, user):
    for query in ("?option=nada", "?option=90.1", "?option="):
        refused = program.get(f"{USER}/access{query}")
        assert problem(refused) == (422, "invalid")
        assert refused.json()["errors"] == {"option": ["No hay una opción con ese código"]}
    assert program.get(f"{USER}/access").json()["errors"] == {"option": ["Falta este dato."]}


# Tenants ------------------------------------------------------------------------------------------


def test_a_user_of_another_company_and_one_that_does_not_exist_answer_alike(
    program, user, make_program
):
    other = make_program()
    principal = "TITULAR1"
    calls = [
        ("GET", "", None),
        ("PUT", "/options", {"codes": [], "seen": []}),
        ("PUT", "/roles", {"codes": [], "seen": []}),
        ("POST", "/state", {"change": "eliminate"}),
        ("POST", "/password", {}),
        ("GET", f"/access?option={OPTION}", None),
    ]
    for method, path, sent in calls:
        for name in ("JPEREZ01", "NADIE001", principal, "x", "jperez01", "%C3%B1"):
            refused = other.call(method, f"{USERS}/{name}{path}", sent)
            assert problem(refused) == (404, "not-found"), (method, path, name)
        foreign = other.call(
            method, f"/companies/{program.operator.ruc}/users/JPEREZ01{path}", sent
        )
        assert problem(foreign) == (404, "not-found")
    assert other.get(USERS).json()["users"] == []
    assert stored(user).state == "active"


def test_a_session_of_the_principal_gives_nothing_at_any_call(principal, secondary, client_of):
    client = client_of(principal)
    for path in ("", "/JPEREZ01", f"/JPEREZ01/access?option={OPTION}"):
        assert client.get(f"/api/v1/companies/{RUC}/users{path}").status_code == 401


def test_a_company_that_ended_is_no_more(program, user, clock):
    clock.now += timedelta(days=8)
    assert problem(program.get(USERS)) == (401, "no-token")
