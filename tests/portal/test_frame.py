"""What every page shares: the banner, the frame, the error pages."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import soup
from users.models import User

BANNER = "SIMULADOR DE PRÁCTICA. No es el portal de SUNAT. No ingrese su Clave SOL real."


@pytest.mark.parametrize("path", ["/ingresar/", "/admin/login/", "/no-existe/"])
def test_every_page_says_it_is_a_simulator(client, db, path):
    page = soup(client.get(path, follow=True))
    assert page.select_one(".simulator-banner").text == BANNER
    assert "noindex" in page.select_one("meta[name=robots]")["content"]


def test_pages_are_in_peruvian_spanish_and_never_stored(client, db):
    response = client.get("/ingresar/")
    assert soup(response).html["lang"] == "es-PE"
    assert "no-store" in response["Cache-Control"]


def test_the_title_is_the_heading_and_the_site(client_of, principal):
    page = soup(client_of(principal).get(reverse("users:create")))
    assert page.title.text == "Datos del usuario – Paso 1 de 3 – Comunidad del Operador (simulador)"
    assert len(page.select("h1")) == 1


def test_the_page_of_an_unknown_address_links_home(client_of, principal):
    response = client_of(principal).get("/no-existe/")
    assert response.status_code == 404
    page = soup(response)
    assert page.h1.text == "No se encontró la página"
    assert page.select_one("main a")["href"] == "/"


def test_a_refusal_gives_its_reason(client_of, secondary):
    response = client_of(secondary).get("/usuarios/")
    assert response.status_code == 403
    assert soup(response).select_one(".lead").text == (
        "Solo el usuario principal de la empresa administra usuarios."
    )


def test_a_refusal_says_whom_to_ask(client_of, secondary, small_catalog):
    page = soup(client_of(secondary).get(reverse("users:create")))
    assert "pídala al usuario principal de su empresa" in page.main.text
    clerk = User.objects.create_user("clerk", is_staff=True)
    page = soup(client_of(clerk).get("/admin/users/user/"))
    assert "pida el permiso a quien administra el simulador" in page.main.text


# What HTML takes: fractions of a second have at most three digits.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:?\d\d")


def test_every_time_of_a_page_can_be_read_by_a_machine(client_of, visitors):
    client, seen = client_of(visitors["principal"]), 0
    for name in ("users:own_sessions", "profiles:user_list", "profiles:history", "profiles:load"):
        for time in soup(client.get(reverse(name))).select("time"):
            assert INSTANT.fullmatch(time["datetime"]), (name, time)
            seen += 1
    assert seen > 5
    templates = "".join(path.read_text("utf-8") for path in Path("templates").rglob("*.html"))
    times = re.findall(r'<time datetime="\{\{ [a-z_.]+\|date:\'(.+?)\' \}\}">', templates)
    # Two lists give it as a plain value: their pages are read above.
    assert len(times) == templates.count("<time") - 2
    assert set(times) == {r"Y-m-d\TH:i:sO"}


def test_a_form_without_a_csrf_token_is_requested_again(principal):
    client = Client(enforce_csrf_checks=True)
    client.force_login(principal, backend="users.signin.backends.OperatorBackend")
    client.get("/usuarios/nuevo/")
    response = client.post("/usuarios/nuevo/", {"username": "INTRUSA1"})
    assert response.status_code == 403
    assert soup(response).h1.text == "La página estuvo abierta mucho tiempo. Vuelva a enviar."


@pytest.mark.parametrize("door", ["/ingresar/", "/usuarios/nuevo/"])
def test_a_page_never_shows_an_english_sentence_of_django(client_of, principal, door):
    text = soup(client_of(principal).post(door, {})).get_text()
    for english in ["This field", "required", "Please", "Enter a"]:
        assert english not in text


def test_a_method_that_a_page_does_not_accept_gets_an_error_page(client_of, principal):
    response = client_of(principal).get("/salir/")
    assert response.status_code == 405
    assert soup(response).h1.text == "No se puede abrir esta página directamente"
    assert response["Allow"]


def test_signing_out_after_the_session_ended_leads_to_the_sign_in_page(client, db):
    assert client.post("/salir/").url == "/ingresar/"


def test_a_form_in_a_charset_that_no_browser_sends_is_refused(client, db, subtests):
    for charset in ["hex", "no-such", "utf-16"]:
        with subtests.test(charset=charset):
            content_type = f"application/x-www-form-urlencoded; charset={charset}"
            response = client.generic("POST", "/ingresar/", b"ruc=1", content_type)
            assert response.status_code == 400
            assert soup(response).h1.text == "Solicitud no válida"


def test_a_nul_in_an_address_is_refused(client_of, staff):
    path = reverse("admin:operators_operator_changelist")
    assert client_of(staff).get(path + "?operator_types__code__exact=%00").status_code == 400
