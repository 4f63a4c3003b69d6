"""Every screen in each of its states: no fault that axe knows, by day and by night, and no
sideways scrolling on the narrowest screens."""

import pyotp
import pytest
from django.http import HttpResponse
from django.utils import timezone
from playwright.sync_api import expect

from profiles.actions import assign_options, assign_roles, save_template
from profiles.models import Option
from profiles.views import load
from tests.browser.browsing import enter, follow
from tests.conftest import PASSWORD, RUC, Telephone, acting, fail_to_sign_in
from users import actions
from users.models import Session, User

LEAF = "90.1.1.1.1"
DESPACHO = "NSIGAD.AGENTEADUANA.DESPACHO"
CONSULTA = "NSIGAD.AGENTEADUANA.CONSULTA"
WIZARD = "/usuarios/nuevo/JPEREZ01"
LATER = "/usuarios/JPEREZ01"


@pytest.fixture
def is_accessible(axe):
    """is_accessible(page) asserts it of the page as it stands."""

    def check(page):
        page.set_viewport_size({"width": 1280, "height": 720})
        for scheme in ("light", "dark"):
            # Colours caught half-way through a transition would be judged as they never stay.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            axe(page)
        for width in (320, 360):
            page.set_viewport_size({"width": width, "height": 720})
            needed = page.evaluate("document.documentElement.scrollWidth")
            assert needed <= width, f"{page.url} is {needed} px wide on a screen of {width}"

    return check


@pytest.fixture
def desk(page_of, principal):
    """The principal's page."""
    return page_of(principal)


@pytest.fixture
def own(page_of, secondary):
    """The secondary user's page."""
    return page_of(secondary)


@pytest.fixture
def grant(principal, secondary):
    """grant(options, roles) makes these what the secondary user holds."""

    def make(options=(), roles=()):
        held = secondary.option_grants.values_list("option_id", flat=True)
        assign_options(actor=acting(principal), user=secondary, codes=options, seen=held)
        held = secondary.role_grants.values_list("role_id", flat=True)
        assign_roles(actor=acting(principal), user=secondary, codes=roles, seen=held)

    return make


def choose(page, profile="Mis Trámites Aduaneros"):
    follow(page.locator(".profile", has_text=profile))


def sign_in(page, username="JPEREZ01"):
    page.get_by_label("RUC", exact=True).fill(RUC)
    page.get_by_label("Usuario", exact=True).fill(username)
    page.get_by_label("Clave", exact=True).fill(PASSWORD)
    press(page, "Ingresar")


def press(page, name):
    follow(page.get_by_role("button", name=name, exact=True))


