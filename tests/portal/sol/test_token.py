"""The token service for programs."""

import logging
import re
from datetime import timedelta

import pytest
from django.test import Client

from portal.sol import token as tokens
from profiles.actions.grants import assign_options
from tests.conftest import PASSWORD, RUC, Telephone, acting, fail_to_sign_in
from tests.portal.sol.conftest import events
from users.actions import accounts, passwords
from users.models import Session
from users.signin.throttle import locks_of

CLIENT = "11.9.1.1.2"
FORM = {
    "grant_type": "password",
    "scope": "https://api.example",
    "client_id": CLIENT,
    "client_secret": "practica",
    "username": f"{RUC}JPEREZ01",
    "password": PASSWORD,
}
WRONG = {"password": "Otra20260"}


def ask(client=None, *, address_of: str = CLIENT, slash: str = "/", **changed: str | None):
    fields = {name: value for name, value in (FORM | changed).items() if value is not None}
    address = f"/v1/clientessol/{address_of}/oauth2/token{slash}"
    return (client or Client(enforce_csrf_checks=True)).post(address, fields)


def refused(response) -> tuple[int, str, str]:
    """Return the status and the two names of a refusal, which every spelling of it has to say alike."""
    body = response.json()
    assert body.keys() == {"cod", "msg", "error", "error_description", "errors"}
    cod, msg = body["cod"], body["msg"]
    assert body["errors"] == [{"cod": cod, "msg": msg, "codError": cod, "desError": msg}]
    assert body["error_description"]
    return response.status_code, cod, body["error"]


@pytest.fixture
def granted(principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[CLIENT], seen=[])
    return secondary


def test_a_token_is_given_with_and_without_the_last_slash(granted):
    for slash in ("", "/"):
        response = ask(slash=slash)
        assert response.status_code == 200
        body = response.json()
        assert tokens.account_of_token(body.pop("access_token")) == granted
        assert body == {"token_type": "JWT", "expires_in": 3600}
        assert not response.cookies
    assert not Session.objects.filter(user=granted).exists()


def test_clients_that_leave_out_or_misspell_what_is_not_needed_get_a_token(granted):
    for changed in (
        {"scope": None},
        {"client_id": None},
        {"username": f" {RUC}jperez01 "},
        {"username": f"{RUC} JPEREZ01"},
    ):
        assert ask(**changed).status_code == 200, changed


def test_the_identifier_of_a_client_may_have_hyphens_instead_of_points(granted):
    client = CLIENT.replace(".", "-")
    assert ask(client_id=client, address_of=client).status_code == 200


def test_a_token_names_its_account_for_an_hour_until_its_clave_or_its_state_changes(
    granted, principal, clock
):
    token = ask().json()["access_token"]
    # What a header may hold after «Bearer».
    assert re.fullmatch(r"[\w.~+/-]+=*", token)
    assert PASSWORD not in token
    clock.advance(seconds=3599)
    assert tokens.account_of_token(token) == granted
    for forged in ("", "x", token[:-1], f"{token}x", "a.b.c", "ñ"):
        assert tokens.account_of_token(forged) is None
    accounts.suspend_user(actor=acting(principal), user=granted)
    assert tokens.account_of_token(token) is None
    accounts.reactivate_user(actor=acting(principal), user=granted)
    assert tokens.account_of_token(token) == granted
    granted.set_password("Distinta1")
    granted.save()
    assert tokens.account_of_token(token) is None
    late = ask(password="Distinta1").json()["access_token"]
    clock.advance(seconds=3601)
    assert tokens.account_of_token(late) is None


UNKNOWN = {
    "a client of no option": {"address_of": "99.9", "client_id": "99.9"},
    "a folder": {"address_of": "11.9", "client_id": "11.9"},
    "another client in the body": {"client_id": "11.9.1.1.1"},
    "a wrong secret": {"client_secret": "otra"},
    "no secret": {"client_secret": None},
}


def test_an_unknown_client_is_refused_whatever_the_account(granted):
    for kind, changed in UNKNOWN.items():
        for account in ({}, WRONG):
            response = ask(**changed, **account)
            assert refused(response) == (401, "401", "unauthorized_client"), kind
            assert response.json()["error_description"] == "Cliente no autorizado"
    granted.refresh_from_db()
    assert granted.failed_sign_ins == 0


def test_an_odd_client_is_no_error_of_ours(granted):
    for client in ("%00", "x" * 3000, "ñ", "..", "%2e%2e"):
        assert ask(address_of=client, client_id=None).status_code in (400, 401, 404), client


def test_another_grant_is_refused(granted):
    for grant in (None, "client_credentials", "refresh_token"):
        assert refused(ask(grant_type=grant)) == (400, "400", "unsupported_grant_type")


