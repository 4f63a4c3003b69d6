"""Ingreso: RUC, usuario and password."""

import re
from datetime import timedelta
from itertools import product

import pytest
from django.test import Client

from operators.models import Operator
from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting, field_errors, soup
from users.actions import accounts
from users.models import Session

URL = "/ingresar/"
FORM = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}
WRONG = "RUC, usuario o clave incorrectos."


def is_inside(client) -> bool:
    return client.get("/").status_code == 200


# The page ----------------------------------------------------------------------------------------


def test_the_controls_have_the_ids_of_the_real_portal(client, db):
    page = soup(client.get(URL))
    assert {page.find(id=name)["name"] for name in ("txtRuc", "txtUsuario", "txtContrasena")} == {
        "ruc",
        "username",
        "password",
    }
    assert page.find(id="btnAceptar").name == "button"
    assert page.find(id="btnAceptar").text == "Ingresar"
    by_ruc = page.find(id="btnPorRuc")
    assert (by_ruc.name, by_ruc["type"], by_ruc.text) == ("button", "button", "RUC")
    assert not page.find(id="spanMensajeError")


def test_a_refusal_stands_where_robots_of_the_real_portal_read_it(client, principal):
    page = soup(client.post(URL, {**FORM, "password": "Otra20260"}))
    assert page.select_one("div#divMensajeError > span#spanMensajeError").text == WRONG


def test_browsers_may_fill_in_the_password(client, db):
    password = soup(client.get(URL)).find(id="txtContrasena")
    assert password["type"] == "password"
    assert password["autocomplete"] == "current-password"
    assert not password.has_attr("maxlength")


def test_every_control_has_its_label(client, db):
    page = soup(client.get(URL))
    labels = {label["for"]: label.text for label in page.select("main label")}
    assert labels == {"txtRuc": "RUC", "txtUsuario": "Usuario", "txtContrasena": "Clave"}


@pytest.mark.parametrize("demo", [True, False])
def test_practice_accounts_are_listed_in_a_practice_installation_only(client, db, settings, demo):
    settings.DEMO = demo
    practice = soup(client.get(URL)).select_one("details.practice")
    assert (practice is not None) == demo
    if demo:
        assert "20000000001" in practice.text
        assert "MODDATOS" in practice.text


# Signing in ----------------------------------------------------------------------------------------


def test_the_right_credentials_sign_in_despite_spaces_and_case(principal):
    for typed in (
        {},
        {"username": "titular1"},
        {"username": " Titular1 "},
        {"ruc": "20 999999 043"},
        {"ruc": f"{RUC}\t"},
    ):
        client = Client()
        response = client.post(URL, {**FORM, **typed}, follow=True)
        assert soup(response).h1.text == "Comunidad del Operador", typed
        assert is_inside(client)


def test_sign_in_sets_last_login(client, principal):
    client.post(URL, FORM)
    principal.refresh_from_db()
    assert principal.last_login is not None


def test_sign_in_rotates_the_session_key(client, principal, settings):
    # An attacker may have planted the old key.
    session = client.session
    session["planted"] = "yes"
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted = session.session_key
    client.post(URL, FORM)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_signing_in_as_another_account_flushes_the_session(client, principal, secondary):
    client.post(URL, FORM)
    session = client.session
    session["of the first"] = "yes"
    session.save()
    client.post(URL, {**FORM, "username": "JPEREZ01"})
    assert "of the first" not in client.session
    assert client.get("/usuarios/").status_code == 403


def test_the_sign_in_page_names_the_account_that_is_signed_in(client_of, principal):
    page = soup(client_of(principal).get(URL))
    assert "Ya ingresó como TITULAR1 de Empresa 9043 de Práctica." in page.select_one(".hint").text


# Errors ------------------------------------------------------------------------------------------