def has_title(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


# Ingreso ------------------------------------------------------------------------------------------


def test_ingreso(page, principal, is_accessible):
    page.goto("/ingresar/")
    is_accessible(page)


def test_ingreso_with_every_field_empty(page, principal, is_accessible):
    page.goto("/ingresar/")
    press(page, "Ingresar")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_count(3)
    is_accessible(page)


def test_ingreso_with_a_wrong_clave(page, principal, is_accessible):
    page.goto("/ingresar/")
    page.get_by_label("RUC", exact=True).fill(RUC)
    page.get_by_label("Usuario", exact=True).fill("TITULAR1")
    page.get_by_label("Clave", exact=True).fill(f"{PASSWORD}x")
    press(page, "Ingresar")
    expect(page.get_by_role("alert")).to_contain_text("RUC, usuario o clave incorrectos.")
    is_accessible(page)


def test_ingreso_after_the_session_ended(desk, secondary, is_accessible):
    desk.goto(f"{LATER}/perfiles/")
    Session.objects.all().delete()
    choose(desk)
    expect(desk.get_by_role("status")).to_contain_text("Su sesión terminó por inactividad.")
    is_accessible(desk)


def test_ingreso_with_the_practice_users_listed(page, settings, principal, is_accessible):
    settings.DEMO = True
    page.goto("/ingresar/")
    page.get_by_text("Ver operadores y usuarios de práctica").click()
    expect(page.get_by_text("MODDATOS", exact=True)).to_be_visible()
    is_accessible(page)


def test_ingreso_of_a_locked_account(page, secondary, is_accessible):
    fail_to_sign_in(secondary)
    page.goto("/ingresar/")
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("Por seguridad, el acceso está bloqueado.")
    is_accessible(page)


def test_home_that_says_how_the_account_was_left(page, secondary, is_accessible):
    User.objects.filter(pk=secondary.pk).update(last_login=timezone.now())
    fail_to_sign_in(secondary, 2)
    page.goto("/ingresar/")
    sign_in(page)
    expect(page.get_by_role("status")).to_contain_text("Desde entonces hubo 2 intentos fallidos.")
    is_accessible(page)


def test_a_locked_user_and_the_way_to_unlock_him(desk, secondary, is_accessible):
    fail_to_sign_in(secondary)
    desk.goto("/usuarios/")
    expect(desk.get_by_text("Bloqueado", exact=True)).to_be_visible()
    is_accessible(desk)
    desk.goto(f"{LATER}/")
    is_accessible(desk)
    follow(desk.get_by_role("link", name="Desbloquear"))
    is_accessible(desk)
    press(desk, "Desbloquear")
    expect(desk.get_by_role("status")).to_contain_text("Se desbloqueó a JPEREZ01.")
    is_accessible(desk)


def test_the_notice_before_a_session_ends(desk, is_accessible):
    desk.goto("/")
    desk.locator("[data-session-end]").evaluate("notice => (notice.hidden = false)")
    is_accessible(desk)


def test_ingreso_when_somebody_is_in_already(desk, is_accessible):
    desk.goto("/ingresar/")
    expect(desk.get_by_text("Ya ingresó como TITULAR1")).to_be_visible()
    is_accessible(desk)


def test_continue_where_you_were(desk, secondary, is_accessible):
    desk.goto(f"{LATER}/perfiles/")
    choose(desk)
    Session.objects.all().delete()
    press(desk, "Siguiente")
    sign_in(desk, "TITULAR1")
    has_title(desk, "Continúe donde estaba")
    is_accessible(desk)


def test_ingreso_with_a_second_factor(page, principal, is_accessible):
    Telephone(principal)
    page.goto("/ingresar/")
    page.get_by_label("RUC", exact=True).fill(RUC)
    page.get_by_label("Usuario", exact=True).fill("TITULAR1")
    page.get_by_label("Clave", exact=True).fill(PASSWORD)
    press(page, "Ingresar")
    has_title(page, "Código de ingreso")
    is_accessible(page)
    press(page, "Ingresar")
    expect(page.get_by_role("alert")).to_contain_text("Ingrese los 6 números")
    is_accessible(page)
    page.get_by_text("No tengo mi teléfono").click()
    page.get_by_label("Código de recuperación").fill("AAAA AAAA AAAA AAAA")
    press(page, "Ingresar")
    expect(page.get_by_role("alert")).to_contain_text("Use otro")
    is_accessible(page)


# Comunidad del Operador ---------------------------------------------------------------------------


def test_home_of_a_principal_without_users(desk, is_accessible):
    desk.goto("/")
    expect(desk.get_by_text("Todavía no hay usuarios secundarios.")).to_be_visible()
    is_accessible(desk)


def test_home_of_a_principal_with_something_to_attend_to(
    desk, make_secondary, grant, is_accessible
):
    grant([LEAF])
    make_secondary("SINOPCIO", 90000009)
    desk.goto("/")
    expect(
        desk.get_by_role("region", name="Requiere su atención").get_by_role("link")
    ).to_have_count(3)
    is_accessible(desk)


def test_home_of_a_secondary_user_without_options(own, is_accessible):
    own.goto("/")
    expect(own.get_by_text("no tiene opciones asignadas")).to_be_visible()
    is_accessible(own)


def test_home_of_a_secondary_user_with_a_menu(own, grant, is_accessible):
    grant([LEAF, "90.1.2.1.1", "11.9.1.1.1"])
    own.goto("/")
    expect(own.locator(".menu-columns a")).to_have_count(3)
    is_accessible(own)


@pytest.mark.parametrize(("query", "found"), [("canal", 1), ("nada así", 0)])
def test_home_with_a_search_of_the_menu(own, grant, is_accessible, query, found):
    grant([LEAF, "90.1.2.1.1"])
    own.goto("/")
    own.get_by_label("Busque una opción del menú").fill(query)
    press(own, "Buscar")
    expect(own.locator(".menu-columns a")).to_have_count(found)
    expect(own.get_by_role("status")).to_be_visible()
    is_accessible(own)


# The page of an option ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "roles", "reasons"),
    [
        ([LEAF], [DESPACHO], 0),
        ([LEAF], [], 1),
        ([], [], 2),
    ],
    ids=["permitted", "without role", "not granted"],
)
def test_option_page(own, grant, is_accessible, options, roles, reasons):
    grant(options, roles)
    own.goto(f"/opciones/{LEAF}/")
    expect(own.locator("[data-reason]")).to_have_count(reasons)
    is_accessible(own)


