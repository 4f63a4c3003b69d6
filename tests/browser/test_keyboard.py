"""The guide's path without a mouse: where the focus is, where it goes, and that it can be seen."""

import pytest
from playwright.sync_api import expect

from profiles.actions.grants import assign_options
from tests.browser.browsing import enter, follow
from tests.conftest import PASSWORD, RUC, acting

LEAF = "90.1.1.1.1"
ANY_SCREEN = ["/", "/usuarios/", "/usuarios/nuevo/", "/usuarios/JPEREZ01/perfiles/"]


@pytest.fixture
def page(page):
    # The window jumps to what gets the focus instead of gliding there.
    page.emulate_media(reduced_motion="reduce")
    return page


@pytest.fixture
def desk(page, client_of, principal, secondary, base_url):
    """A page in a browser in which the principal has signed in; JPEREZ01 is its user."""
    session = client_of(principal).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    return page


def focus_by_tab(page, target):
    """Press Tab until the target has the focus, and assert that one sees it there."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("element => element === document.activeElement"):
            assert_focus_is_seen(page)
            return
    raise AssertionError(f"Tab never reaches {target}")


def assert_focus_is_seen(page):
    """The focus has an outline, stands inside the window, and nothing lies over it."""
    element, style, width, over = page.evaluate("""() => {
        const element = document.activeElement;
        const { outlineStyle, outlineWidth } = getComputedStyle(element);
        const box = element.getBoundingClientRect();
        const middle = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
        const top = document.elementFromPoint(...middle);
        const seen = top && (element.contains(top) || top.contains(element));
        const over = seen ? "" : top ? top.outerHTML : "the edge of the window";
        return [element.outerHTML, outlineStyle, parseFloat(outlineWidth), over];
    }""")
    assert style not in ("none", "hidden"), f"the focus has no outline: {element}"
    assert width >= 2, f"the outline is {width} px wide: {element}"
    assert not over, f"{over} lies over the focus: {element}"


@pytest.mark.parametrize("path", ANY_SCREEN)
def test_the_first_tab_is_the_way_past_the_header(desk, path):
    desk.goto(path)
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Ir al contenido")).to_be_focused()
    assert_focus_is_seen(desk)
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("main")).to_be_focused()


@pytest.mark.parametrize("path", ["/ingresar/", *ANY_SCREEN])
@pytest.mark.parametrize("window", [(1280, 720), (360, 400)], ids=["desk", "phone"])
def test_every_stop_of_tab_shows_its_focus(desk, path, window):
    """Also where little fits, and buttons that stay at the foot of the window lie over the rest."""
    desk.set_viewport_size({"width": window[0], "height": window[1]})
    if path == "/ingresar/":
        desk.context.clear_cookies()
    desk.goto(path)
    if desk.locator(".profile", has_text="Mis Trámites Aduaneros").is_visible():
        follow(desk.locator(".profile", has_text="Mis Trámites Aduaneros"))
    stops = []
    desk.evaluate("document.activeElement.blur()")
    desk.keyboard.press("Tab")
    while desk.evaluate("document.activeElement !== document.body"):
        assert_focus_is_seen(desk)
        stops.append(desk.evaluate("document.activeElement.outerHTML"))
        assert len(stops) < 200, "Tab never leaves the page"
        desk.keyboard.press("Tab")
    # The hidden button that answers Enter is for Enter alone.
    assert not any("visually-hidden" in stop.split(">")[0] for stop in stops)
    assert len(stops) > 5


def test_signing_in(page, principal):
    page.goto("/ingresar/")
    focus_by_tab(page, page.get_by_label("RUC", exact=True))
    page.keyboard.type(RUC)
    page.keyboard.press("Tab")
    page.keyboard.type("titular1")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    enter(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Comunidad del Operador")


def test_from_the_home_page_to_a_generated_user(desk):
    desk.goto("/")
    focus_by_tab(desk, desk.get_by_role("navigation").get_by_text("Administración Usuario"))
    enter(desk)
    focus_by_tab(desk, desk.get_by_role("link", name="Crear Usuario"))
    enter(desk)
    document_type = desk.get_by_label("Tipo de documento de identidad")
    focus_by_tab(desk, document_type)
    desk.keyboard.press("ArrowDown")
    expect(document_type).to_have_value("1")
    for text in ("90000077", "Rocío", "Quispe Imaginaria", "", "RQUISPE1", PASSWORD):
        desk.keyboard.press("Tab")
        desk.keyboard.type(text)
    focus_by_tab(desk, desk.get_by_label("Reingrese la clave", exact=True))
    desk.keyboard.type(PASSWORD)
    focus_by_tab(desk, desk.get_by_role("button", name="Siguiente"))
    enter(desk)
    expect(desk.get_by_role("heading", level=1)).to_have_text(
        "Se ha generado el usuario secundario RQUISPE1."
    )


def test_after_an_error_the_summary_has_the_focus_and_leads_to_each_field(desk):
    desk.goto("/usuarios/nuevo/")
    desk.get_by_label("Número de documento").focus()
    enter(desk)
    summary = desk.get_by_role("alert")
    expect(summary).to_be_focused()
    assert_focus_is_seen(desk)
    fields = {
        "Seleccione el tipo de documento": "Tipo de documento de identidad",
        "Ingrese el número de documento": "Número de documento",
        "Ingrese los nombres": "Nombres",
        "Ingrese los apellidos": "Apellidos",
        "Ingrese el usuario": "Usuario secundario",
        "Ingrese la clave": "Clave",
        "Reingrese la clave": "Reingrese la clave",
    }
    assert summary.get_by_role("link").all_inner_texts() == list(fields)
    for sentence in fields:
        desk.keyboard.press("Tab")
        expect(summary.get_by_role("link", name=sentence, exact=True)).to_be_focused()
    for sentence, label in fields.items():
        summary.get_by_role("link", name=sentence, exact=True).focus()
        desk.keyboard.press("Enter")
        expect(desk.get_by_label(label, exact=True)).to_be_focused()
        assert_focus_is_seen(desk)


@pytest.mark.parametrize("clave", ["", "incorrecta1"], ids=["empty", "wrong"])
def test_after_a_refused_sign_in_the_focus_is_on_what_was_wrong(page, principal, clave):
    page.goto("/ingresar/")
    page.get_by_label("RUC", exact=True).fill(RUC)
    page.get_by_label("Usuario", exact=True).fill("TITULAR1")
    page.get_by_label("Clave", exact=True).fill(clave)
    enter(page)
    expect(page.get_by_role("alert")).to_be_focused()


def test_profiles_options_and_grabar(desk, secondary):
    desk.goto("/usuarios/nuevo/JPEREZ01/perfiles/")
    focus_by_tab(desk, desk.locator(".profile", has_text="Mis Trámites Aduaneros"))
    enter(desk)
    leaf = desk.get_by_role("checkbox", name="Numeración de la declaración")
    focus_by_tab(desk, leaf)
    desk.keyboard.press("Space")
    expect(leaf).to_be_checked()
    focus_by_tab(desk, desk.get_by_role("button", name="Siguiente"))
    enter(desk)
    focus_by_tab(desk, desk.get_by_role("button", name="Grabar"))
    enter(desk)
    expect(desk.get_by_role("status")).to_be_focused()
    expect(desk.get_by_role("status")).to_contain_text("registrados satisfactoriamente")
    assert [grant.option_id for grant in secondary.option_grants.all()] == [LEAF]


def test_a_folder_is_marked_from_the_keyboard(desk):
    desk.goto("/usuarios/nuevo/JPEREZ01/perfiles/")
    follow(desk.locator(".profile", has_text="Mis Trámites Aduaneros"))
    focus_by_tab(desk, desk.get_by_role("checkbox", name="Seleccionar todo en Declaraciones"))
    desk.keyboard.press("Space")
    expect(desk.get_by_role("checkbox", name="Numeración de la declaración")).to_be_checked()


def test_enter_in_the_search_box_searches_and_goes_no_further(desk):
    desk.goto("/usuarios/nuevo/JPEREZ01/perfiles/")
    follow(desk.locator(".profile", has_text="Mis Trámites Aduaneros"))
    focus_by_tab(desk, desk.get_by_label("Buscar una opción"))
    desk.keyboard.type("canal")
    enter(desk)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Asignar Perfiles a JPEREZ01")
    expect(desk.locator(".option:visible")).to_have_count(1)


def test_enter_on_an_option_does_not_take_it_to_the_summary_unasked(desk):
    """A checkbox, too, sends the form on Enter: then the tree comes back with the mark kept."""
    desk.goto("/usuarios/nuevo/JPEREZ01/perfiles/")
    follow(desk.locator(".profile", has_text="Mis Trámites Aduaneros"))
    leaf = desk.get_by_role("checkbox", name="Numeración de la declaración")
    leaf.check()
    leaf.focus()
    enter(desk)
    expect(desk.get_by_role("heading", level=1)).to_have_text("Asignar Perfiles a JPEREZ01")
    expect(leaf).to_be_checked()


def test_roles_from_the_list_to_the_answer_of_the_system(desk, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[LEAF], seen=[])
    desk.goto("/usuarios/")
    radio = desk.get_by_role("radio", name="Seleccionar a JPEREZ01 – Juan Pérez Ñaupari")
    focus_by_tab(desk, radio)
    desk.keyboard.press("Space")
    expect(radio).to_be_checked()
    focus_by_tab(desk, desk.get_by_role("button", name="Asignar Roles"))
    enter(desk)
    role = desk.get_by_role("checkbox", name="Despachador")
    focus_by_tab(desk, role)
    desk.keyboard.press("Space")
    focus_by_tab(desk, desk.get_by_role("button", name="Asignar", exact=True))
    enter(desk)
    expect(desk.get_by_role("status")).to_be_focused()
    expect(desk.get_by_role("status")).to_contain_text(
        "Se ha asignado los roles correctamente al usuario"
    )


def test_a_button_without_a_marked_user_leads_to_the_first_user(desk):
    desk.goto("/usuarios/")
    focus_by_tab(desk, desk.get_by_role("button", name="Modificar Perfiles"))
    enter(desk)
    expect(desk.get_by_role("alert")).to_be_focused()
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("radio").first).to_be_focused()


def test_mostrar_clave_keeps_the_focus_on_its_button(desk):
    desk.goto("/usuarios/nuevo/")
    field = desk.get_by_label("Clave", exact=True)
    field.focus()
    desk.keyboard.type(PASSWORD)
    desk.keyboard.press("Tab")
    desk.keyboard.press("Space")
    expect(field).to_have_attribute("type", "text")
    button = desk.get_by_role("button", name="Ocultar clave: Clave", exact=True)
    expect(button).to_be_focused()
    desk.keyboard.press("Space")
    expect(field).to_have_attribute("type", "password")


def test_keys_lead_to_the_search_and_to_ayuda_unless_one_writes_or_switched_them_off(desk):
    desk.goto("/usuarios/")
    desk.keyboard.press("/")
    search = desk.locator("main input[type=search]")
    expect(search).to_be_focused()
    desk.keyboard.type("/?")
    expect(search).to_have_value("/?")
    search.blur()
    with desk.expect_navigation():
        desk.keyboard.press("?")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Ayuda")
    desk.get_by_role("button", name="Desactivar las teclas").click()
    desk.goto("/usuarios/")
    desk.keyboard.press("/")
    expect(search).not_to_be_focused()


def test_a_practice_account_fills_the_form(page):
    page.goto("/ingresar/")
    page.get_by_text("Ver operadores y usuarios de práctica").click()
    page.get_by_role("link", name="Usar CVALDEZ1").click()
    expect(page.locator("#txtRuc")).to_have_value(RUC)
    expect(page.locator("#txtUsuario")).to_have_value("CVALDEZ1")
    expect(page.locator("#txtContrasena")).to_have_value("Practica01")
    expect(page.locator("#btnAceptar")).to_be_focused()
    assert "Practica01" not in page.url