WITHOUT_THE_CLAVE = {
    "wrong clave": WRONG,
    "no clave": {"password": None},
    "unknown usuario": {"username": f"{RUC}NADIE001"},
    "unknown RUC": {"username": "20000000109JPEREZ01"},
    "RUC with a wrong digit": {"username": "20999999044JPEREZ01"},
    "usuario without RUC": {"username": "JPEREZ01"},
    "the RUC twice": {"username": f"{RUC}{RUC}JPEREZ01"},
    "no name": {"username": None},
    "suspended": {"username": f"{RUC}SUSPEN01", **WRONG},
    "eliminated": {"username": f"{RUC}ELIMIN01"},
    "principal": {"username": f"{RUC}TITULAR1", **WRONG},
    "staff": {"username": "admin", "password": "una-clave-larga-de-personal"},
}


def test_before_the_right_clave_every_account_is_refused_alike(
    granted, principal, make_secondary, settings
):
    accounts.suspend_user(actor=acting(principal), user=make_secondary("SUSPEN01", 90000021))
    accounts.eliminate_user(actor=acting(principal), user=make_secondary("ELIMIN01", 90000022))
    answers = {kind: ask(**changed) for kind, changed in WITHOUT_THE_CLAVE.items()}
    for kind, answer in answers.items():
        assert refused(answer) == (400, "0102", "invalid_grant"), kind
    assert len({answer.content for answer in answers.values()}) == 1
    assert len({frozenset(answer.headers) for answer in answers.values()}) == 1


def test_after_the_right_clave_the_account_is_told_what_is_missing(
    principal, secondary, make_secondary, clock
):
    assert refused(ask()) == (400, "0111", "access_denied")
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    # A role is a matter of the application, as of the menu's.
    assert ask(address_of="90.1.1.1.1", client_id="90.1.1.1.1").status_code == 200
    # An option that another type of operator has.
    of_others = ask(address_of="90.2.1.1.1", client_id="90.2.1.1.1")
    assert refused(of_others) == (400, "0111", "access_denied")
    assert refused(ask(username=f"{RUC}TITULAR1")) == (400, "0112", "access_denied")
    accounts.suspend_user(actor=acting(principal), user=secondary)
    assert refused(ask()) == (400, "0105", "access_denied")
    assert ask().json()["error_description"] == "Su usuario está suspendido."


def test_a_grant_that_does_not_rule_yet_gives_no_token(principal, secondary, clock):
    operator = principal.operator
    operator.activation_delay = timedelta(hours=24)
    operator.save()
    assign_options(actor=acting(principal), user=secondary, codes=[CLIENT], seen=[])
    assert refused(ask()) == (400, "0111", "access_denied")
    clock.advance(hours=24)
    assert ask().status_code == 200


def test_a_clave_to_be_changed_and_a_second_factor_give_no_token(granted, principal):
    Telephone(granted)
    assert refused(ask()) == (400, "0106", "access_denied")
    assert "segundo factor" in ask().json()["error_description"]
    passwords.reset_password(actor=acting(principal), user=granted, password="Temporal1")
    response = ask(password="Temporal1")
    assert refused(response) == (400, "0106", "access_denied")
    assert "clave temporal" in response.json()["error_description"]


def test_a_wrong_clave_counts_in_the_same_counts_as_on_the_sign_in_page(granted, clock):
    for _ in range(3):
        ask(**WRONG)
    page = {"ruc": RUC, "username": "JPEREZ01", "password": "Otra20260"}
    for _ in range(2):
        Client().post("/ingresar/", page)
    assert granted in locks_of([granted])
    response = ask()
    assert refused(response) == (400, "0102", "invalid_grant")
    assert "bloqueado" in response.json()["error_description"]
    assert response["Retry-After"] == "60"
    # A name that does not exist is locked with the same words.
    for _ in range(5):
        ask(username=f"{RUC}NADIE001")
    assert ask(username=f"{RUC}NADIE001").content == response.content


def test_a_token_is_a_sign_in_as_any_other_for_the_owner(granted):
    ask(**WRONG)
    ask()
    granted.refresh_from_db()
    assert granted.failed_sign_ins == 0
    assert granted.last_login is not None
    fail_to_sign_in(granted, 2)
    # A refusal after the right clave stays counted: the owner hears of who knows it.
    ask(address_of="11.9.1.1.1", client_id="11.9.1.1.1")
    granted.refresh_from_db()
    assert granted.failed_sign_ins == 3


def test_the_log_tells_each_right_clave_and_what_became_of_it(granted, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    ask(**WRONG)
    ask()
    ask(address_of="11.9.1.1.1", client_id="11.9.1.1.1")
    assert events(caplog) == ["sign_in_failed", "sign_in_ok", "sign_in_failed"]


def test_credentials_are_taken_from_the_body_alone_and_no_cookie_is_read(granted, client_of):
    client = client_of(granted)
    before = list(Session.objects.values_list())
    address = f"/v1/clientessol/{CLIENT}/oauth2/token/"
    assert client.post(address, query_params=FORM).status_code == 401
    assert client.get(address, FORM).status_code == 405
    assert client.post(address, FORM, content_type="application/json").status_code == 401
    assert ask(client, **WRONG).status_code == 400
    assert list(Session.objects.values_list()) == before