# Administración Usuario ---------------------------------------------------------------------------


def test_list_without_users(desk, is_accessible):
    desk.goto("/usuarios/")
    expect(desk.get_by_text("No se encontraron usuarios secundarios asociados.")).to_be_visible()
    is_accessible(desk)


def test_list_with_users_in_every_state(desk, principal, make_secondary, grant, is_accessible):
    grant([LEAF], [DESPACHO])
    suspended = make_secondary("SUSPEND1", 90000009, email="una.direccion.muy.larga@ejemplo.com.pe")
    actions.suspend_user(actor=acting(principal), user=suspended)
    make_secondary("SINOPCIO", 90000010)
    desk.goto("/usuarios/?orden=-nombre")
    expect(desk.get_by_role("radio")).to_have_count(3)
    is_accessible(desk)


def test_list_without_a_match(desk, secondary, is_accessible):
    desk.goto("/usuarios/?texto=nadie")
    expect(desk.get_by_text("Ningún usuario coincide con “nadie”")).to_be_visible()
    is_accessible(desk)


def test_list_with_nobody_marked(desk, secondary, is_accessible):
    desk.goto("/usuarios/")
    press(desk, "Asignar Roles")
    expect(desk.get_by_role("alert")).to_contain_text("Seleccione un usuario")
    is_accessible(desk)


def test_second_page_of_the_list(desk, make_secondary, is_accessible):
    for number in range(21):
        make_secondary(f"USUARI{number:02}", 90000100 + number)
    desk.goto("/usuarios/")
    follow(desk.get_by_role("link", name="Siguiente página"))
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


@pytest.mark.parametrize("root", [WIZARD, LATER], ids=["wizard", "correction"])
def test_profiles_to_choose_from(desk, secondary, is_accessible, root):
    desk.goto(f"{root}/perfiles/")
    expect(desk.get_by_text("Todavía no marcó ninguna.")).to_be_visible()
    is_accessible(desk)


def test_options_of_a_profile(desk, secondary, is_accessible):
    desk.goto(f"{WIZARD}/perfiles/")
    choose(desk)
    desk.get_by_role("checkbox", name="Numeración de la declaración").check()
    is_accessible(desk)


def test_options_of_a_profile_with_its_folders_closed(desk, secondary, is_accessible):
    desk.goto(f"{WIZARD}/perfiles/")
    choose(desk)
    desk.get_by_role("button", name="Despacho", exact=True).click()
    expect(desk.get_by_role("checkbox")).to_have_count(0)
    is_accessible(desk)


@pytest.mark.parametrize("query", ["canal", "nada así"])
def test_options_that_a_search_finds(desk, secondary, is_accessible, query):
    desk.goto(f"{WIZARD}/perfiles/")
    choose(desk)
    desk.get_by_role("checkbox", name="Numeración de la declaración").check()
    desk.get_by_label("Buscar en").fill(query)
    expect(desk.get_by_role("status")).to_contain_text("no se ve, pero sigue marcada")
    is_accessible(desk)
    desk.get_by_label("Buscar en").focus()
    enter(desk)
    expect(desk.get_by_role("status")).to_contain_text("no se ve, pero sigue marcada")
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


