"""The second factor at both doors: asked for after the clave, the sign-in is pending until it is given."""

import logging
import re

import pytest
from django.test import Client

from tests.conftest import RUC, Telephone, acting, soup
from tests.users.second_factor.conftest import (
    CODE_TITLE,
    CODE_URL,
    URL,
    Door,
    give_code,
    title,
)
from users.actions import passwords, signing_in
from users.models import Session, User
from users.signin.unsent import owner_token

# At the door --------------------------------------------------------------------------------------


def test_the_right_clave_alone_lets_nobody_in(client, door, telephone):
    response = door.give_clave(client)
    assert title(response) == CODE_TITLE
    assert response.wsgi_request.path == CODE_URL
    assert not door.is_inside(client)
    assert Session.objects.filter(user=door.user).count() == 0


def test_clave_and_code_do(client, door, telephone):
    response = door.enter(client, telephone.code())
    assert response.redirect_chain[-1][0] == door.home
    assert door.is_inside(client)
    assert "half_way" not in client.session


def test_whoever_has_none_enters_with_his_clave_as_ever(client, door):
    assert door.give_clave(client).redirect_chain[-1][0] == door.home
    assert client.get(CODE_URL).url == URL


@pytest.mark.parametrize("code", ["000000", "12345", "", "１２３４５６", "A" * 1000, "\x00"])
def test_a_wrong_code_does_not_and_says_what_to_do(client, door, telephone, code):
    response = door.enter(client, code)
    assert title(response) == CODE_TITLE
    assert soup(response).select_one(".error-summary a").text
    assert not door.is_inside(client)


def test_what_was_asked_for_is_where_one_is_led(client, door, telephone):
    wanted = "/admin/users/user/" if door.staff else "/sesiones/"
    asked = client.get(wanted, follow=True)
    page = soup(door.give_clave(client, next=soup(asked).select_one("[name=next]")["value"]))
    kept = page.select_one("[name=next]")["value"]
    assert kept == wanted
    refused = give_code(client, "000000", next=kept)
    assert soup(refused).select_one("[name=next]")["value"] == wanted
    assert give_code(client, telephone.code(), next=kept).wsgi_request.path == wanted


@pytest.mark.parametrize("next_url", ["https://otro.example/", "//otro.example", "javascript:x"])
def test_nobody_is_led_to_another_site(client, door, telephone, next_url):
    page = door.give_clave(client, next=next_url)
    assert "otro.example" not in page.content.decode()
    response = client.post(CODE_URL, {"code": telephone.code(), "next": next_url})
    assert response.url in ("/", "/admin/")


def test_a_wrong_clave_does_not_tell_whether_there_is_a_second_factor(client, door, clock):
    def answer() -> str:
        response = door.give_clave(Client(), "Otra20260")
        return re.sub(r'csrfmiddlewaretoken" value="\w+"', "", response.content.decode())

    without = answer()
    Telephone(door.user)
    assert answer() == without


def test_a_form_that_was_kept_survives_the_code(client, principal, clock):
    telephone, door = Telephone(principal), Door(principal)
    sent = {"first_name": "Ana María", "form_owner": owner_token(principal)}
    page = soup(client.post("/usuarios/nuevo/", sent))
    unsent = page.select_one("[name=unsent]")["value"]
    asked = door.give_clave(client, unsent=unsent)
    assert title(asked) == CODE_TITLE
    refused = give_code(client, "000000", unsent=soup(asked).select_one("[name=unsent]")["value"])
    again = soup(refused).select_one("[name=unsent]")["value"]
    response = give_code(client, telephone.code(), unsent=again)
    assert title(response) == "Continúe donde estaba"
    assert soup(response).select_one("[name=first_name]")["value"] == "Ana María"


def test_one_is_told_how_it_was_left(client, door, telephone, clock):
    door.enter(client, telephone.code())
    clock.advance(minutes=1)
    door.give_clave(Client(), "Otra20260")
    door.enter(Client(), "000000")
    clock.advance(minutes=1)
    response = door.enter(Client(), telephone.code())
    # The wrong clave; the right one, with which nobody came in; the wrong code.
    assert "Desde entonces hubo 3 intentos fallidos." in soup(response).text
    assert User.objects.get(pk=door.user.pk).failed_sign_ins == 0


