"""Comunidad del Operador: the administration of a principal, and the menu of each account."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operators.models import OperatorType
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option
from tests.conftest import RUC, acting, soup


def menu(response) -> list[str]:
    return [link["href"] for link in soup(response).select(".menu .leaf a")]


def test_the_home_page_shows_the_account_and_its_kind(client_of, secondary):
    facts = soup(client_of(secondary).get("/")).select_one(".company").get_text(" ", strip=True)
    for fact in ["Empresa 9043 de Práctica", RUC, "Agente de aduana", "JPEREZ01"]:
        assert fact in facts
    assert "usuario secundario" in facts


def test_a_principal_without_users_is_invited_to_create_one(client_of, principal):
    empty = soup(client_of(principal).get("/")).select_one(".empty")
    assert empty.h2.text == "Todavía no hay usuarios secundarios."
    assert empty.a["href"] == "/usuarios/nuevo/"


def test_a_principal_sees_what_requires_attention(client_of, principal, secondary, make_secondary):
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
    client = client_of(principal)
    links = soup(client.get("/")).select(".attention a")
    assert [link.text for link in links] == [
        "Activo y sin opciones",
        "Alguna opción pide un rol que no tiene",
        "Nunca ingresó",
    ]
    listed = [
        [radio["value"] for radio in soup(client.get(link["href"])).select("[name=usuario]")]
        for link in links
    ]
    assert listed[0] == ["JPEREZ01"]
    assert listed[1] == ["OTRA0001"]


def test_a_principals_menu_has_every_option_offered_to_the_operator(client_of, principal):
    assert menu(client_of(principal).get("/")) == [
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
    folders = [folder.text for folder in page.select(".menu .folder")]
    assert folders == [
        "Mis Trámites Aduaneros",
        "Despacho",
        "Declaraciones",
        "Comprobantes de pago",
        "Envío de documentos",
    ]


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
    status = soup(response).select_one(".menu [role=status]").text
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