@pytest.mark.parametrize("root", [WIZARD, LATER], ids=["wizard", "correction"])
def test_saved(desk, grant, is_accessible, root):
    grant([LEAF])
    desk.goto(f"{root}/perfiles/registro/")
    expect(desk.get_by_role("status")).to_contain_text("registrados satisfactoriamente")
    is_accessible(desk)


# Paso 3 -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", [WIZARD, LATER], ids=["wizard", "correction"])
def test_roles(desk, grant, is_accessible, root):
    grant([LEAF, "90.1.2.1.1"], [CONSULTA])
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
        actions.suspend_user(actor=acting(principal), user=secondary)
    desk.goto(f"{LATER}/estado/")
    is_accessible(desk)
    press(desk, "Cambiar Estado")
    expect(desk.get_by_role("alert")).to_contain_text("Seleccione el nuevo estado")
    is_accessible(desk)


# A user afterwards --------------------------------------------------------------------------------


@pytest.mark.parametrize("suspended", [False, True], ids=["active", "suspended"])
def test_page_of_a_user(desk, principal, secondary, grant, is_accessible, suspended):
    grant([LEAF, "11.9.1.1.1"])
    if suspended:
        actions.suspend_user(actor=acting(principal), user=secondary)
    desk.goto(f"{LATER}/")
    expect(desk.get_by_role("heading", name="Tiene asignado y no puede usar")).to_be_visible()
    is_accessible(desk)


@pytest.mark.parametrize("query", ["", f"?opcion={LEAF}", "?opcion=11.9.1.1.1", "?texto=nada"])
def test_why_a_user_can_not(desk, grant, is_accessible, query):
    grant(["11.9.1.1.1"])
    desk.goto(f"{LATER}/acceso/{query}")
    has_title(desk, "¿Por qué no puede? JPEREZ01")
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
    facts = actions.editable_facts(secondary) | {"valid_from": None, "valid_until": None}
    actions.change_user(
        actor=acting(principal),
        user=secondary,
        seen=actions.editable_facts(secondary),
        **{**facts, "first_name": "Juana"},
    )
    desk.get_by_label("Apellidos").fill("Quispe")
    press(desk, "Grabar")
    expect(desk.get_by_role("alert")).to_contain_text("antes «Juan», ahora «Juana»")
    expect(desk.get_by_label("Apellidos")).to_have_value("Quispe")
    is_accessible(desk)


@pytest.mark.parametrize(
    "path",
    ["/historial/", f"{LATER}/historial/", "/historial/?desde=ayer", "/historial/?texto=zzz"],
)
def test_history(desk, grant, is_accessible, path):
    grant([LEAF], [CONSULTA])
    desk.goto(path)
    is_accessible(desk)


def test_validity_of_grants(desk, grant, is_accessible):
    grant([LEAF], [CONSULTA])
    desk.goto(f"{LATER}/vigencia/")
    desk.get_by_label("Desde").first.fill("2027-02-02")
    desk.get_by_label("Hasta").first.fill("2027-02-01")
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
    expect(desk.get_by_role("note")).to_contain_text("adelantado 1 día")
    is_accessible(desk)


# Several users, their accesses, and paper -----------------------------------------------------------


@pytest.fixture
def template(principal):
    return save_template(
        actor=acting(principal), name="De siempre", options=[LEAF, "11.9.1.1.1"], roles=[DESPACHO]
    )


@pytest.mark.parametrize(
    "query", ["", "?cambio=suspend", "?cambio=eliminate&usuario=JPEREZ01", "?texto=nadie"]
)
def test_change_of_state_of_several(desk, secondary, is_accessible, query):
    desk.goto(f"/usuarios/estados/{query}")
    is_accessible(desk)


