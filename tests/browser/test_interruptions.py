"""What happens between the screens: twice, again, back, in two tabs, after the session ended."""

import re

import pytest
from comunidad_pages import CreateUser
from playwright.sync_api import expect

from profiles.actions.grants import assign_options
from tests.browser.browsing import follow, press, sign_in, sign_out
from tests.conftest import PASSWORD, acting
from users.models import AuditEntry, Session, User

NUMBERING, RECTIFYING, CHANNEL = "90.1.1.1.1", "90.1.1.1.2", "90.1.2.1.1"
DESPACHO = "NSIGAD.AGENTEADUANA.DESPACHO"
CONSULTA = "NSIGAD.AGENTEADUANA.CONSULTA"
SAVED = "El Usuario Secundario y sus Opciones han sido registrados satisfactoriamente."
ASSIGNED = "Se ha asignado los roles correctamente al usuario"
WIZARD = "/usuarios/nuevo/JPEREZ01"
LATER = "/usuarios/JPEREZ01"


@pytest.fixture
def desk(page, client_of, principal, secondary, base_url):
    """A page in a browser in which the principal has signed in; JPEREZ01 is its user."""
    session = client_of(principal).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    return page


def press_twice(page, name):
    """A double click of which both halves reach the server; the browser shows the second answer."""
    button = page.get_by_role("button", name=name, exact=True)
    form = "button => String(new URLSearchParams(new FormData(button.form, button)))"
    page.context.request.post(
        page.url,
        data=button.evaluate(form),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        max_redirects=0,
    )
    press(page, name)


def fill_in_the_person(page, *, clave=PASSWORD):
    CreateUser(page).fill(
        document_type="1",
        document_number="90000077",
        first_name="Rocío",
        last_name="Quispe Imaginaria",
        email="rocio.quispe@ejemplo.pe",
        username="RQUISPE1",
        password=clave,
    )


def fill_in_the_clave(page, clave=PASSWORD):
    page.get_by_label("Clave", exact=True).fill(clave)
    page.get_by_label("Reingrese la clave", exact=True).fill(clave)


def open_options(page, url=f"{WIZARD}/perfiles/"):
    page.goto(url)
    follow(page.locator(".profile", has_text="Mis Trámites Aduaneros"))


def option(page, code):
    return page.locator(f"input[name=option][value='{code}']")


def role(page, code):
    return page.locator(f"input[name=role][value='{code}']")


