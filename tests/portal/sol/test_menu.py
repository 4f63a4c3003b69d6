"""The menu's document, with the identifiers that customs robots walk."""

import pytest

from profiles.actions.grants import assign_options
from tests.conftest import acting, soup
from tests.portal.sol.conftest import MENU

CODES = ["90.1.1.1.1", "11.9.1.1.1"]
APPLICATION = "/cl-ti-itmenu/aplicacion/{}/"


@pytest.fixture
def granted(principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=CODES, seen=[])
    return secondary


def ancestors(element) -> list[str]:
    return [parent["id"] for parent in element.parents if parent.get("id")]


def test_the_menu_has_the_identifiers_of_the_real_document(client_of, granted):
    page = soup(client_of(granted).get(f"{MENU}?pestana=*&agrupacion=*"))
    menu = page.select_one("nav.sol-menu")
    customs = page.select_one("div#divOpcionServicio3")
    label = customs.select_one("summary > span.spanNivelDescripcion")
    assert label.text == "Operaciones de Comercio Exterior"
    leaf = menu.select_one("li#nivel4_90_1_1_1_1.nivel4")
    assert ancestors(leaf)[:3] == ["nivel3_90_1_1", "nivel2_90_1", "divOpcionServicio3"]
    names = [
        menu.select_one(f"li#{identifier} span.spanNivelDescripcion").text
        for identifier in ("nivel2_90_1", "nivel3_90_1_1", "nivel4_90_1_1_1_1")
    ]
    assert names == ["Despacho", "Declaraciones", "Numeración de la declaración"]
    assert ancestors(menu.select_one("li#nivel4_11_9_1_1_1"))[1] == "divOpcionServicio2"
    assert page.select_one("iframe#iframeApplication")["name"] == "iframeApplication"
    link = leaf.select_one("a")
    assert (link["href"], link["target"]) == (APPLICATION.format("90.1.1.1.1"), "iframeApplication")


def test_the_menu_is_that_of_the_account(client_of, granted, principal):
    def options(user) -> set[str]:
        page = soup(client_of(user).get(MENU))
        return {row["id"] for row in page.select("li.nivel4")}

    assert options(granted) == {"nivel4_90_1_1_1_1", "nivel4_11_9_1_1_1"}
    assert len(options(principal)) == 5


def test_an_account_without_options_is_told_what_to_do(client_of, secondary):
    page = soup(client_of(secondary).get(MENU))
    assert "pídalas al usuario principal" in page.select_one("nav.sol-menu").text
    assert not page.select("iframe")


def test_the_menu_sends_a_visitor_to_the_sign_in_page_of_robots_and_back(client, granted):
    response = client.get(f"{MENU}?exe=ad")
    assert "/oauth2/loginMenuSol?" in response.url
    assert "state=" in response.url
    form = {"ruc": granted.operator.ruc, "username": "JPEREZ01", "password": "Practica2026"}
    page = soup(client.get(response.url))
    form["next"] = page.select_one("[name=next]")["value"]
    assert client.post(response.url, form).url == f"{MENU}?exe=ad"


def test_the_options_page_alone_may_be_framed_by_this_site_alone(client_of, granted):
    client = client_of(granted)
    for address, framed in {
        APPLICATION.format("11.9.1.1.1"): True,
        APPLICATION.format("90.1.1.1.1"): True,
        MENU: False,
        "/opciones/11.9.1.1.1/": False,
    }.items():
        response = client.get(address)
        policy = response["Content-Security-Policy"]
        own = response["X-Frame-Options"], policy.rpartition("frame-ancestors ")[2]
        assert own == (("SAMEORIGIN", "'self'") if framed else ("DENY", "'none'")), address
        assert policy.startswith("default-src 'self'; ")


def test_the_page_in_the_menu_says_what_the_page_of_the_option_says(client_of, granted):
    client = client_of(granted)
    for code, status in {"11.9.1.1.1": 200, "90.1.1.1.1": 403}.items():
        inside, alone = client.get(APPLICATION.format(code)), client.get(f"/opciones/{code}/")
        assert (inside.status_code, alone.status_code) == (status, status)
        assert soup(inside).main.get_text() == soup(alone).main.get_text()
        assert not soup(inside).select("header, iframe")
        assert "SIMULADOR" in soup(inside).footer.text
        assert soup(inside).base["target"] == "_top"


def test_a_session_that_ended_is_told_inside_the_menu(client):
    response = client.get(APPLICATION.format("11.9.1.1.1"))
    assert response.status_code == 401
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert soup(response).select_one("main a")["href"] == MENU


def test_an_unknown_option_is_told_inside_the_menu(client_of, granted):
    response = client_of(granted).get(APPLICATION.format("90.9.9.9.9"))
    assert response.status_code == 404
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert soup(response).select_one("main a")["href"] == MENU


def test_salir_of_the_menu_ends_the_whole_session(client_of, granted):
    client = client_of(granted)
    assert soup(client.get(MENU)).select_one("form[action='/salir/'] button").text == "Salir"
    client.post("/salir/")
    assert client.get("/").status_code == 302