@pytest.mark.parametrize("query", ["", "?filas=todas", "?texto=nadie", "?hallazgo=falta-rol"])
def test_access_table(desk, principal, make_secondary, grant, is_accessible, query):
    grant([LEAF, "11.9.1.1.1"])
    suspended = make_secondary("SUSPEND1", 90000009)
    actions.suspend_user(actor=acting(principal), user=suspended)
    desk.goto(f"/accesos/{query}")
    is_accessible(desk)


def test_access_table_without_users(desk, is_accessible):
    desk.goto("/accesos/")
    expect(desk.get_by_text("No se encontraron usuarios secundarios asociados.")).to_be_visible()
    is_accessible(desk)


@pytest.mark.parametrize("path", ["/accesos/dia/", f"{LATER}/accesos/"])
@pytest.mark.parametrize("query", ["", "?fecha=2000-01-01", "?fecha=2999-01-01"])
def test_past_accesses(desk, grant, is_accessible, path, query):
    grant([LEAF], [DESPACHO])
    desk.goto(f"{path}{query}")
    is_accessible(desk)


@pytest.mark.parametrize(
    "query",
    ["", "?modo=agregar", "?modo=reemplazar&desde=COLEGA01", "?modo=agregar&desde=NADIE001"],
)
def test_copying(desk, make_secondary, template, grant, is_accessible, query):
    grant([LEAF], [CONSULTA])
    make_secondary("COLEGA01", 90000009)
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


def test_second_factor(desk, is_accessible):
    desk.goto("/clave/segundo-factor/")
    is_accessible(desk)
    secret = desk.locator("#secret").inner_text().replace(" ", "")
    press(desk, "Activar")
    expect(desk.get_by_role("alert").get_by_role("link")).to_have_count(2)
    is_accessible(desk)
    desk.get_by_label("Código", exact=True).fill(pyotp.TOTP(secret).now())
    desk.get_by_label("Su clave", exact=True).fill(PASSWORD)
    press(desk, "Activar")
    has_title(desk, "Sus códigos de recuperación")
    is_accessible(desk)
    for path in ("", "codigos/", "desactivar/"):
        desk.goto(f"/clave/segundo-factor/{path}")
        is_accessible(desk)


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
def test_second_factor_of_another(desk, page_of, staff, secondary, is_accessible, is_on):
    if is_on:
        Telephone(secondary)
    desk.goto(f"{LATER}/segundo-factor/")
    is_accessible(desk)
    page = page_of(staff)
    page.goto(f"/admin/users/user/{secondary.pk}/segundo-factor/")
    is_accessible(page)


def test_second_factor_required_of_staff(page_of, staff, settings, is_accessible):
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    page = page_of(staff)
    page.goto("/admin/")
    has_title(page, "Activar el segundo factor")
    is_accessible(page)


def test_own_sessions(desk, page_of, principal, is_accessible):
    page_of(principal)
    desk.goto("/sesiones/")
    expect(desk.get_by_role("button", name="Cerrar todas menos esta")).to_be_visible()
    is_accessible(desk)


# Administration -----------------------------------------------------------------------------------


def test_the_pages_of_an_operator_for_staff(page_of, staff, operator, secondary, is_accessible):
    page = page_of(staff)
    page.goto(f"/admin/operators/operator/{operator.pk}/change/")
    is_accessible(page)
    follow(page.get_by_role("link", name="Nombrar al principal"))
    is_accessible(page)
    press(page, "Nombrar principal")
    expect(page.locator(".errorlist")).to_have_text("Elija a uno de los usuarios de la lista")
    is_accessible(page)
    page.goto(f"/admin/operators/operator/{operator.pk}/clock/")
    press(page, "Adelantar")
    has_title(page, "Reloj")
    is_accessible(page)


def test_what_is_asked_before_eliminating(page_of, staff, secondary, is_accessible):
    page = page_of(staff)
    page.goto("/admin/users/user/?tipo=secundario")
    page.get_by_role("checkbox", name="JPEREZ01").check()
    page.locator("select[name=action]").select_option("eliminate")
    follow(page.locator(".actions button[name=index]"))
    has_title(page, "Eliminar usuarios")
    is_accessible(page)


# Error pages --------------------------------------------------------------------------------------


