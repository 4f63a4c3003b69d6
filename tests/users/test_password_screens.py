"""Restablecer password and the change of one's own: temporary passwords, and the sessions they close."""

import logging

import pytest
from django.core.exceptions import ValidationError

from tests.conftest import PASSWORD, RUC, acting, field_errors, soup
from users.actions import accounts, passwords
from users.models import AuditEntry, Session, User
from users.signin.password_rules import OperatorPasswordValidator, generate_password

RESET, OWN = "/usuarios/JPEREZ01/clave/", "/clave/"
NEW = "Distinta2027"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


@pytest.fixture
def own(secondary, client_of):
    return client_of(secondary)


def sign_in(client, password):
    return client.post(
        "/ingresar/", {"ruc": RUC, "username": "JPEREZ01", "password": password}, follow=True
    )


def stored(user) -> User:
    return User.objects.get(pk=user.pk)


def change(client, current=PASSWORD, one=NEW, two=NEW):
    return client.post(OWN, {"current_password": current, "password1": one, "password2": two})


def test_the_rule_of_a_new_clave_is_a_list_below_its_field(client):
    page = soup(client.get("/usuarios/nuevo/"))
    described = page.find(id=page.select_one("[name=password1]")["aria-describedby"])
    assert [rule.text for rule in described.select("li")] == [
        "8 a 12 caracteres",
        "Un número, por lo menos",
        "Las dos claves coinciden",
    ]


def test_a_guessable_clave_is_advised_against_with_a_link_to_change_it(client, secondary):
    form = {"way": "type", "password1": "sunat2026", "password2": "sunat2026"}
    page = soup(client.post(RESET, form, follow=True))
    link = next(notice.a for notice in page.select(".notice") if "adivinar" in notice.text)
    assert (link.text, link["href"]) == ("Restablecer clave", RESET)


# Restablecer password --------------------------------------------------------------------------------


def test_a_generated_clave_is_shown_once_and_works(client, secondary, client_of):
    response = client.post(RESET, {"way": "generate"})
    password = soup(response).select_one(".generated-password").text
    assert stored(secondary).check_password(password)
    assert stored(secondary).must_change_password
    slip = soup(response).select_one(".slip").text
    assert all(text in slip for text in (RUC, "JPEREZ01", password, "/ingresar/"))
    assert password not in client.get(RESET).content.decode()
    entry = AuditEntry.objects.get(action="user.password_reset")
    assert (entry.subject, entry.before, entry.after) == (secondary, {}, {})
    page = soup(sign_in(client_of(None), password))
    assert page.h1.text == "Cambiar mi clave"


