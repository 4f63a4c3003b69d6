"""Constancia: what a creation consisted of, at an address that stays."""

import json

import pytest

from profiles.actions.grants import assign_options, assign_roles
from tests.conftest import acting, soup
from users.actions import accounts

FIRST, FREE = "90.1.1.1.1", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


@pytest.fixture
def url(secondary) -> str:
    return f"/constancias/{secondary.creation.operation_number}/"


@pytest.fixture
def complete(principal, secondary):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[FIRST], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])


def held(page) -> list[str]:
    return [item.text.split(" › ")[-1] for item in page.select(".held-list li")]


def test_the_certificate_names_the_user_the_maker_and_the_grants(client, url, complete):
    page = soup(client.get(url))
    assert url.split("/")[2] in page.select_one(".lead").text
    text = page.select_one(".facts").text
    for fact in ("JPEREZ01", "Juan Pérez Ñaupari", "DNI 90000002", "TITULAR1"):
        assert fact in text
    assert held(page) == ["Numeración de la declaración", "Despachador"]


def test_what_came_afterwards_changes_nothing_in_it(client, url, complete, principal, secondary):
    before = soup(client.get(url)).select_one("main").text.split()
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[FREE], seen=[FIRST])
    assign_roles(actor=actor, user=secondary, codes=[], seen=[ROLE])
    accounts.change_user(
        actor=actor,
        user=secondary,
        seen=accounts.editable_facts(secondary),
        **{**accounts.editable_facts(secondary), "first_name": "Otro"}
        | {"valid_from": None, "valid_until": None},
    )
    assert soup(client.get(url)).select_one("main").text.split() == before
    accounts.eliminate_user(actor=actor, user=secondary)
    page = soup(client.get(url))
    assert held(page) == ["Numeración de la declaración", "Despachador"]


def test_what_is_missing_is_said_with_the_way_on(client, url, principal, secondary):
    page = soup(client.get(url))
    assert page.select_one(".notice a")["href"] == "/usuarios/nuevo/JPEREZ01/perfiles/"
    assign_options(actor=acting(principal), user=secondary, codes=[FIRST], seen=[])
    page = soup(client.get(url))
    assert page.select_one(".notice a")["href"] == "/usuarios/nuevo/JPEREZ01/roles/"


def test_the_wizard_ends_with_a_link_to_it(client, url, secondary):
    wizard = "/usuarios/nuevo/JPEREZ01"
    answer = client.post(f"{wizard}/perfiles/", {"do": "save", "option": [FIRST]}, follow=True)
    assert soup(answer).find("a", href=url)
    answer = client.post(f"{wizard}/roles/", {"role": [ROLE]}, follow=True)
    status = soup(answer).find(role="status")
    assert "Se ha asignado los roles correctamente al usuario" in status.text
    assert soup(answer).main.find("a", href=url)


def test_a_correction_of_the_roles_is_no_creation(client, url, complete):
    data = {"role": [], "seen": json.dumps([ROLE]), "do": "save"}
    answer = client.post("/usuarios/JPEREZ01/roles/", data, follow=True)
    assert not soup(answer).find(role="status").find("a", href=url)


@pytest.mark.parametrize("change", ["another year", "another entry", "nobody", "huge"])
def test_a_number_that_names_no_creation_is_not_found(client, url, principal, change):
    other = {
        "another year": url.replace("SIM-2", "SIM-1"),
        "another entry": f"/constancias/SIM-2026-US-{principal.audit_entries.first().pk - 1:06}/",
        "nobody": "/constancias/SIM-2026-US-999999/",
        "huge": "/constancias/SIM-2026-US-999999999999999999/",
    }[change]
    assert client.get(url).status_code == 200
    assert client.get(other).status_code == 404


def test_another_companys_is_not_found(client, strangers_secondary):
    number = strangers_secondary.creation.operation_number
    assert client.get(f"/constancias/{number}/").status_code == 404