def test_one_is_told_of_the_right_clave_without_a_code_and_not_of_ones_own(
    client, door, telephone, clock
):
    door.enter(client, telephone.code())
    door.give_clave(Client())
    assert User.objects.get(pk=door.user.pk).failed_sign_ins == 1
    for told in (True, False):
        clock.advance(minutes=1)
        page = soup(door.enter(Client(), telephone.code())).text
        assert "Su último ingreso: " in page
        assert ("Desde entonces hubo 1 intento fallido." in page) == told
        assert ("intento" in page) == told


def test_the_log_tells_who_is_in_from_who_has_given_the_clave_only(client, door, telephone, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    door.enter(client, "000000")
    give_code(client, telephone.code())
    lines = [record for record in caplog.records if record.name == "users.security"]
    assert [line.getMessage() for line in lines] == [
        "sign_in_half_way",
        "second_factor_failed",
        "second_factor_ok",
        "sign_in_ok",
    ]
    ruc = "" if door.staff else RUC
    for line in lines:
        assert line.facts == {
            "ruc": ruc,
            "username": door.user.username,
            "address": "127.0.0.1",
        }


def test_a_pending_sign_in_ends_when_somebody_else_signs_in_there(
    client, principal, secondary, clock
):
    Telephone(principal)
    Door(principal).give_clave(client)
    Door(secondary).give_clave(client)
    assert "half_way" not in client.session
    assert client.get(CODE_URL).url == URL


# Half-way -----------------------------------------------------------------------------------------


def test_five_minutes_are_given(client, door, telephone, clock):
    door.give_clave(client)
    clock.advance(minutes=5, seconds=-1)
    assert client.get(CODE_URL).status_code == 200
    clock.advance(seconds=1)
    response = client.post(CODE_URL, {"code": telephone.code(), "next": "/sesiones/"}, follow=True)
    assert response.redirect_chain == [(f"{door.url}?next=%2Fsesiones%2F", 302)]
    assert "Pasó el tiempo para escribir el código. Ingrese de nuevo." in soup(response).text
    assert not door.is_inside(client)


def test_a_form_that_was_kept_survives_the_end_of_that_time(client, principal, clock):
    Telephone(principal)
    sent = {"first_name": "Ana María", "form_owner": owner_token(principal)}
    unsent = soup(client.post("/usuarios/nuevo/", sent)).select_one("[name=unsent]")["value"]
    Door(principal).give_clave(client, unsent=unsent)
    clock.advance(minutes=5)
    response = give_code(client, "000000", unsent=unsent)
    assert title(response) == "Ingreso"
    assert soup(response).select_one("[name=unsent]")


def test_what_one_began_another_does_not_finish(client, door, telephone, stranger):
    theirs = Telephone(stranger)
    door.give_clave(client)
    assert not door.is_inside(Client())
    Door(stranger).give_clave(client)
    give_code(client, telephone.code())
    assert client.get("/").status_code == 302
    give_code(client, theirs.code())
    assert client.get("/").context["user"] == stranger


def test_a_key_of_a_session_from_before_the_clave_is_worth_nothing(client, door, telephone):
    client.get(door.url)
    client.session["anything"] = 1
    planted = client.session.session_key
    door.give_clave(client)
    other = Client()
    other.cookies["sessionid"] = planted
    give_code(other, telephone.code())
    assert not door.is_inside(other)


def _another_clave(user):
    user.set_password("Distinta1")
    user.save()


def _another_state(user):
    user.state = User.State.SUSPENDED
    user.save()


@pytest.mark.parametrize(
    "change",
    [
        _another_clave,
        _another_state,
        lambda user: signing_in.turn_off_second_factor(actor=acting(user), user=user),
    ],
    ids=["another clave", "suspended", "turned off"],
)
def test_what_changes_meanwhile_makes_one_begin_again(client, door, telephone, change):
    door.give_clave(client)
    change(User.objects.get(pk=door.user.pk))
    response = client.post(CODE_URL, {"code": telephone.code()})
    assert response.url == door.url
    assert not door.is_inside(client)


# It stays with the account ------------------------------------------------------------------------


def test_a_reset_of_the_clave_does_not_take_it_away(client, secondary, principal, clock):
    telephone = Telephone(secondary)
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    door = Door(secondary)
    assert title(door.give_clave(client, "Temporal1")) == CODE_TITLE
    assert title(give_code(client, telephone.code())) == "Cambiar mi clave"
