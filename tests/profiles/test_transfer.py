"""Hoja de traslado: what to do in the real portal, on paper, and never a password."""

import pytest

from profiles.actions.grants import assign_access
from profiles.models import Option
from tests.conftest import PASSWORD, acting, soup

URL = "/usuarios/JPEREZ01/hoja/"
FIRST, FREE = "90.1.1.1.1", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


@pytest.fixture
def granted(principal, secondary):
    assign_access(
        actor=acting(principal),
        user=secondary,
        options=[FIRST, FREE],
        roles=[ROLE],
        seen_options=[],
        seen_roles=[],
    )


def part(page, title_id: str) -> list[str]:
    section = page.find(attrs={"aria-labelledby": title_id})
    return [" ".join(item.text.split()) for item in section.select(".tick-boxes li")]


def test_the_sheet_has_the_path_of_every_option_and_every_role(client, granted):
    page = soup(client.get(URL))
    assert part(page, "options-title")[:2] == [
        "Mis Trámites Aduaneros › Despacho › Declaraciones › Numeración de la declaración "
        "90.1.1.1.1 supuesto",
        "Comprobantes de pago › Envío de documentos › Servicio Web 11.9.1.1.1",
    ]
    assert part(page, "roles-title")[1].startswith("Despachador (Agente de aduana)")
    assert len(part(page, "traps-title")) >= 5


def test_the_sheet_names_the_person_and_never_a_password(client, secondary, granted):
    response = client.get(URL)
    page = soup(response)
    assert "90000002" in page.text
    assert "Pérez Ñaupari" in page.text
    assert PASSWORD not in response.content.decode()
    assert secondary.password not in response.content.decode()


def test_what_is_no_longer_offered_is_left_out(client, granted):
    Option.objects.filter(pk=FIRST).update(is_retired=True)
    assert "Numeración" not in soup(client.get(URL)).find(id="options-title").parent.text


def test_without_options_or_roles_it_says_what_that_means(client):
    text = soup(client.get(URL)).text
    assert "su menú quedaría vacío" in text
    assert "solo le servirían las opciones que no piden ninguno" in text
