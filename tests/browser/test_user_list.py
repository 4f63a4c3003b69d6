"""Administración Usuario as one sees it: how high, what stays in sight, how its search answers."""

import pytest
from playwright.sync_api import expect

from profiles.actions.grants import assign_options
from tests.browser.browsing import LEAF, follow, has_title, press, sign_in
from tests.conftest import acting, person
from users.models import Session, User

LONG_NAME = "Maximiliana Bartolomea de los Ángeles"
PHONE = {"width": 360, "height": 800}


@pytest.fixture
def crowd(principal, make_secondary):
    """Twenty-five users with long names and addresses, and one more, the last of the list."""
    for number in range(25):
        User.objects.create(
            operator=principal.operator,
            username=f"USER00{number:02}",
            **person(91000000 + number)
            | {"first_name": LONG_NAME, "last_name": "Fernández de la Torre y Villavicencio"}
            | {"email": f"{'correo.' * 8}{number}@ejemplo.pe"},
        )
    return make_secondary("ZULEMA01", 91000999, first_name="Zulema", last_name="Rojas")


@pytest.fixture
def desk(page_of, principal, crowd):
    return page_of(principal)


def search(page):
    return page.get_by_role("searchbox", name="Buscar")


def row_of(page, username):
    return page.locator("tbody tr", has_text=username)


def bottom_of(target) -> float:
    box = target.bounding_box()
    return box["y"] + box["height"]


def test_twenty_rows_fit_in_the_height_of_two_windows(desk):
    desk.goto("/usuarios/")
    rows = desk.locator("tbody tr")
    assert max(rows.nth(n).bounding_box()["height"] for n in range(20)) <= 56
    assert desk.get_by_role("table").bounding_box()["height"] <= 1250
    # No head is folded away, and nothing widens the page.
    assert "Usuario · Nombres y Apellidos" in desk.get_by_role("table").inner_text().replace(
        "\xa0↑", ""
    )
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_first_user_is_in_view_and_the_filters_are_folded(desk):
    desk.set_viewport_size(PHONE)
    desk.goto("/usuarios/?estado=active&rol=ninguno")
    assert bottom_of(row_of(desk, "USER0000")) <= PHONE["height"]
    state = desk.get_by_label("Estado")
    expect(state).to_be_hidden()
    desk.get_by_text("Filtros (2)").click()
    expect(state).to_be_visible()
    expect(desk.get_by_label("Ordenar por")).to_be_visible()
    desk.set_viewport_size({"width": 1280, "height": 720})
    desk.goto("/usuarios/")
    expect(state).to_be_visible()
    expect(desk.get_by_text("Filtros")).to_be_hidden()
    expect(desk.get_by_label("Ordenar por")).to_be_hidden()


def test_the_search_answers_while_one_types_and_changes_nothing_else(desk):
    desk.goto("/")
    desk.goto("/usuarios/")
    desk.evaluate("""() => {
        window.isTheSamePage = true;
        window.shifts = [];
        new PerformanceObserver((list) => {
            for (const { value, hadRecentInput } of list.getEntries()) window.shifts.push([value, hadRecentInput]);
        }).observe({ type: "layout-shift" });
    }""")
    heads = desk.locator("thead th")
    before = [heads.nth(n).bounding_box() for n in range(heads.count())]
    search(desk).press_sequentially("zulema")
    status = desk.locator("#users-status")
    expect(status).to_have_text("1 usuario")
    expect(status).to_have_role("status")
    expect(desk.locator("tbody tr")).to_have_count(1)
    expect(search(desk)).to_be_focused()
    expect(search(desk)).to_have_value("zulema")
    assert desk.url.endswith("/usuarios/?texto=zulema&orden=usuario")
    assert [heads.nth(n).bounding_box() for n in range(heads.count())] == before
    search(desk).fill("nadie")
    expect(desk.get_by_role("heading", name="Ningún usuario coincide con “nadie”")).to_be_visible()
    search(desk).fill("")
    expect(status).to_have_text("1–20 de 26 usuarios")
    desk.get_by_label("Estado").select_option("suspended")
    expect(status).to_have_text("0 usuarios")
    assert desk.evaluate("[window.isTheSamePage, window.shifts]") == [True, []]
    desk.go_back()
    has_title(desk, "Comunidad del Operador")


