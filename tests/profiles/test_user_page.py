"""One user without entering edit, and ¿Por qué no puede?"""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option
from tests.conftest import acting, soup
from users.actions import accounts, operators, passwords
from users.models import AuditEntry, Session, User

URL, WHY = "/usuarios/JPEREZ01/", "/usuarios/JPEREZ01/acceso/"
CODE, FREE, ROLE = "90.1.1.1.1", "11.9.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


@pytest.fixture
def grant(principal, secondary):
    def make(options=(), roles=()):
        actor = acting(principal)
        assign_options(actor=actor, user=secondary, codes=options, seen=[])
        assign_roles(actor=actor, user=secondary, codes=roles, seen=[])

    return make


def section(page, title: str):
    return page.find(id=title).parent


def why(client, code) -> list[str]:
    page = soup(client.get(WHY, {"opcion": code}))
    return [reason["data-reason"] for reason in page.select("[data-reason]")]


# The page of one user -----------------------------------------------------------------------------


def test_what_works_and_what_does_not_stand_apart(client, grant):
    grant([CODE, FREE])
    page = soup(client.get(URL))
    works = section(page, "can-title")
    assert [link["href"] for link in works.select(".leaf a")] == []
    assert [leaf.get_text(strip=True) for leaf in works.select(".leaf")] == ["Servicio Web"]
    refused = section(page, "cannot-title")
    assert "JPEREZ01 no tiene ninguno de los roles" in refused.text
    assert refused.select_one("a")["href"] == f"{WHY}?opcion={CODE}"


def test_a_role_moves_the_option_to_what_works(client, grant):
    grant([CODE], [ROLE])
    page = soup(client.get(URL))
    assert "Numeración de la declaración" in section(page, "can-title").text
    assert page.find(id="cannot-title") is None
    assert "Vigente" in section(page, "roles-title").text


def test_without_anything_it_shows_the_way_on(client):
    page = soup(client.get(URL))
    empty = page.select_one(".empty")
    assert "no tiene ninguna asignada" in empty.text
    assert page.select_one(".chain-broken a")["href"] == "/usuarios/JPEREZ01/perfiles/"


def test_what_keeps_the_account_out_comes_first_with_its_cure(client, principal, secondary):
    accounts.suspend_user(actor=acting(principal), user=secondary)
    reason = soup(client.get(URL)).select_one("[data-reason=user_suspended]")
    assert "JPEREZ01 está suspendido y no puede ingresar." in reason.text
    assert reason.a["href"] == "/usuarios/JPEREZ01/estado/"


def links_of_the_chain(page) -> dict[str, str]:
    """The state of each link, by its name."""
    return {
        link.strong.text: link["class"][-1].removeprefix("chain-")
        for link in page.select(".chain li")
    }


def test_the_chain_marks_the_broken_link_with_its_remedy(client, principal, secondary, grant):
    assert links_of_the_chain(soup(client.get(URL))) == {
        "Cuenta": "holds", "Opción": "broken", "Rol": "holds", "No puede": "broken"
    }  # fmt: skip
    grant([CODE, FREE])
    page = soup(client.get(URL))
    assert links_of_the_chain(page) == {
        "Cuenta": "holds", "Opción": "holds", "Rol": "partial", "Puede": "holds"
    }  # fmt: skip
    assert page.select_one(".chain-partial a")["href"] == "/usuarios/JPEREZ01/roles/"
    assert "Usar 1 de 2" in page.select_one(".chain").text
    page = soup(client.get(WHY, {"opcion": CODE}))
    assert page.select_one(".chain-broken a")["href"] == "/usuarios/JPEREZ01/roles/"
    accounts.suspend_user(actor=acting(principal), user=secondary)
    page = soup(client.get(URL))
    assert links_of_the_chain(page)["Cuenta"] == "broken"
    assert links_of_the_chain(page)["No puede"] == "broken"
    assert page.select_one(".chain-broken a")["href"] == "/usuarios/JPEREZ01/estado/"


def test_every_link_of_the_page_leads_somewhere(client, grant):
    grant([CODE, FREE], [ROLE])
    links = {link["href"] for link in soup(client.get(URL)).select("main a[href^='/']")}
    assert len(links) > 6
    assert {client.get(link).status_code for link in links} == {200}


def test_the_list_leads_to_the_page(client):
    page = soup(client.get("/usuarios/"))
    assert page.select_one(f"a[href='{URL}']").text == "Juan Pérez Ñaupari"