def test_a_clave_may_be_typed_instead(client, secondary):
    response = client.post(RESET, {"way": "type", "password1": NEW, "password2": NEW}, follow=True)
    assert "Se restableció la clave de JPEREZ01." in soup(response).text
    assert stored(secondary).check_password(NEW)
    assert stored(secondary).must_change_password


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            {"way": "type"},
            {"password1": "Ingrese la clave", "password2": "Reingrese la clave"},
        ),
        (
            {"way": "type", "password1": "corta1", "password2": "corta1"},
            {"password1": "La clave debe tener entre 8 y 12 caracteres"},
        ),
        (
            {"way": "type", "password1": NEW, "password2": "Otra20270"},
            {"password2": "Las claves no coinciden"},
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_changes(
    client, secondary, sent, expected
):
    response = client.post(RESET, sent)
    assert field_errors(response) == expected
    assert stored(secondary).password == secondary.password
    assert NEW not in response.content.decode()


@pytest.mark.parametrize("sent", [{}, {"way": "magia"}])
def test_how_to_give_it_must_be_chosen(client, secondary, sent):
    page = soup(client.post(RESET, sent))
    link = page.select_one(".error-summary a")
    assert link.text == "Elija cómo dar la clave temporal"
    assert page.find(id=link["href"].removeprefix("#"))["type"] == "radio"
    assert stored(secondary).password == secondary.password


def test_resetting_closes_the_sessions_of_the_user_at_once(client, own, secondary):
    assert own.get("/").status_code == 200
    page = soup(client.get(RESET))
    assert "Se cerrará la sesión que tiene abierta." in page.select_one(".lead").text
    client.post(RESET, {"way": "generate"})
    assert not Session.objects.filter(user=secondary).exists()
    assert own.get("/").status_code == 302


def test_an_eliminated_user_gets_no_clave(principal, secondary):
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    with pytest.raises(ValidationError, match="ya no ingresa con clave"):
        passwords.reset_password(actor=acting(principal), user=secondary, password=NEW)


def test_generated_claves_obey_the_rule_and_differ():
    claves = {generate_password() for _ in range(200)}
    assert {len(clave) for clave in claves} == {12}
    assert len(claves) == 200
    for clave in claves:
        OperatorPasswordValidator().validate(clave, User(operator_id=1))


# A temporary password --------------------------------------------------------------------------------


@pytest.fixture
def temporary(principal, secondary, client_of):
    """A browser in which the user has signed in with a temporary password."""
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    browser = client_of(None)
    sign_in(browser, "Temporal1")
    return browser


@pytest.mark.parametrize("path", ["/", "/opciones/11.9.1.1.1/", "/usuarios/", "/nada/"])
def test_a_temporary_clave_leads_to_the_change_and_nowhere_else(temporary, path):
    if path == "/nada/":
        # Nothing is there: not even a page to be kept from.
        assert temporary.get(path).status_code == 404
        return
    for response in (temporary.get(path), temporary.post(path)):
        assert (response.status_code, response.url) == (302, OWN)


def test_on_that_page_there_is_no_way_to_other_places(temporary):
    page = soup(temporary.get(OWN))
    assert "Primero cambie su clave temporal" in page.text
    assert page.select("nav") == []
    assert page.select_one("form[action='/salir/']")


def test_once_changed_the_menu_opens(temporary, secondary):
    response = temporary.post(
        OWN, {"current_password": "Temporal1", "password1": NEW, "password2": NEW}, follow=True
    )
    assert soup(response).h1.text == "Comunidad del Operador"
    assert not stored(secondary).must_change_password


def test_the_temporary_clave_itself_is_no_new_one(temporary, secondary):
    response = change(temporary, "Temporal1", "Temporal1", "Temporal1")
    assert field_errors(response) == {"password1": "La clave nueva debe ser distinta de la actual"}
    assert stored(secondary).must_change_password


# One's own ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["principal", "secondary"])
def test_the_owner_changes_his_clave_and_stays_while_his_other_sessions_end(
    who, principal, secondary, client_of
):
    user = {"principal": principal, "secondary": secondary}[who]
    here, elsewhere = client_of(user), client_of(user)
    response = here.post(
        OWN, {"current_password": PASSWORD, "password1": NEW, "password2": NEW}, follow=True
    )
    assert "Se cambió su clave. Se cerró su otra sesión." in soup(response).text
    assert stored(user).check_password(NEW)
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302
    assert AuditEntry.objects.get(action="user.password_changed").actor == user


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (
            ("", "", ""),
            {
                "current_password": "Ingrese su clave actual",
                "password1": "Ingrese la clave",
                "password2": "Reingrese la clave",
            },
        ),
        (("Equivocada1", NEW, NEW), {"current_password": "La clave actual no es correcta"}),
        (
            (PASSWORD, "sinnumero", "sinnumero"),
            {"password1": "La clave debe incluir al menos un número"},
        ),
        ((PASSWORD, NEW, "Otra20270"), {"password2": "Las claves no coinciden"}),
        (
            (PASSWORD, PASSWORD, PASSWORD),
            {"password1": "La clave nueva debe ser distinta de la actual"},
        ),
    ],
)
def test_a_wrong_change_is_refused_beside_its_field(own, secondary, sent, expected):
    response = change(own, *sent)
    assert field_errors(response) == expected
    assert stored(secondary).check_password(PASSWORD)
    assert not any(value and f'value="{value}"' in response.content.decode() for value in sent)


def test_staff_changes_its_password_in_the_administration(staff, client_of):
    assert client_of(staff).get(OWN).url == "/admin/password_change/"


def test_no_clave_is_left_in_a_session_a_log_or_the_history(client, own, secondary, caplog):
    caplog.set_level(logging.DEBUG)
    change(own)
    response = client.post(RESET, {"way": "generate"})
    generated = soup(response).select_one(".generated-password").text
    client.get("/usuarios/")
    kept = [
        *(repr(session.get_decoded()) for session in Session.objects.all()),
        *map(repr, AuditEntry.objects.values()),
        caplog.text,
    ]
    for clave in (PASSWORD, NEW, generated):
        assert not any(clave in text for text in kept)
