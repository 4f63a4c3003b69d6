"""The page of an option: its path, its purpose, and whether the account may open it."""

from operators.models import OperatorType
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option
from tests.conftest import acting, soup

CLEARANCE = "90.1.1.1.1"
URL = f"/opciones/{CLEARANCE}/"


def reasons(response) -> list[str]:
    return [reason["data-reason"] for reason in soup(response).select("[data-reason]")]


def test_an_option_opens_with_the_grant_and_a_role(client_of, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[CLEARANCE], seen=[])
    roles = ["NSIGAD.AGENTEADUANA.DESPACHO"]
    assign_roles(actor=acting(principal), user=secondary, codes=roles, seen=[])
    response = client_of(secondary).get(URL)
    assert response.status_code == 200
    page = soup(response)
    assert page.h1.text == "Numeración de la declaración"
    assert page.select_one(".path").text == ("Mis Trámites Aduaneros › Despacho › Declaraciones")
    assert "Aquí se numera." in page.text
    assert "El trámite mismo no se simula." in page.text
    assert "Usted lo tiene" in page.select_one(".roles-held").text


def test_an_option_without_the_role_is_refused_with_its_own_text(client_of, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[CLEARANCE], seen=[])
    response = client_of(secondary).get(URL)
    assert response.status_code == 403
    assert reasons(response) == ["role_missing"]
    page = soup(response)
    assert "Usted no tiene asignado el rol esperado." in page.select_one(".refusal").text
    assert "Usted no lo tiene" in page.select_one(".roles-held").text
    assert "El trámite mismo no se simula." not in page.text


def test_a_refused_user_gets_a_link_to_send_to_the_principal(client_of, principal, secondary):
    page = soup(client_of(secondary).get(URL))
    address = page.select_one(".refusal .code").text
    assert address == f"http://testserver/usuarios/JPEREZ01/acceso/?opcion={CLEARANCE}"
    explained = soup(client_of(principal).get(address.removeprefix("http://testserver")))
    assert [each["data-reason"] for each in explained.select("[data-reason]")] == [
        each["data-reason"] for each in page.select("[data-reason]")
    ]
    assert explained.select(".reason-cure a")


def test_a_refused_principal_is_told_who_can_help(client_of, principal):
    Option.objects.filter(pk=CLEARANCE).update(is_retired=True)
    refusal = soup(client_of(principal).get(URL)).select_one(".refusal")
    assert "El catálogo lo corrige el personal del simulador." in refusal.text
    assert not refusal.select(".code")


def test_a_missing_option_is_refused_with_its_own_text(client_of, principal, secondary):
    roles = ["NSIGAD.AGENTEADUANA.DESPACHO"]
    assign_roles(actor=acting(principal), user=secondary, codes=roles, seen=[])
    response = client_of(secondary).get(URL)
    assert response.status_code == 403
    assert reasons(response) == ["option_not_granted"]
    assert "no está entre las que tiene asignadas" in soup(response).select_one(".refusal").text


def test_an_option_without_roles_opens_with_the_grant_alone(client_of, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=["11.9.1.1.1"], seen=[])
    response = client_of(secondary).get("/opciones/11.9.1.1.1/")
    assert response.status_code == 200
    assert "la opción no requiere rol" in soup(response).text


def test_the_principal_opens_an_option_without_a_role(client_of, principal):
    response = client_of(principal).get(URL)
    assert response.status_code == 200
    assert "El usuario principal no necesita rol." in soup(response).text


def test_an_option_of_another_operator_type_is_not_offered_even_to_the_principal(
    client_of, principal
):
    response = client_of(principal).get("/opciones/90.2.1.1.1/")
    assert response.status_code == 403
    assert reasons(response) == ["not_offered"]


def test_a_change_of_rights_takes_effect_at_the_next_request(
    client_of, principal, secondary, operator
):
    assign_options(actor=acting(principal), user=secondary, codes=["11.9.1.1.1"], seen=[])
    client = client_of(secondary)
    assert client.get("/opciones/11.9.1.1.1/").status_code == 200
    assign_options(actor=acting(principal), user=secondary, codes=[], seen=["11.9.1.1.1"])
    assert client.get("/opciones/11.9.1.1.1/").status_code == 403


def test_the_page_says_where_an_option_comes_from(client_of, principal):
    client = client_of(principal)
    for source, said in {
        "supuesto": "Opción de ejemplo",
        "nombre: supuesto; código: archivo público 1": "Opción de ejemplo",
        "cartilla": "De la cartilla",
        "archivo público 1": "Nombre tomado de fuente pública",
        "menú propio, 2026-11-27": "Del menú de su empresa",
    }.items():
        Option.objects.filter(code=CLEARANCE).update(source=source)
        assert soup(client.get(URL)).select_one("a[href$='#fuentes']").text == said
        # Ayuda explains each of them.
        assert said in soup(client.get("/ayuda/")).select_one("#fuentes").text


def test_the_page_of_a_retired_option_says_so(client_of, principal):
    Option.objects.filter(code=CLEARANCE).update(is_retired=True)
    assert reasons(client_of(principal).get(URL)) == ["retired"]


def test_a_role_of_a_type_that_the_operator_lost_permits_nothing(
    client_of, principal, secondary, operator
):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.2.1.1"], seen=[])
    roles = ["NSIGAD.AGENTEADUANA.CONSULTA"]
    assign_roles(actor=acting(principal), user=secondary, codes=roles, seen=[])
    client = client_of(secondary)
    assert client.get("/opciones/90.1.2.1.1/").status_code == 200
    operator.operator_types.set(OperatorType.objects.filter(code="TRANSPORTISTA"))
    assert reasons(client.get("/opciones/90.1.2.1.1/")) == ["role_missing"]


def test_a_folder_or_an_unknown_code_is_not_found(client_of, principal, subtests):
    for code in ["90.1", "99.9.9.9.9", "nada", "%00", "%F0%9F%98%80", "9" * 300]:
        with subtests.test(code=code):
            assert client_of(principal).get(f"/opciones/{code}/").status_code == 404
