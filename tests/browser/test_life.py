"""What happens to a user afterwards, in a real browser: the principal's, and the user's own."""

import pytest
from comunidad_pages import AssignRoles
from playwright.sync_api import expect

from profiles.actions.grants import assign_options
from tests.browser.browsing import DESPACHO, LEAF, follow, has_title, press, sign_in
from tests.conftest import acting

USER = "/usuarios/JPEREZ01"


@pytest.fixture
def desk(page_of, principal, secondary):
    return page_of(principal)


def test_lost_access_is_explained_and_mended(desk, page_of, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[LEAF], seen=[])
    own = page_of(secondary)
    own.goto(f"/opciones/{LEAF}/")
    expect(own.get_by_role("alert")).to_contain_text("Usted no tiene asignado el rol esperado")

    desk.goto("/usuarios/")
    follow(desk.get_by_role("link", name="Juan Pérez Ñaupari"))
    follow(desk.get_by_role("link", name="¿Por qué no puede? Numeración de la declaración"))
    expect(desk.locator("[data-reason]")).to_have_count(1)
    follow(desk.locator(".reason-cure").get_by_role("link", name="Asignar Roles"))
    AssignRoles(desk).check(DESPACHO).assign()

    own.reload()
    expect(own.get_by_text("usted tiene acceso")).to_be_visible()
    desk.goto(f"{USER}/acceso/?opcion={LEAF}")
    expect(desk.get_by_role("heading", name="JPEREZ01 puede usar")).to_be_visible()


def test_a_suspended_user_is_signed_out_at_the_next_click(desk, page_of, secondary):
    own = page_of(secondary)
    own.goto("/")
    has_title(own, "Comunidad del Operador")
    desk.goto(f"{USER}/estado/")
    press(desk, "Suspender")
    follow(own.get_by_role("link", name="Inicio"))
    has_title(own, "Ingreso")
    sign_in(own)
    expect(own.get_by_role("alert")).to_contain_text("RUC, usuario o clave incorrectos.")


def test_a_temporary_clave_from_being_shown_to_being_changed(desk, new_context):
    desk.goto(f"{USER}/clave/")
    press(desk, "Restablecer clave")
    temporary = desk.locator(".generated-password").inner_text()

    own = new_context().new_page()
    own.goto("/ingresar/")
    sign_in(own, password=temporary)
    has_title(own, "Cambiar mi clave")
    own.goto("/opciones/11.9.1.1.1/")
    has_title(own, "Cambiar mi clave")
    own.get_by_label("Clave actual", exact=True).fill(temporary)
    own.get_by_label("Clave nueva", exact=True).fill("MiPropia27")
    own.get_by_label("Reingrese la clave", exact=True).fill("MiPropia27")
    press(own, "Cambiar clave")
    has_title(own, "Comunidad del Operador")


def test_the_second_of_two_editors_is_told_of_the_first(desk, page_of, principal):
    other = page_of(principal)
    for page in (desk, other):
        page.goto(f"{USER}/datos/")
    desk.get_by_label("Nombres").fill("Juana")
    press(desk, "Grabar")
    other.get_by_label("Apellidos").fill("Quispe Imaginario")
    press(other, "Grabar")
    expect(other.get_by_role("alert")).to_contain_text("Nombres: antes «Juan», ahora «Juana»")
    other.get_by_label("Nombres").fill("Juana")
    press(other, "Grabar")
    expect(other.get_by_role("heading", level=1)).to_contain_text("Juana Quispe Imaginario")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_the_access_of_a_colleague_is_copied_after_seeing_what_changes(
    page_of, new_context, client_of, base_url, principal, secondary, make_secondary, javascript
):
    colleague = make_secondary("COLEGA01", 90000050)
    assign_options(actor=acting(principal), user=colleague, codes=[LEAF], seen=[])
    context = new_context(java_script_enabled=javascript)
    session = client_of(principal).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    desk = context.new_page()
    desk.goto(f"{USER}/")
    follow(desk.get_by_role("link", name="Copiar permisos de otro usuario"))
    desk.get_by_label("Copiar de otro usuario").fill("colega01")
    press(desk, "Ver qué cambia")
    expect(desk.get_by_text("Se agrega 1.")).to_be_visible()
    press(desk, "Aplicar")
    expect(desk.get_by_role("status")).to_contain_text(
        "JPEREZ01 tiene ahora los permisos de COLEGA01."
    )
    own = page_of(secondary)
    own.goto("/")
    expect(own.get_by_role("link", name="Numeración de la declaración")).to_be_visible()


def test_several_are_suspended_at_once_and_the_paper_prints_without_the_frame(
    desk, principal, make_secondary
):
    make_secondary("COLEGA01", 90000050)
    desk.goto("/usuarios/")
    follow(desk.get_by_role("link", name="Cambiar Estado de varios"))
    for name in ("COLEGA01", "JPEREZ01"):
        desk.get_by_role("checkbox", name=f"Marcar a {name}").check()
    press(desk, "Suspender")
    has_title(desk, "Suspender a 2 usuarios")
    press(desk, "Suspender")
    expect(desk.locator(".status-region")).to_contain_text("Se ha suspendido a COLEGA01, JPEREZ01.")

    desk.goto(f"{USER}/hoja/")
    desk.emulate_media(media="print")
    expect(desk.locator(".site-header-row")).to_be_hidden()
    expect(desk.locator("p.simulator-banner")).to_be_visible()
