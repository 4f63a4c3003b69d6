"""A user afterwards, several of them, and paper: accessible in each of their states."""

from itertools import product

import pytest
from playwright.sync_api import expect

from profiles.actions.templates import save_template
from tests.browser.browsing import CONSULTA, DESPACHO, LATER, LEAF, has_title, press
from tests.conftest import acting
from users.actions import accounts
from users.models import User

# A user afterwards --------------------------------------------------------------------------------


@pytest.mark.parametrize("suspended", [False, True], ids=["active", "suspended"])
def test_page_of_a_user(desk, principal, secondary, grant, is_accessible, suspended):
    grant([LEAF, "11.9.1.1.1"])
    if suspended:
        accounts.suspend_user(actor=acting(principal), user=secondary)
    desk.goto(f"{LATER}/")
    expect(desk.get_by_role("heading", name="Tiene asignado y no puede usar")).to_be_visible()
    is_accessible(desk)


def test_why_a_user_can_not(desk, grant, is_accessible):
    grant(["11.9.1.1.1"])
    for query in ("", f"?opcion={LEAF}", "?opcion=11.9.1.1.1", "?texto=nada"):
        desk.goto(f"{LATER}/acceso/{query}")
        has_title(desk, "¿Por qué no puede JPEREZ01?")
        is_accessible(desk)


def test_data_of_a_user(desk, secondary, is_accessible):
    desk.goto(f"{LATER}/datos/")
    is_accessible(desk)
    desk.get_by_label("Nombres").fill("")
    press(desk, "Grabar")
    expect(desk.get_by_role("alert")).to_contain_text("Ingrese los nombres")
    is_accessible(desk)


def test_data_that_changed_meanwhile(desk, principal, secondary, is_accessible):
    desk.goto(f"{LATER}/datos/")
    facts = accounts.editable_facts(secondary) | {"valid_from": None, "valid_until": None}
    accounts.change_user(
        actor=acting(principal),
        user=secondary,
        seen=accounts.editable_facts(secondary),
        **{**facts, "first_name": "Juana"},
    )
    desk.get_by_label("Apellidos").fill("Quispe")
    press(desk, "Grabar")
    expect(desk.get_by_role("alert")).to_contain_text("antes «Juan», ahora «Juana»")
    expect(desk.get_by_label("Apellidos")).to_have_value("Quispe")
    is_accessible(desk)


def test_history(desk, grant, is_accessible):
    grant([LEAF], [CONSULTA])
    for path in (
        "/historial/",
        f"{LATER}/historial/",
        "/historial/?desde=ayer",
        "/historial/?texto=zzz",
    ):
        desk.goto(path)
        is_accessible(desk)


def test_validity_of_grants(desk, grant, is_accessible):
    grant([LEAF], [CONSULTA])
    desk.goto(f"{LATER}/vigencia/")
    row = desk.locator(".validity-list li").first
    row.get_by_label("Desde").fill("2027-02-02")
    row.get_by_label("Hasta").fill("2027-02-01")
    is_accessible(desk)
    press(desk, "Grabar")
    expect(desk.get_by_role("alert")).to_contain_text("La fecha de fin es anterior")
    is_accessible(desk)


def test_reset_of_a_clave(desk, secondary, is_accessible):
    desk.goto(f"{LATER}/clave/")
    is_accessible(desk)
    press(desk, "Restablecer clave")
    has_title(desk, "Clave temporal de JPEREZ01")
    is_accessible(desk)


def test_change_of_a_temporary_clave(own, secondary, is_accessible):
    User.objects.filter(pk=secondary.pk).update(must_change_password=True)
    own.goto("/")
    has_title(own, "Cambiar mi clave")
    is_accessible(own)
    press(own, "Cambiar clave")
    expect(own.get_by_role("alert")).to_contain_text("Ingrese su clave actual")
    is_accessible(own)


def test_clock(desk, is_accessible):
    desk.goto("/reloj/")
    is_accessible(desk)
    press(desk, "Adelantar")
    expect(desk.locator(".clock-banner")).to_contain_text("adelantado 1 día")
    is_accessible(desk)


# Several users, their accesses, and paper -----------------------------------------------------------


@pytest.fixture
def template(principal):
    return save_template(
        actor=acting(principal), name="De siempre", options=[LEAF, "11.9.1.1.1"], roles=[DESPACHO]
    )


def test_change_of_state_of_several(desk, secondary, is_accessible):
    for path in (
        "?varios=si",
        "?varios=si&marcar=pagina",
        "?varios=si&cambio=suspend",
        "estados/?cambio=eliminate&usuario=JPEREZ01",
    ):
        desk.goto(f"/usuarios/{path}")
        is_accessible(desk)


def test_access_table(desk, principal, make_secondary, grant, is_accessible):
    grant([LEAF, "11.9.1.1.1"])
    suspended = make_secondary("SUSPEND1", 90000009)
    accounts.suspend_user(actor=acting(principal), user=suspended)
    for query in ("", "?filas=todas", "?texto=nadie", "?hallazgo=falta-rol"):
        desk.goto(f"/accesos/{query}")
        is_accessible(desk)


def test_access_table_without_users(desk, is_accessible):
    desk.goto("/accesos/")
    expect(desk.get_by_text("No se encontraron usuarios secundarios asociados.")).to_be_visible()
    is_accessible(desk)


def test_past_accesses(desk, grant, is_accessible):
    grant([LEAF], [DESPACHO])
    for path, query in product(
        ("/accesos/dia/", f"{LATER}/accesos/"), ("", "?fecha=2000-01-01", "?fecha=2999-01-01")
    ):
        desk.goto(f"{path}{query}")
        is_accessible(desk)


def test_copying(desk, make_secondary, template, grant, is_accessible):
    grant([LEAF], [CONSULTA])
    make_secondary("COLEGA01", 90000009)
    for query in (
        "",
        "?modo=agregar",
        "?modo=reemplazar&desde=COLEGA01",
        "?modo=agregar&desde=NADIE001",
    ):
        desk.goto(f"{LATER}/copiar/{query}")
        is_accessible(desk)


def test_templates(desk, template, is_accessible):
    for path in ("", "nueva/", f"{template.pk}/", f"{template.pk}/eliminar/"):
        desk.goto(f"/plantillas/{path}")
        is_accessible(desk)
    desk.goto(f"/plantillas/{template.pk}/modificar/")
    desk.get_by_label("Nombre de la plantilla").fill("")
    press(desk, "Grabar")
    expect(desk.get_by_role("alert")).to_contain_text("Ingrese el nombre de la plantilla")
    is_accessible(desk)


def test_without_templates(desk, is_accessible):
    desk.goto("/plantillas/")
    expect(desk.get_by_text("Todavía no hay plantillas.")).to_be_visible()
    is_accessible(desk)


@pytest.mark.parametrize("granted", [False, True], ids=["empty", "full"])
def test_paper(desk, secondary, grant, is_accessible, granted):
    if granted:
        grant([LEAF, "11.9.1.1.1"], [DESPACHO])
    for path in (f"{LATER}/hoja/", f"/constancias/{secondary.creation.operation_number}/"):
        desk.goto(path)
        is_accessible(desk)