def test_an_answer_that_was_overtaken_is_never_shown(desk):
    desk.goto("/usuarios/")
    desk.evaluate("""() => {
        window.said = [];
        const status = document.getElementById("users-status");
        new MutationObserver(() => window.said.push(status.textContent)).observe(status, { childList: true });
    }""")
    held = []
    desk.route("**/usuarios/?texto=user*", lambda route: held.append(route))
    with desk.expect_request("**/usuarios/?texto=user*"):
        search(desk).fill("user")
    search(desk).fill("zulema")
    expect(desk.locator("#users-status")).to_have_text("1 usuario")
    held[0].continue_()
    # The search after it has been answered too: by then the held answer has come.
    desk.get_by_label("Estado").select_option("suspended")
    expect(desk.locator("#users-status")).to_have_text("0 usuarios")
    assert desk.evaluate("window.said") == ["1 usuario", "0 usuarios"]


def test_a_search_after_the_session_ended_leads_to_the_sign_in_page_and_back(desk):
    desk.goto("/usuarios/")
    Session.objects.all().delete()
    with desk.expect_navigation(url="**/ingresar/**"):
        search(desk).fill("zulema")
    sign_in(desk, "TITULAR1")
    has_title(desk, "Administración Usuario")
    expect(search(desk)).to_have_value("zulema")
    expect(desk.locator("tbody tr")).to_have_count(1)


def test_what_can_be_done_with_the_marked_user_stays_in_sight(desk):
    desk.goto("/usuarios/")
    bar = desk.locator(".action-bar")
    desk.locator("#usuario-USER0019").check()
    expect(bar).to_contain_text(f"USER0019 – {LONG_NAME}")
    assert bar.bounding_box()["y"] == 0
    desk.set_viewport_size({"width": 360, "height": 400})
    desk.locator("#usuario-USER0018").check()
    assert bar.bounding_box()["y"] < 0, "nothing sticks in a low window"
    desk.set_viewport_size({"width": 1280, "height": 720})
    follow(bar.get_by_role("button", name="Cambiar Estado"))
    assert desk.url.endswith("/usuarios/USER0018/estado/")
    desk.go_back()
    expect(bar).to_contain_text("USER0018 – ")


def test_without_script_the_buttons_and_the_search_are_there(
    no_js_page, client_of, principal, crowd, base_url
):
    session = client_of(principal).cookies["sessionid"].value
    no_js_page.context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
    no_js_page.goto("/usuarios/")
    search(no_js_page).fill("zulema")
    press(no_js_page, "Filtrar")
    no_js_page.locator("#usuario-ZULEMA01").check()
    press(no_js_page, "Modificar Perfiles")
    has_title(no_js_page, "Modificar Perfiles de ZULEMA01")
    no_js_page.goto("/usuarios/?varios=si")
    press(no_js_page, "Marcar los de esta página")
    press(no_js_page, "Suspender")
    has_title(no_js_page, "Suspender a 26 usuarios")


@pytest.mark.parametrize("window", [PHONE, {"width": 1280, "height": 800}], ids=["phone", "desk"])
def test_who_comes_from_grabar_sees_the_new_user_marked_and_the_coach(
    desk, principal, crowd, window
):
    assign_options(actor=acting(principal), user=crowd, codes=[LEAF], seen=[])
    desk.set_viewport_size(window)
    desk.goto("/usuarios/nuevo/ZULEMA01/perfiles/registro/")
    follow(desk.get_by_role("link", name="Ir a Administración Usuario"))
    expect(desk.get_by_text("Paso 3 de 3: presione Asignar Roles")).to_be_visible()
    mark = desk.get_by_role("radio", name="Seleccionar a ZULEMA01 – Zulema Rojas")
    expect(mark).to_be_checked()
    assert bottom_of(mark) <= window["height"]
    press(desk, "Asignar Roles")
    expect(desk.get_by_text("Paso 3 de 3")).to_be_visible()


def test_several_are_marked_and_counted_in_the_list(desk):
    desk.goto("/usuarios/")
    follow(desk.get_by_role("link", name="Cambiar Estado de varios"))
    desk.locator("#usuario-USER0001").check()
    bar = desk.locator(".action-bar")
    expect(bar).to_contain_text("1 usuario marcado")
    bar.get_by_role("button", name="Marcar los de esta página").click()
    expect(bar).to_contain_text("26 usuarios marcados")
    desk.locator("#usuario-USER0001").uncheck()
    press(desk, "Suspender")
    has_title(desk, "Suspender a 25 usuarios")


def test_the_list_prints_as_a_table(desk):
    desk.set_viewport_size(PHONE)
    desk.goto("/usuarios/")
    desk.emulate_media(media="print")
    expect(desk.get_by_role("columnheader", name="Correo Electrónico")).to_be_visible()
    cells = row_of(desk, "USER0000").locator("td:visible")
    assert len({cell.bounding_box()["y"] for cell in cells.all()}) == 1
    for hidden in (".action-bar", ".filters", ".people-mark", ".access-links"):
        expect(desk.locator(hidden).first).to_be_hidden()
