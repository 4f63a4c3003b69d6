"""The list of users, the wizard and the change of state: accessible in each of their states."""

import pytest
from playwright.sync_api import expect

from profiles.models import Option
from tests.browser.browsing import (
    CONSULTA,
    DESPACHO,
    LATER,
    LEAF,
    WIZARD,
    choose,
    enter,
    follow,
    has_title,
    press,
)
from tests.conftest import acting
from users.actions import accounts

# Administración Usuario ---------------------------------------------------------------------------


def test_list_without_users(desk, is_accessible):
    desk.goto("/usuarios/")
    expect(desk.get_by_text("No se encontraron usuarios secundarios asociados.")).to_be_visible()
    is_accessible(desk)


def test_list_with_users_in_every_state(desk, principal, make_secondary, grant, is_accessible):
    grant([LEAF], [DESPACHO])
    suspended = make_secondary("SUSPEND1", 90000009, email="una.direccion.muy.larga@ejemplo.com.pe")
    accounts.suspend_user(actor=acting(principal), user=suspended)
    make_secondary("SINOPCIO", 90000010)
    desk.goto("/usuarios/?orden=-nombre")
    expect(desk.get_by_role("radio")).to_have_count(3)
    is_accessible(desk)


def test_list_without_a_match(desk, secondary, is_accessible):
    desk.goto("/usuarios/?texto=nadie")
    expect(desk.get_by_text("Ningún usuario coincide con “nadie”")).to_be_visible()
    is_accessible(desk)


def test_list_without_a_marked_user(desk, secondary, is_accessible):
    desk.goto("/usuarios/")
    press(desk, "Asignar Roles")
    expect(desk.get_by_role("alert")).to_contain_text("Seleccione un usuario")
    is_accessible(desk)


def test_second_page_of_the_list(desk, make_secondary, is_accessible):
    for number in range(21):
        make_secondary(f"USUARI{number:02}", 90000100 + number)
    desk.goto("/usuarios/")
    follow(desk.get_by_role("link", name="Siguiente"))
    expect(desk.get_by_role("link", name="Anterior")).to_be_visible()
    is_accessible(desk)


# Paso 1 -------------------------------------------------------------------------------------------


def test_step_1(desk, is_accessible):
    desk.goto("/usuarios/nuevo/")
    is_accessible(desk)


def test_step_1_with_every_field_wrong(desk, is_accessible):
    desk.goto("/usuarios/nuevo/")
    desk.get_by_label("Correo electrónico").fill("nadie")
    press(desk, "Siguiente")
    expect(desk.locator("[aria-invalid=true]")).to_have_count(8)
    is_accessible(desk)


def test_generated(desk, secondary, is_accessible):
    desk.goto(f"{WIZARD}/")
    has_title(desk, "Se ha generado el usuario secundario JPEREZ01.")
    is_accessible(desk)


# Paso 2 -------------------------------------------------------------------------------------------


def test_profiles_to_choose_from(desk, secondary, is_accessible):
    for root in (WIZARD, LATER):
        desk.goto(f"{root}/perfiles/")
        expect(desk.get_by_text("Todavía no marcó ninguna.")).to_be_visible()
        is_accessible(desk)


def test_options_of_a_profile(desk, secondary, is_accessible):
    desk.goto(f"{WIZARD}/perfiles/")
    choose(desk)
    desk.get_by_role("checkbox", name="Numeración de la declaración").check()
    is_accessible(desk)


def test_options_that_a_search_finds(desk, secondary, is_accessible):
    for query in ("canal", "nada así"):
        desk.goto(f"{WIZARD}/perfiles/")
        choose(desk)
        desk.get_by_role("checkbox", name="Numeración de la declaración").check()
        desk.get_by_label("Buscar una opción").fill(query)
        expect(desk.locator("#search-status")).to_contain_text("no se ve, pero sigue marcada")
        is_accessible(desk)
        desk.get_by_label("Buscar una opción").focus()
        enter(desk)
        expect(desk.locator("#search-status")).to_contain_text("no se ve, pero sigue marcada")
        is_accessible(desk)


def test_no_option_marked(desk, secondary, is_accessible):
    desk.goto(f"{WIZARD}/perfiles/")
    press(desk, "Siguiente")
    has_title(desk, "No marcó ninguna opción para JPEREZ01")
    is_accessible(desk)