def has_title(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def options_of(user):
    return set(user.option_grants.values_list("option_id", flat=True))


def roles_of(user):
    return set(user.role_grants.values_list("role_id", flat=True))


def entries(action, username="JPEREZ01"):
    return AuditEntry.objects.filter(action=action, subject__username=username).count()


# Twice, and again ---------------------------------------------------------------------------------


def test_siguiente_pressed_twice_generates_one_user(desk):
    desk.goto("/usuarios/nuevo/")
    fill_in_the_person(desk)
    press_twice(desk, "Siguiente")
    has_title(desk, "Se ha generado el usuario secundario RQUISPE1.")
    desk.reload()
    has_title(desk, "Se ha generado el usuario secundario RQUISPE1.")
    assert User.objects.filter(username="RQUISPE1").count() == 1
    assert entries("user.created", "RQUISPE1") == 1


def test_grabar_pressed_twice_saves_once(desk, secondary):
    open_options(desk)
    option(desk, NUMBERING).check()
    press(desk, "Siguiente")
    press_twice(desk, "Grabar")
    has_title(desk, SAVED)
    desk.reload()
    has_title(desk, SAVED)
    assert options_of(secondary) == {NUMBERING}
    assert entries("options.assigned") == 1


def test_asignar_pressed_twice_assigns_once_and_says_so_once(desk, secondary):
    desk.goto(f"{LATER}/roles/")
    role(desk, DESPACHO).check()
    press_twice(desk, "Asignar")
    expect(desk.get_by_text(ASSIGNED)).to_have_count(1)
    assert roles_of(secondary) == {DESPACHO}
    assert entries("roles.assigned") == 1
    desk.reload()
    has_title(desk, ASSIGNED)
    assert entries("roles.assigned") == 1


def test_a_reload_of_the_summary_shows_it_again(desk, secondary):
    open_options(desk)
    option(desk, NUMBERING).check()
    press(desk, "Siguiente")
    desk.reload()
    has_title(desk, "Resumen de opciones asignadas al usuario JPEREZ01")
    expect(desk.get_by_role("region", name="1 opción")).to_be_visible()
    assert options_of(secondary) == set()


# Back ---------------------------------------------------------------------------------------------


def test_retroceder_from_the_summary_keeps_the_marks(desk):
    open_options(desk)
    option(desk, NUMBERING).check()
    option(desk, CHANNEL).check()
    press(desk, "Siguiente")
    follow(desk.get_by_role("link", name="Retroceder"))
    has_title(desk, "Asignar Perfiles a JPEREZ01")
    expect(option(desk, NUMBERING)).to_be_checked()
    expect(option(desk, RECTIFYING)).not_to_be_checked()
    expect(option(desk, CHANNEL)).to_be_checked()


def test_the_browsers_own_back_from_the_summary_keeps_the_marks(desk):
    open_options(desk)
    option(desk, NUMBERING).check()
    press(desk, "Siguiente")
    desk.go_back()
    has_title(desk, "Asignar Perfiles a JPEREZ01")
    expect(option(desk, NUMBERING)).to_be_checked()


# Two tabs -----------------------------------------------------------------------------------------


def test_the_second_of_two_tabs_is_told_and_overwrites_nothing(desk, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[CHANNEL], seen=[])
    other = desk.context.new_page()
    for page, added in ((desk, NUMBERING), (other, RECTIFYING)):
        open_options(page, f"{LATER}/perfiles/")
        option(page, added).check()
        press(page, "Siguiente")
    press(desk, "Grabar")
    has_title(desk, SAVED)

    press(other, "Grabar")
    alert = other.get_by_role("alert")
    expect(alert).to_contain_text("JPEREZ01 cambió mientras usted trabajaba")
    expect(alert).to_contain_text("se agregó Numeración de la declaración")
    assert options_of(secondary) == {CHANNEL, NUMBERING}
    expect(option(other, RECTIFYING)).to_be_checked()

    # Having been told, the second one decides.
    option(other, NUMBERING).check()
    press(other, "Siguiente")
    press(other, "Grabar")
    has_title(other, SAVED)
    assert options_of(secondary) == {CHANNEL, NUMBERING, RECTIFYING}


def test_two_tabs_assigning_roles(desk, secondary):
    other = desk.context.new_page()
    for page, code in ((desk, DESPACHO), (other, CONSULTA)):
        page.goto(f"{LATER}/roles/")
        role(page, code).check()
    press(desk, "Asignar")
    press(other, "Asignar")
    expect(other.get_by_role("alert")).to_contain_text("se agregó Despachador")
    assert roles_of(secondary) == {DESPACHO}
    expect(role(other, CONSULTA)).to_be_checked()
    press(other, "Asignar")
    # There are roles to be changed by now, so it says first what changes.
    expect(other.get_by_text("Se agrega 1, se quita 1.")).to_be_visible()
    press(other, "Asignar")
    expect(other.get_by_text(ASSIGNED)).to_be_visible()
    assert roles_of(secondary) == {CONSULTA}


# The session ended --------------------------------------------------------------------------------


def test_a_page_opened_after_the_session_ended_says_why(desk):
    Session.objects.all().delete()
    desk.goto("/usuarios/")
    has_title(desk, "Ingreso")
    expect(desk.get_by_role("main")).to_contain_text(
        "Su sesión terminó: pasaron 20 minutos sin usarla, o se cerró desde otro lugar."
    )


def test_step_1_survives_the_end_of_the_session_but_for_the_claves(desk):
    desk.goto("/usuarios/nuevo/")
    fill_in_the_person(desk)
    Session.objects.all().delete()
    press(desk, "Siguiente")
    expect(desk.get_by_role("status")).to_contain_text("Lo que envió no se perdió")
    assert not User.objects.filter(username="RQUISPE1").exists()

    sign_in(desk, "TITULAR1")
    has_title(desk, "Continúe donde estaba")
    press(desk, "Enviar otra vez")
    has_title(desk, "Datos del usuario")
    expect(desk.get_by_label("Número de documento")).to_have_value("90000077")
    expect(desk.get_by_label("Nombres")).to_have_value("Rocío")
    expect(desk.get_by_label("Apellidos")).to_have_value("Quispe Imaginaria")
    expect(desk.get_by_label("Correo electrónico")).to_have_value("rocio.quispe@ejemplo.pe")
    expect(desk.get_by_label("Usuario secundario")).to_have_value("RQUISPE1")
    expect(desk.get_by_label("Clave", exact=True)).to_have_value("")

    fill_in_the_clave(desk)
    press(desk, "Siguiente")
    has_title(desk, "Se ha generado el usuario secundario RQUISPE1.")
    assert User.objects.get(username="RQUISPE1").check_password(PASSWORD)


def test_step_2_survives_the_end_of_the_session(desk, secondary):
    open_options(desk)
    option(desk, NUMBERING).check()
    option(desk, CHANNEL).check()
    Session.objects.all().delete()
    press(desk, "Siguiente")
    sign_in(desk, "TITULAR1")
    press(desk, "Enviar otra vez")
    has_title(desk, "Resumen de opciones asignadas al usuario JPEREZ01")

    Session.objects.all().delete()
    press(desk, "Grabar")
    assert options_of(secondary) == set()
    sign_in(desk, "TITULAR1")
    press(desk, "Enviar otra vez")
    has_title(desk, SAVED)
    assert options_of(secondary) == {NUMBERING, CHANNEL}
    assert entries("options.assigned") == 1


def test_the_summary_is_there_again_after_the_session_ended(desk):
    open_options(desk)
    option(desk, NUMBERING).check()
    press(desk, "Siguiente")
    Session.objects.all().delete()
    desk.reload()
    has_title(desk, "Ingreso")
    sign_in(desk, "TITULAR1")
    has_title(desk, "Resumen de opciones asignadas al usuario JPEREZ01")
    expect(desk.get_by_role("region", name="1 opción")).to_be_visible()


def test_a_wrong_clave_on_the_way_back_loses_nothing(desk, secondary):
    desk.goto(f"{LATER}/roles/")
    role(desk, DESPACHO).check()
    Session.objects.all().delete()
    press(desk, "Asignar")
    sign_in(desk, "TITULAR1", "incorrecta1")
    expect(desk.get_by_text("RUC, usuario o clave incorrectos.")).to_be_visible()
    sign_in(desk, "TITULAR1")
    press(desk, "Enviar otra vez")
    expect(desk.get_by_text(ASSIGNED)).to_be_visible()
    assert roles_of(secondary) == {DESPACHO}


def test_somebody_else_who_signs_in_is_not_offered_what_the_first_one_sent(desk):
    desk.goto("/usuarios/nuevo/")
    fill_in_the_person(desk)
    Session.objects.all().delete()
    press(desk, "Siguiente")
    sign_in(desk)
    expect(desk.get_by_role("button", name="Enviar otra vez")).to_have_count(0)
    assert "Quispe" not in desk.content()


def test_a_session_begun_anew_in_another_tab_loses_nothing(desk, secondary):
    """Then the form's token is from the session before; its owner may send it again."""
    desk.goto(f"{LATER}/roles/")
    role(desk, DESPACHO).check()
    Session.objects.all().delete()
    other = desk.context.new_page()
    other.goto("/ingresar/")
    sign_in(other, "TITULAR1")
    press(desk, "Asignar")
    has_title(desk, "Continúe donde estaba")
    press(desk, "Enviar otra vez")
    expect(desk.get_by_text(ASSIGNED)).to_be_visible()
    assert roles_of(secondary) == {DESPACHO}


# The password ----------------------------------------------------------------------------------------


def test_back_after_leaving_shows_nothing(page_of, principal, secondary):
    desk = page_of(principal)
    desk.goto("/usuarios/")
    expect(desk.get_by_role("cell", name="JPEREZ01").first).to_be_visible()
    sign_out(desk)
    desk.go_back()
    expect(desk).to_have_url(re.compile("/ingresar/"))
    assert "JPEREZ01" not in desk.content()


def test_no_page_ever_holds_a_clave_that_was_typed(desk):
    clave = "Secreta2026"
    bodies = []

    def keep(response):
        if response.request.is_navigation_request() and response.status == 200:
            bodies.append(response.text())

    desk.on("requestfinished", lambda request: keep(request.response()))
    desk.goto("/usuarios/nuevo/")
    fill_in_the_person(desk, clave=clave)
    desk.get_by_label("Nombres").fill("")
    press(desk, "Siguiente")
    expect(desk.get_by_label("Clave", exact=True)).to_have_value("")
    expect(desk.get_by_label("Reingrese la clave", exact=True)).to_have_value("")
    desk.get_by_label("Nombres").fill("Rocío")
    fill_in_the_clave(desk, clave)
    press(desk, "Siguiente")
    has_title(desk, "Se ha generado el usuario secundario RQUISPE1.")
    assert len(bodies) == 3
    assert not any(clave in body for body in [*bodies, desk.url])


@pytest.mark.parametrize("path", ["/ingresar/", "/usuarios/nuevo/"])
def test_mostrar_clave_shows_it_and_hides_it_again(desk, path):
    desk.goto(path)
    field = desk.get_by_label("Clave", exact=True)
    field.fill("Secreta2026")
    expect(field).to_have_attribute("type", "password")
    desk.get_by_role("button", name="Mostrar clave: Clave", exact=True).click()
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value("Secreta2026")
    desk.get_by_role("button", name="Ocultar clave: Clave", exact=True).click()
    expect(field).to_have_attribute("type", "password")
    assert "Secreta2026" not in desk.content()


@pytest.mark.parametrize("path", ["/ingresar/", "/usuarios/nuevo/"])
def test_without_script_there_is_no_mostrar_clave_that_would_do_nothing(no_js_page, desk, path):
    no_js_page.context.add_cookies(desk.context.cookies())
    no_js_page.goto(path)
    expect(no_js_page.get_by_label("Clave", exact=True)).to_have_attribute("type", "password")
    expect(no_js_page.get_by_role("button", name="Mostrar clave")).to_have_count(0)
