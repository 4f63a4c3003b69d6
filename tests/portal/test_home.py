"""Comunidad del Operador: the administration of a principal, and the menu of each account."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operators.models import OperatorType
from profiles.access import standing
from profiles.access.tree import menu_of, own_menu
from profiles.access.verdict import Holdings
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option
from tests.conftest import RUC, acting, soup
from users.actions.accounts import suspend_user
from users.models import User


def menu(response) -> list[str]:
    return [link["href"] for link in soup(response).select("#menu .leaf a")]


def whole_menu(client) -> list[str]:
    return menu(client.get("/", {"menu": "todo"}))


def test_the_home_page_shows_the_account_and_its_kind(client_of, secondary):
    facts = soup(client_of(secondary).get("/")).select_one(".company").get_text(" ", strip=True)
    for fact in ["Empresa 9043 de Práctica", RUC, "Agente de aduana", "JPEREZ01"]:
        assert fact in facts
    assert "usuario secundario" in facts


def test_a_principal_without_users_is_invited_to_create_one(client_of, principal):
    page = soup(client_of(principal).get("/"))
    assert page.select_one(".empty").h2.text == "Todavía no hay usuarios secundarios."
    assert page.select_one(".btn-primary")["href"] == "/usuarios/nuevo/"


def test_a_principal_sees_how_the_users_stand_and_whose_access_to_finish(
    client_of, principal, secondary, make_secondary, operator
):
    unfinished = make_secondary("OTRA0001", 90000010)
    without_need = make_secondary("SINROL01", 90000012)
    assign_options(actor=acting(principal), user=without_need, codes=["11.9.1.1.1"], seen=[])
    complete = make_secondary("TODO0001", 90000011)
    for user in (unfinished, complete):
        assign_options(
            actor=acting(principal), user=user, codes=["90.1.1.1.1", "11.9.1.1.1"], seen=[]
        )
    assign_roles(
        actor=acting(principal), user=complete, codes=["NSIGAD.AGENTEADUANA.DESPACHO"], seen=[]
    )
    expired = make_secondary("VENCIDO1", 90000013)
    assign_options(actor=acting(principal), user=expired, codes=["11.9.1.1.1"], seen=[])
    User.objects.filter(pk=expired.pk).update(valid_until=operator.today() - timedelta(days=1))
    suspend_user(actor=acting(principal), user=make_secondary("QUIETO01", 90000014))
    client = client_of(principal)
    page = soup(client.get("/"))
    assert page.select_one("#team-title").text == "Su equipo: 6 usuarios"
    links = page.select(".team-parts a")
    assert {
        link.get_text(): [
            radio["value"] for radio in soup(client.get(link["href"])).select("[name=usuario]")
        ]
        for link in links
    } == {
        "2 listos": ["SINROL01", "TODO0001"],
        "1 con un rol por asignar": ["OTRA0001"],
        "1 sin opciones": ["JPEREZ01"],
        "2 detenidos": ["QUIETO01", "VENCIDO1"],
    }
    bar = page.select(".team-bar a")
    assert [part["href"] for part in bar] == [link["href"] for link in links]
    assert sum(float(part.rect["width"]) for part in bar) == pytest.approx(1000)
    assert page.select_one("#unfinished-title").text == "Para terminar (2)"
    assert [link["href"] for link in page.select(".unfinished .onward")] == [
        "/usuarios/JPEREZ01/perfiles/",
        "/usuarios/OTRA0001/roles/",
    ]


def test_the_list_to_finish_ends(client_of, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=["11.9.1.1.1"], seen=[])
    page = soup(client_of(principal).get("/"))
    assert page.select_one("#unfinished-title").text == "Para terminar"
    assert "Nada pendiente" in page.select_one(".unfinished").text


def test_more_unfinished_users_than_are_counted_leave_the_states_in_the_bar(
    client_of, principal, secondary, make_secondary, monkeypatch
):
    monkeypatch.setattr(standing, "COUNTED", 2)
    for number in range(3):
        make_secondary(f"USUARI{number:02}", 90000100 + number)
    page = soup(client_of(principal).get("/"))
    assert [link.text for link in page.select(".team-parts a")] == ["4 activos"]
    assert len(page.select(".unfinished li")) == 3


def test_a_principals_menu_waits_to_be_asked_for(client_of, principal):
    client = client_of(principal)
    page = soup(client.get("/"))
    assert not page.select("#menu .leaf")
    link = page.select_one(".menu-all")
    assert link.text == "Ver todo el menú (5)"
    assert whole_menu(client) == [
        "/opciones/90.1.1.1.1/",
        "/opciones/90.1.1.1.2/",
        "/opciones/90.1.2.1.1/",
        "/opciones/11.9.1.1.1/",
        "/opciones/11.9.1.1.2/",
    ]


def test_a_secondary_without_options_is_told_what_to_ask_for(client_of, secondary):
    page = soup(client_of(secondary).get("/"))
    assert page.select_one(".empty").get_text(" ", strip=True) == (
        "Su usuario está activo pero no tiene opciones asignadas. "
        "Pida al usuario principal que le asigne perfiles."
    )
    assert "Administración Usuario" not in page.get_text()


def test_a_secondarys_menu_is_exactly_the_options_granted(client_of, principal, secondary):
    codes = ["11.9.1.1.2", "90.1.1.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    page = soup(response := client_of(secondary).get("/"))
    assert menu(response) == ["/opciones/90.1.1.1.1/", "/opciones/11.9.1.1.2/"]
    folders = [folder.text for folder in page.select("#menu .folder")]
    assert folders == [
        "Mis Trámites Aduaneros",
        "Despacho",
        "Declaraciones",
        "Comprobantes de pago",
        "Envío de documentos",
    ]


def test_the_menu_is_what_the_verdict_puts_into_it(principal, secondary):
    codes = ["11.9.1.1.2", "90.1.1.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    for user in (principal, secondary):
        by_verdict = menu_of(Holdings.of(user), Option.objects.every_leaf().for_verdicts())
        assert own_menu(user).codes == by_verdict.codes


def test_an_option_leaves_the_menu_when_it_is_retired_or_the_operator_changes_type(
    client_of, principal, secondary, operator
):
    codes = ["11.9.1.1.1", "11.9.1.1.2", "90.1.1.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    client = client_of(secondary)
    Option.objects.filter(code="11.9.1.1.1").update(is_retired=True)
    assert menu(client.get("/")) == ["/opciones/90.1.1.1.1/", "/opciones/11.9.1.1.2/"]
    operator.operator_types.set(OperatorType.objects.filter(code="TRANSPORTISTA"))
    assert menu(client.get("/")) == ["/opciones/11.9.1.1.2/"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rectificacion", ["/opciones/90.1.1.1.2/"]),
        ("DESPACHO canal", ["/opciones/90.1.2.1.1/"]),
        ("90.1.1.1.1", ["/opciones/90.1.1.1.1/"]),
        ("nada", []),
    ],
)
def test_the_menu_search_looks_in_names_paths_and_codes(client_of, principal, text, found):
    response = client_of(principal).get("/", {"texto": text})
    assert menu(response) == found
    status = soup(response).select_one("#menu-status").text
    assert status.startswith("Coincide 1 opción" if found else "Ninguna opción coincide")


def test_many_options_cost_as_many_queries_as_few(client_of, principal, secondary):
    client = client_of(secondary)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    with_one = queries()
    every = Option.objects.offered_to(principal.operator).values_list("code", flat=True)
    assign_options(actor=acting(principal), user=secondary, codes=every, seen=["90.1.1.1.1"])
    assert queries() == with_one