def test_an_option_that_is_not_offered_any_more(desk, secondary, is_accessible):
    desk.goto(f"{WIZARD}/perfiles/")
    choose(desk)
    desk.get_by_role("checkbox", name="Numeración de la declaración").check()
    Option.objects.filter(code=LEAF).update(is_retired=True)
    press(desk, "Siguiente")
    expect(desk.get_by_role("alert")).to_contain_text("opciones que no se ofrecen a su empresa")
    is_accessible(desk)


def test_a_granted_option_that_was_retired(desk, grant, is_accessible):
    grant([LEAF, "90.1.2.1.1"])
    Option.objects.filter(code=LEAF).update(is_retired=True)
    desk.goto(f"{LATER}/perfiles/")
    expect(desk.get_by_text("ya no se ofrecen y se quitarán al grabar")).to_be_visible()
    is_accessible(desk)


def test_options_that_changed_meanwhile(desk, grant, is_accessible):
    desk.goto(f"{LATER}/perfiles/")
    choose(desk)
    desk.get_by_role("checkbox", name="Numeración de la declaración").check()
    press(desk, "Siguiente")
    grant(["90.1.2.1.1"])
    press(desk, "Grabar")
    expect(desk.get_by_role("alert")).to_contain_text("JPEREZ01 cambió mientras usted trabajaba")
    is_accessible(desk)


@pytest.mark.parametrize("held", [[], ["90.1.2.1.1"]], ids=["first time", "with difference"])
def test_summary(desk, grant, is_accessible, held):
    grant(held)
    desk.goto(f"{LATER if held else WIZARD}/perfiles/")
    choose(desk)
    desk.get_by_role("checkbox", name="Numeración de la declaración").check()
    if held:
        desk.get_by_role("checkbox", name="Consulta de canal").uncheck()
    press(desk, "Siguiente")
    has_title(desk, "Resumen de opciones asignadas al usuario JPEREZ01")
    expect(desk.get_by_role("region", name="Qué cambia")).to_have_count(1 if held else 0)
    is_accessible(desk)


def test_saved(desk, grant, is_accessible):
    grant([LEAF])
    for root in (WIZARD, LATER):
        desk.goto(f"{root}/perfiles/registro/")
        expect(desk.get_by_role("status")).to_contain_text("registrados satisfactoriamente")
        is_accessible(desk)


# Paso 3 -------------------------------------------------------------------------------------------


def test_roles(desk, grant, is_accessible):
    grant([LEAF, "90.1.2.1.1"], [CONSULTA])
    for root in (WIZARD, LATER):
        desk.goto(f"{root}/roles/")
        expect(desk.get_by_role("checkbox", checked=True)).to_have_count(1)
        is_accessible(desk)


def test_roles_of_a_user_without_options(desk, secondary, is_accessible):
    desk.goto(f"{LATER}/roles/")
    expect(desk.get_by_role("link", name="asígnele perfiles")).to_be_visible()
    is_accessible(desk)


def test_roles_that_changed_meanwhile(desk, grant, is_accessible):
    desk.goto(f"{LATER}/roles/")
    desk.get_by_role("checkbox", name=DESPACHO).check()
    grant([], [CONSULTA])
    press(desk, "Asignar")
    expect(desk.get_by_role("alert")).to_contain_text("JPEREZ01 cambió mientras usted trabajaba")
    is_accessible(desk)


def test_roles_assigned(desk, grant, is_accessible):
    grant([LEAF])
    desk.goto(f"{LATER}/roles/")
    desk.get_by_role("checkbox", name=DESPACHO).check()
    press(desk, "Asignar")
    expect(desk.get_by_role("status")).to_contain_text("Se ha asignado los roles correctamente")
    is_accessible(desk)


# Cambiar Estado -----------------------------------------------------------------------------------


@pytest.mark.parametrize("suspended", [False, True], ids=["active", "suspended"])
def test_change_of_state(desk, principal, secondary, is_accessible, suspended):
    if suspended:
        accounts.suspend_user(actor=acting(principal), user=secondary)
    desk.goto(f"{LATER}/estado/")
    is_accessible(desk)
    follow(desk.get_by_role("link", name="Eliminar…"))
    is_accessible(desk)
