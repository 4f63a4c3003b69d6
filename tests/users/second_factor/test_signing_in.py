"""Signing in with a second factor, on both pages: pending from the password to the code."""

import logging
import re

import pytest
from django.test import Client

from tests.conftest import RUC, Telephone, acting, soup
from tests.users.second_factor.conftest import (
    CODE_TITLE,
    CODE_URL,
    URL,
    SigningIn,
    give_code,
    title,
)
from users.actions import passwords, signing_in
from users.models import Session, User
from users.signin.unsent import owner_token

# The two pages ----------------------------------------------------------------------------------


def test_the_password_alone_does_not_sign_in(client, account, telephone):
    response = account.give_password(client)
    assert title(response) == CODE_TITLE
    assert response.wsgi_request.path == CODE_URL
    assert not account.is_inside(client)
    assert Session.objects.filter(user=account.user).count() == 0


def test_password_and_code_sign_in(client, account, telephone):
    response = account.enter(client, telephone.code())
    assert response.redirect_chain[-1][0] == account.home
    assert account.is_inside(client)
    assert "half_way" not in client.session


def test_without_a_second_factor_the_password_signs_in(client, account):
    assert account.give_password(client).redirect_chain[-1][0] == account.home
    assert client.get(CODE_URL).url == URL


def test_a_wrong_code_is_refused_with_a_sentence(client, account, telephone):
    for code in ("000000", "12345", "", "１２３４５６", "A" * 1000, "\x00"):
        response = account.enter(client, code)
        assert title(response) == CODE_TITLE
        assert soup(response).select_one(".error-summary a").text
        assert not account.is_inside(client), code


def test_sign_in_with_a_code_leads_to_the_page_asked_for(client, account, telephone):
    wanted = "/admin/users/user/" if account.staff else "/sesiones/"
    asked = client.get(wanted, follow=True)
    page = soup(account.give_password(client, next=soup(asked).select_one("[name=next]")["value"]))
    kept = page.select_one("[name=next]")["value"]
    assert kept == wanted
    refused = give_code(client, "000000", next=kept)
    assert soup(refused).select_one("[name=next]")["value"] == wanted
    assert give_code(client, telephone.code(), next=kept).wsgi_request.path == wanted


def test_sign_in_with_a_code_never_redirects_to_another_site(account, telephone, clock):
    for next_url in ("https://otro.example", "//otro.example", "javascript:x"):
        client = Client()
        page = account.give_password(client, next=next_url)
        assert "otro.example" not in page.content.decode()
        response = client.post(CODE_URL, {"code": telephone.code(), "next": next_url})
        assert response.url in ("/", "/admin/"), next_url
        clock.advance(seconds=30)


def test_a_wrong_password_does_not_reveal_a_second_factor(client, account, clock):
    def answer() -> str:
        response = account.give_password(Client(), "Otra20260")
        return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode())

    without = answer()
    Telephone(account.user)
    assert answer() == without


def test_a_kept_form_survives_the_page_of_the_code(client, principal, clock):
    telephone, account = Telephone(principal), SigningIn(principal)
    sent = {"first_name": "Ana María", "form_owner": owner_token(principal)}
    page = soup(client.post("/usuarios/nuevo/", sent))
    unsent = page.select_one("[name=unsent]")["value"]
    asked = account.give_password(client, unsent=unsent)
    assert title(asked) == CODE_TITLE
    refused = give_code(client, "000000", unsent=soup(asked).select_one("[name=unsent]")["value"])
    again = soup(refused).select_one("[name=unsent]")["value"]
    response = give_code(client, telephone.code(), unsent=again)
    assert title(response) == "Continúe donde estaba"
    assert soup(response).select_one("[name=first_name]")["value"] == "Ana María"


def test_sign_in_with_a_code_reports_all_failures_since_the_previous_one(
    client, account, telephone, clock
):
    account.enter(client, telephone.code())
    clock.advance(minutes=1)
    account.give_password(Client(), "Otra20260")
    account.enter(Client(), "000000")
    clock.advance(minutes=1)
    response = account.enter(Client(), telephone.code())
    # A wrong password; a right one without its code; a wrong code.
    assert "Desde entonces hubo 3 intentos fallidos." in soup(response).text
    assert User.objects.get(pk=account.user.pk).failed_sign_ins == 0