WITHOUT_THE_RUC = "Escriba solo el usuario, sin el RUC: al ingresar, el RUC va en su propio campo"
# An existing account and unknown ones: the sentence reveals nothing.
WITH_A_RUC = [RUC, f"{RUC}TITULAR1", f" {RUC}-titular1", f"{RUC} NADIE001", f"{OTHER_RUC}TITULAR1"]
ERRORS = [
    ({"ruc": ""}, {"ruc": "Ingrese el RUC"}),
    ({"ruc": "  "}, {"ruc": "Ingrese el RUC"}),
    ({"ruc": "2099999904"}, {"ruc": "El RUC debe tener 11 dígitos"}),
    ({"ruc": "TITULAR1"}, {"ruc": "El RUC debe tener 11 dígitos"}),
    ({"ruc": "20999999044"}, {"ruc": "Revise el RUC: el último dígito no corresponde"}),
    ({"ruc": "11999999043"}, {"ruc": "El RUC debe empezar con 10, 15, 17 o 20"}),
    ({"username": ""}, {"username": "Ingrese el usuario"}),
    *[({"username": username}, {"username": WITHOUT_THE_RUC}) for username in WITH_A_RUC],
    ({"password": ""}, {"password": "Ingrese la clave"}),
    (
        {"ruc": "", "username": "", "password": ""},
        {
            "ruc": "Ingrese el RUC",
            "username": "Ingrese el usuario",
            "password": "Ingrese la clave",
        },
    ),
]


def test_each_error_appears_beside_its_field(client, principal):
    for typed, expected in ERRORS:
        response = client.post(URL, {**FORM, **typed})
        assert response.status_code == 200
        assert field_errors(response) == expected
        page = soup(response)
        # Beside the field, in the summary with a link, and the first one where clients read it.
        links = page.select("#divMensajeError a")
        assert [link.text for link in links] == list(expected.values())
        assert [page.find(id=link["href"][1:])["name"] for link in links] == list(expected)
        assert [span.text for span in page.select("#spanMensajeError")] == [links[0].text]
        assert page.title.text.startswith("Error: Ingreso")
    assert not is_inside(client)


@pytest.fixture
def inactive(principal, make_secondary, strangers_secondary):
    """One account of each kind that is blocked, all with the same password."""
    accounts.suspend_user(actor=acting(principal), user=make_secondary("SUSPEN01", 90000021))
    accounts.eliminate_user(actor=acting(principal), user=make_secondary("ELIMIN01", 90000022))
    strangers_secondary.operator.is_active = False
    strangers_secondary.operator.save()


REFUSED = {
    "wrong password": {"password": "Otra20260"},
    "password in another case": {"password": PASSWORD.lower()},
    "password with a blank": {"password": f"{PASSWORD} "},
    "unknown usuario": {"username": "NADIE001"},
    "impossible usuario": {"username": "no existe"},
    "unknown RUC": {"ruc": "20000000109"},
    "usuario of another operator": {"username": "AJENO001"},
    "suspended": {"username": "SUSPEN01"},
    "eliminated": {"username": "ELIMIN01"},
    "closed operator": {"ruc": OTHER_RUC, "username": "AJENO001"},
    "staff": {"username": "admin", "password": "una-clave-larga-de-personal"},
}


def without_what_was_typed(response, form) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    for name in ("ruc", "username"):
        text = text.replace(f'name="{name}" value="{form[name]}"', "")
    return text


@pytest.mark.usefixtures("inactive", "no_limits")
def test_every_wrong_combination_gets_the_same_answer():
    for kind, changes in REFUSED.items():
        client, first, form = Client(), {**FORM, "password": "Equivocada1"}, {**FORM, **changes}
        reference, response = client.post(URL, first), client.post(URL, form)
        assert soup(response).find(id="spanMensajeError").text == WRONG, kind
        assert not is_inside(client), kind
        assert response.status_code == reference.status_code, kind
        assert response.headers.keys() == reference.headers.keys(), kind
        assert response.cookies.keys() == reference.cookies.keys(), kind
        expected = without_what_was_typed(reference, first)
        assert without_what_was_typed(response, form) == expected, kind


def test_after_an_error_ruc_and_usuario_stay_and_the_password_does_not(client, principal):
    for password in ("Otra20260", "", PASSWORD):
        form = {"ruc": "20 999999 043", "username": "nadie001", "password": password}
        page = soup(client.post(URL, form))
        assert page.find(id="txtRuc")["value"] == form["ruc"]
        assert page.find(id="txtUsuario")["value"] == form["username"]
        assert not page.find(id="txtContrasena").get("value")
        # The practice accounts of the page show their own password.
        page.select_one("details.practice").decompose()
        assert not password or password not in str(page)


HOSTILE = [
    "\x00", "A\x00B", "\u202e", "😀" * 100, "A" * 1024 * 1024, "' OR 1=1 --", "<script>alert(1)</script>", "٢" * 11,
]  # fmt: skip


@pytest.mark.usefixtures("no_limits")
def test_a_hostile_value_is_refused_without_an_error_500(client, principal):
    taken = []
    for field, value in product(FORM, HOSTILE):
        response = client.post(URL, {**FORM, field: value})
        if response.status_code != 200 or soup(response).select("main script"):
            taken.append((field, value[:20], response.status_code))
    assert taken == []
    assert not is_inside(client)