def test_sessions_of_a_user_are_listed_without_their_keys_and_closed(client, secondary, client_of):
    own = client_of(secondary)
    own.get("/", HTTP_USER_AGENT="Prueba/1.0")
    response = client.get(URL)
    page = soup(response)
    assert "Sesiones abiertas (1)" in page.text
    key = own.cookies["sessionid"].value
    assert key not in response.content.decode()
    form = page.select_one("form[action$='/sesiones/cerrar/']")
    sent = {field["name"]: field["value"] for field in form.select("[name]")}
    answer = client.post(form["action"], sent, follow=True)
    assert "Se cerró la sesión." in soup(answer).text
    assert own.get("/").status_code == 302
    assert not Session.objects.filter(user=secondary).exists()
    assert AuditEntry.objects.get(action="user.sessions_closed").before == {"sessions": 1}


def test_one_of_his_sessions_is_closed_and_the_other_stays(client, secondary, client_of):
    first, second = client_of(secondary), client_of(secondary)
    first.get("/")
    second.get("/")
    closing = Session.objects.get(session_key=first.cookies["sessionid"].value)
    url = reverse("users:close_sessions", args=[secondary])
    client.post(url, {"session": closing.public_id, "subject": secondary.pk})
    assert first.get("/").status_code == 302
    assert second.get("/").status_code == 200


def test_all_of_them_are_closed_at_once(client, secondary, client_of):
    others = [client_of(secondary), client_of(secondary)]
    page = soup(client.get(URL))
    assert page.find("button", string="Cerrar todas las sesiones")
    url = reverse("users:close_sessions", args=[secondary])
    answer = client.post(url, {"subject": secondary.pk}, follow=True)
    assert "Se cerraron 2 sesiones." in soup(answer).text
    assert [other.get("/").status_code for other in others] == [302, 302]


def test_closing_none_leaves_no_entry(client, secondary):
    url = reverse("users:close_sessions", args=[secondary])
    assert "Esa sesión ya estaba cerrada." in soup(client.post(url, follow=True)).text
    assert not AuditEntry.objects.filter(action="user.sessions_closed").exists()


@pytest.mark.parametrize("url", [URL, WHY, f"{WHY}?opcion={CODE}"])
def test_as_many_queries_for_one_option_as_for_all(client, principal, secondary, grant, url):
    grant([CODE], [ROLE])
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    every = [*Option.objects.offered_to(secondary.operator).values_list("code", flat=True)]
    assign_options(actor=acting(principal), user=secondary, codes=every, seen=[CODE])
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(one)


# ¿Por qué no puede? -------------------------------------------------------------------------------


def test_the_reasons_stand_in_order_each_with_its_code_and_its_cure(client):
    page = soup(client.get(WHY, {"opcion": CODE}))
    assert page.select_one("#verdict-title").text.startswith("JPEREZ01 no puede usar")
    reasons = page.select("[data-reason]")
    assert [reason["data-reason"] for reason in reasons] == ["option_not_granted", "role_missing"]
    assert [reason.a["href"] for reason in reasons] == [
        "/usuarios/JPEREZ01/perfiles/",
        "/usuarios/JPEREZ01/roles/",
    ]
    assert "0111" in reasons[0].text
    assert "Código de soporte" in reasons[0].text


def test_mending_each_reason_ends_in_a_yes(client, grant):
    grant([CODE])
    assert why(client, CODE) == ["role_missing"]
    grant([CODE], [ROLE])
    assert why(client, CODE) == []
    page = soup(client.get(WHY, {"opcion": CODE}))
    assert page.select_one("#verdict-title").text.startswith("JPEREZ01 puede usar")


def test_what_is_not_in_effect_yet_says_since_when_it_will_be(client, principal, grant):
    operators.set_activation_delay(
        actor=acting(principal), operator=principal.operator, delay=timedelta(hours=24)
    )
    grant([FREE])
    page = soup(client.get(WHY, {"opcion": FREE}))
    assert why(client, FREE) == ["option_not_yet_in_effect"]
    assert "está vigente desde el" in page.select_one(".verdict").text


def test_an_option_of_another_type_and_a_retired_one_are_explained_too(client, grant):
    grant([FREE])
    Option.objects.filter(code=FREE).update(is_retired=True)
    assert why(client, FREE) == ["retired"]
    assert "not_offered" in why(client, "90.2.1.1.1")


@pytest.mark.parametrize("code", ["90.1", "x", "90.1.1.1.1'", "9" * 500, "é"])
def test_a_code_that_is_no_option_is_said_and_the_list_stays(client, code):
    response = client.get(WHY, {"opcion": code})
    assert response.status_code == 200
    assert "No hay una opción con ese código." in soup(response).text


def test_the_search_narrows_what_can_be_chosen(client):
    page = soup(client.get(WHY, {"texto": "canal"}))
    assert [a["href"] for a in page.select(".leaf a")] == ["?opcion=90.1.2.1.1"]
    assert "Ninguna opción coincide" in soup(client.get(WHY, {"texto": "zzz"})).text


def test_the_reasons_of_the_account_need_no_option(client, principal, secondary):
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    assert why(client, "") == ["clave_to_be_changed"]
    assert User.objects.get(pk=secondary.pk).must_change_password