def test_a_password_without_its_code_is_reported_as_a_failure(client, account, telephone, clock):
    account.enter(client, telephone.code())
    account.give_password(Client())
    assert User.objects.get(pk=account.user.pk).failed_sign_ins == 1
    for told in (True, False):
        clock.advance(minutes=1)
        page = soup(account.enter(Client(), telephone.code())).text
        assert "Su último ingreso: " in page
        assert ("Desde entonces hubo 1 intento fallido." in page) == told
        assert ("intento" in page) == told


def test_the_log_tells_a_pending_sign_in_from_a_completed_one(client, account, telephone, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    account.enter(client, "000000")
    give_code(client, telephone.code())
    lines = [record for record in caplog.records if record.name == "users.security"]
    assert [line.getMessage() for line in lines] == [
        "sign_in_half_way",
        "second_factor_failed",
        "second_factor_ok",
        "sign_in_ok",
    ]
    ruc = "" if account.staff else RUC
    for line in lines:
        assert line.facts == {
            "ruc": ruc,
            "username": account.user.username,
            "address": "127.0.0.1",
        }


def test_a_pending_sign_in_ends_when_another_account_signs_in(client, principal, secondary, clock):
    Telephone(principal)
    SigningIn(principal).give_password(client)
    SigningIn(secondary).give_password(client)
    assert "half_way" not in client.session
    assert client.get(CODE_URL).url == URL


# A pending sign-in ------------------------------------------------------------------------------


def test_a_pending_sign_in_expires_after_five_minutes(client, account, telephone, clock):
    account.give_password(client)
    clock.advance(minutes=5, seconds=-1)
    assert client.get(CODE_URL).status_code == 200
    clock.advance(seconds=1)
    response = client.post(CODE_URL, {"code": telephone.code(), "next": "/sesiones/"}, follow=True)
    assert response.redirect_chain == [(f"{account.url}?next=%2Fsesiones%2F", 302)]
    assert "Pasó el tiempo para escribir el código. Ingrese de nuevo." in soup(response).text
    assert not account.is_inside(client)


def test_a_kept_form_survives_an_expired_pending_sign_in(client, principal, clock):
    Telephone(principal)
    sent = {"first_name": "Ana María", "form_owner": owner_token(principal)}
    unsent = soup(client.post("/usuarios/nuevo/", sent)).select_one("[name=unsent]")["value"]
    SigningIn(principal).give_password(client, unsent=unsent)
    clock.advance(minutes=5)
    response = give_code(client, "000000", unsent=unsent)
    assert title(response) == "Ingreso"
    assert soup(response).select_one("[name=unsent]")


def test_a_pending_sign_in_needs_the_code_of_its_own_account(client, account, telephone, stranger):
    theirs = Telephone(stranger)
    account.give_password(client)
    assert not account.is_inside(Client())
    SigningIn(stranger).give_password(client)
    give_code(client, telephone.code())
    assert client.get("/").status_code == 302
    give_code(client, theirs.code())
    assert client.get("/").context["user"] == stranger


def test_a_session_key_from_before_the_password_is_rotated(client, account, telephone):
    client.get(account.url)
    client.session["anything"] = 1
    planted = client.session.session_key
    account.give_password(client)
    other = Client()
    other.cookies["sessionid"] = planted
    give_code(other, telephone.code())
    assert not account.is_inside(other)


def _another_password(user):
    user.set_password("Distinta1")
    user.save()


def _another_state(user):
    user.state = User.State.SUSPENDED
    user.save()


@pytest.mark.parametrize(
    "change",
    [
        _another_password,
        _another_state,
        lambda user: signing_in.turn_off_second_factor(actor=acting(user), user=user),
    ],
    ids=["another password", "suspended", "turned off"],
)
def test_a_change_of_the_account_voids_a_pending_sign_in(client, account, telephone, change):
    account.give_password(client)
    change(User.objects.get(pk=account.user.pk))
    response = client.post(CODE_URL, {"code": telephone.code()})
    assert response.url == account.url
    assert not account.is_inside(client)


# A password reset -------------------------------------------------------------------------------


def test_a_password_reset_keeps_the_second_factor(client, secondary, principal, clock):
    telephone = Telephone(secondary)
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    account = SigningIn(secondary)
    assert title(account.give_password(client, "Temporal1")) == CODE_TITLE
    assert title(give_code(client, telephone.code())) == "Cambiar mi clave"