def test_page_not_found(desk, is_accessible):
    assert desk.goto("/usuarios/NADIE001/perfiles/").status == 404
    is_accessible(desk)


def test_page_of_a_principal_seen_by_a_secondary_user(own, is_accessible):
    assert own.goto("/usuarios/").status == 403
    is_accessible(own)


def test_form_from_another_site_or_time(page, principal, is_accessible):
    page.goto("/ingresar/")
    page.context.clear_cookies()
    with page.expect_navigation() as answer:
        page.get_by_role("button", name="Ingresar", exact=True).click()
    assert answer.value.status == 403
    has_title(page, "La página estuvo abierta mucho tiempo. Vuelva a enviar.")
    is_accessible(page)


# Carga masiva -------------------------------------------------------------------------------------


@pytest.fixture
def upload(desk):
    """upload(*lines) opens the plan of a file with these lines."""

    def send(*lines):
        desk.goto("/usuarios/carga/")
        content = "\n".join(lines).encode()
        file = {"name": "usuarios.csv", "mimeType": "text/csv", "buffer": content}
        desk.get_by_label("Archivo CSV o XLSX").set_input_files(file)
        press(desk, "Ver el plan")

    return send


TITLES = "Usuario,Tipo de documento,Número de documento,Nombres,Apellidos,Clave,Opciones"
NEW = f"NUEVO001,DNI,90001001,Ana,Ficticia,,{LEAF}"


def test_load(desk, upload, is_accessible):
    upload(TITLES, NEW)
    desk.goto("/usuarios/carga/")
    is_accessible(desk)


def test_load_of_what_cannot_be_read(desk, upload, is_accessible):
    upload("Sueldo", "1")
    has_title(desk, "Carga masiva")
    is_accessible(desk)


def test_plan_with_errors_and_corrections(desk, upload, is_accessible):
    upload(TITLES, "nuevo001,DNI,1234567,Ana,Ficticia,,", "NUEVO002,DNI,12345,R2D2,,corta,1.2.3")
    desk.goto(desk.url + "?ver=todas")
    expect(desk.locator(".plan-problem")).to_have_count(5)
    is_accessible(desk)


def test_plan_applied_with_claves_to_fetch(desk, upload, secondary, is_accessible):
    upload(TITLES, NEW, f"JPEREZ01,DNI,90000002,Juana,Pérez,,{LEAF}")
    is_accessible(desk)
    follow(desk.get_by_role("button", name="Aplicar plan"))
    has_title(desk, "Plan aplicado")
    is_accessible(desk)


def test_plan_without_changes(desk, upload, secondary, is_accessible):
    upload("Usuario,Nombres", "JPEREZ01,Juan")
    is_accessible(desk)


def test_plan_overtaken_by_a_change(desk, upload, secondary, principal, is_accessible):
    upload("Usuario,Nombres", "JPEREZ01,Juana")
    actions.eliminate_user(actor=acting(principal), user=secondary)
    press(desk, "Aplicar plan")
    expect(desk.get_by_role("alert")).to_contain_text("Los datos cambiaron")
    is_accessible(desk)


def test_plan_while_it_is_applied(desk, upload, is_accessible, monkeypatch):
    monkeypatch.setattr(load, "SLICE", 0)
    monkeypatch.setattr(load.actions, "HASHED_AT_ONCE", 1)
    upload(TITLES, NEW, "NUEVO002,DNI,90001002,Ana,Ficticia,,")
    desk.route("**/load_progress.js", lambda route: route.abort())
    press(desk, "Aplicar plan")
    has_title(desk, "Aplicando el plan")
    is_accessible(desk)


# When something goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [413, 429, 503])
def test_an_answer_that_only_says_no(status, desk, is_accessible, monkeypatch):
    monkeypatch.setattr("portal.views.HomeView.get", lambda *args: HttpResponse(status=status))
    assert desk.goto("/").status == status
    is_accessible(desk)


def test_a_failure(desk, is_accessible, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("portal.views.HomeView.get", fail)
    assert desk.goto("/").status == 500
    is_accessible(desk)