def test_a_missing_field_counts_as_empty(client, principal):
    for field in FORM:
        form = {name: value for name, value in FORM.items() if name != field}
        assert list(field_errors(client.post(URL, form))) == [field]


# The page after sign-in --------------------------------------------------------------------------------------


def test_sign_in_leads_to_the_page_asked_for(client, principal):
    asked = client.get("/usuarios/?estado=suspended")
    page = soup(client.get(asked.url))
    kept = page.select_one("[name=next]")["value"]
    assert kept == "/usuarios/?estado=suspended"
    assert client.post(URL, {**FORM, "next": kept}).url == kept


def test_the_page_asked_for_is_kept_through_an_error(client, principal):
    response = client.post(URL, {**FORM, "password": "Otra20260", "next": "/usuarios/"})
    assert soup(response).select_one("[name=next]")["value"] == "/usuarios/"


HOSTILE_NEXT = [
    "https://ajeno.example/",
    "http://ajeno.example/",
    "//ajeno.example/",
    "///ajeno.example/",
    "/\\ajeno.example/",
    "\\\\ajeno.example/",
    "https:ajeno.example",
    "http:///ajeno.example/",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "ftp://testserver/",
    "//testserver@ajeno.example/",
    "http://testserver.ajeno.example/",
    "/\t/ajeno.example/",
    "\x08//ajeno.example/",
    " https://ajeno.example/",
    "%2f%2fajeno.example",
    "/%09/ajeno.example",
]


def test_sign_in_never_redirects_to_another_site(principal):
    left = []
    for target in HOSTILE_NEXT:
        for response in (
            Client().post(URL, {**FORM, "next": target}),
            Client().post(URL, FORM, query_params={"next": target}),
        ):
            assert response.status_code == 302, target
            # The address stays on this site: "/" or another path.
            if not re.match(r"/(?![/\\\s])|%2f%2f", response.url):
                left.append((target, response.url))
    assert left == []


# The end of a session ----------------------------------------------------------------------------


def test_sign_out_deletes_the_session(client, principal):
    client.post(URL, FORM)
    key = client.session.session_key
    response = client.post("/salir/")
    assert response.url == f"{URL}?ruc={RUC}"
    assert not is_inside(client)
    assert not Session.objects.filter(session_key=key).exists()


def test_sign_out_needs_a_post(client, principal):
    client.post(URL, FORM)
    for method in (client.get, client.head, client.put, client.delete):
        assert method("/salir/").status_code == 405
    assert is_inside(client)


def test_an_ended_session_is_told_on_the_sign_in_page(client, principal):
    client.post(URL, FORM)
    Session.objects.all().delete()
    page = soup(client.get("/usuarios/", follow=True))
    assert page.h1.text == "Ingreso"
    assert (
        "Su sesión terminó: pasaron 20 minutos sin usarla, o se cerró desde otro lugar. Ingrese de nuevo."
        in page.select_one(".notice").text
    )


def test_a_first_visit_shows_no_notice_of_an_ended_session(client, db):
    assert not soup(client.get("/usuarios/", follow=True)).select(".notice")


def test_a_sign_out_shows_no_notice_of_an_ended_session(client, principal):
    Operator.objects.update(name="Naviera de Práctica S.A.")
    client.post(URL, FORM)
    (notice,) = soup(client.post("/salir/", follow=True)).select(".notice")
    assert notice.text == "Ha salido de Naviera de Práctica S.A."


def test_activity_extends_the_session_at_most_once_a_minute(client, principal, settings, clock):
    client.post(URL, FORM)
    before = Session.objects.get().expire_date
    assert settings.SESSION_COOKIE_AGE == 20 * 60
    # Activity is saved at most once a minute.
    clock.advance(seconds=59)
    client.get("/")
    assert Session.objects.get().expire_date == before
    clock.advance(seconds=1)
    client.get("/")
    assert Session.objects.get().expire_date == before + timedelta(minutes=1)


# A form that another site sends ------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://ajeno.example"}], ids=["no token", "foreign origin"]
)
def test_another_site_cannot_sign_a_browser_in(client_of, principal, headers):
    client = client_of(None)
    client.handler.enforce_csrf_checks = True
    client.get(URL)
    response = client.post(URL, FORM, headers=headers)
    assert response.status_code == 403
    assert not is_inside(client)
