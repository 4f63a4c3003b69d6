"""The tree of options: what its script adds, and that all of it can be done without."""

import pytest
from playwright.sync_api import expect

from profiles.actions.grants import assign_options
from tests.browser.browsing import follow
from tests.conftest import acting

CUSTOMS = "Mis Trámites Aduaneros"
RECEIPTS = "Comprobantes de pago"
NUMBERING, RECTIFYING, CHANNEL = "90.1.1.1.1", "90.1.1.1.2", "90.1.2.1.1"
SERVICE_1, SERVICE_2 = "11.9.1.1.1", "11.9.1.1.2"
OPTIONS_URL = "/usuarios/nuevo/JPEREZ01/perfiles/"


@pytest.fixture
def opened(client_of, principal, secondary, base_url):
    """opened(page) signs the principal in there and opens the tree of the customs profile."""

    def open_tree(page):
        session = client_of(principal).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": base_url}])
        page.goto(OPTIONS_URL)
        choose(page, CUSTOMS)
        return page

    return open_tree


@pytest.fixture
def tree(page, opened):
    return opened(page)


@pytest.fixture
def plain_tree(no_js_page, opened):
    return opened(no_js_page)


def choose(page, profile):
    follow(page.locator(".profile", has_text=profile))


def leaf(page, code):
    return page.locator(f"input[name=option][value='{code}']")


def mark_all(page, folder):
    return page.get_by_role("checkbox", name=f"Seleccionar todo en {folder}")


def is_indeterminate(box):
    return box.evaluate("box => box.indeterminate")


def search_box(page):
    return page.get_by_label("Buscar una opción")


def sent(page, button):
    """What the browser would send if this button were pressed now."""
    return page.evaluate(
        "button => [...new FormData(button.form, button)].filter(([name]) => name === 'option')"
        ".map(([, value]) => value)",
        page.get_by_role("button", name=button, exact=True).element_handle(),
    )


def shown(page):
    """All that the screen says of the marks and of the search."""
    return {
        "marked": page.locator("[name=option]:checked:visible").evaluate_all(
            "boxes => boxes.map(box => box.value)"
        ),
        "seen": page.locator(".option:visible label").all_inner_texts(),
        "counts": page.locator(".group-count:visible").all_inner_texts(),
        "total": page.locator("#seleccionadas").inner_text(),
        "list": page.locator("#selected-list").inner_text().split(),
        "roles": page.locator("#selected-roles").inner_text(),
        "status": page.locator("#search-status").inner_text(),
        "half-marked": page.locator(".group-box:visible").evaluate_all(
            "boxes => boxes.map(box => [box.id, box.checked, box.indeterminate])"
        ),
        "sent": sorted(sent(page, "Siguiente")),
    }


# With the script ----------------------------------------------------------------------------------


def test_seleccionar_todo_marks_and_unmarks_a_folder_and_the_folders_in_it(tree):
    mark_all(tree, "Despacho").check()
    for code in (NUMBERING, RECTIFYING, CHANNEL):
        expect(leaf(tree, code)).to_be_checked()
    expect(mark_all(tree, "Declaraciones")).to_be_checked()
    mark_all(tree, "Declaraciones").uncheck()
    assert sent(tree, "Siguiente") == [CHANNEL]
    mark_all(tree, "Despacho").check()
    mark_all(tree, "Despacho").uncheck()
    assert sent(tree, "Siguiente") == []


def test_a_folder_is_half_marked_when_some_of_its_options_are(tree):
    for_all, for_some = mark_all(tree, "Despacho"), mark_all(tree, "Declaraciones")
    leaf(tree, NUMBERING).check()
    assert is_indeterminate(for_all)
    assert is_indeterminate(for_some)
    leaf(tree, RECTIFYING).check()
    assert is_indeterminate(for_all)
    assert not is_indeterminate(for_some)
    expect(for_some).to_be_checked()
    leaf(tree, CHANNEL).check()
    assert not is_indeterminate(for_all)
    expect(for_all).to_be_checked()


def test_every_count_follows_the_marks(tree):
    leaf(tree, NUMBERING).check()
    counts = tree.locator(".option-tree .group-count")
    expect(counts).to_have_text(["1/3 seleccionadas", "1/2 seleccionadas"])
    profile = tree.get_by_role("button", name=CUSTOMS)
    expect(profile).to_contain_text("1/3")
    mark_all(tree, "Despacho").check()
    expect(counts).to_have_text(["3/3 seleccionadas", "2/2 seleccionadas"])
    expect(profile).to_contain_text("3/3")


def selected(page):
    return page.get_by_role("region", name="Seleccionadas")


def test_the_box_of_what_is_selected_keeps_step_and_is_announced(tree):
    box = selected(tree)
    expect(box).to_contain_text("Todavía no marcó ninguna.")
    leaf(tree, NUMBERING).check()
    expect(box.get_by_role("heading", level=2)).to_have_text("Seleccionadas (1)")
    expect(box.get_by_role("status")).to_have_text("1 seleccionada")
    expect(box.locator(".path")).to_have_text("Despacho › Declaraciones")
    expect(box.get_by_role("listitem")).to_contain_text("Numeración de la declaración")
    expect(box.get_by_text("1 requiere además un rol.")).to_be_visible()
    leaf(tree, NUMBERING).uncheck()
    expect(box.get_by_role("heading", level=2)).to_have_text("Seleccionadas (0)")
    expect(box.get_by_role("listitem")).to_have_count(0)
    expect(box.get_by_text("Todavía no marcó ninguna.")).to_be_visible()
    expect(box.get_by_text("además un rol")).to_be_hidden()


def test_what_is_selected_in_any_profile_is_removed_where_it_is_listed(tree):
    choose(tree, RECEIPTS)
    leaf(tree, SERVICE_2).check()
    choose(tree, CUSTOMS)
    leaf(tree, NUMBERING).check()
    leaf(tree, CHANNEL).check()
    listed = selected(tree).get_by_role("listitem")
    codes = listed.evaluate_all("items => items.map(item => item.dataset.code)")
    assert codes == [NUMBERING, CHANNEL, SERVICE_2]
    tree.get_by_role("button", name="Quitar Numeración de la declaración").click()
    expect(leaf(tree, NUMBERING)).not_to_be_checked()
    expect(tree.get_by_role("button", name="Quitar Consulta de canal")).to_be_focused()
    tree.get_by_role("button", name="Quitar Servicio Web").click()
    expect(tree.get_by_role("button", name=RECEIPTS)).to_contain_text("0/2")
    assert sent(tree, "Siguiente") == [CHANNEL]
    tree.keyboard.press("Enter")
    expect(tree.get_by_role("heading", name="Seleccionadas (0)")).to_be_focused()


def test_a_link_leads_past_the_tree(tree):
    leaf(tree, NUMBERING).check()
    tree.get_by_role("link", name="Ir a Siguiente").focus()
    tree.keyboard.press("Enter")
    expect(tree.get_by_role("button", name="Siguiente")).to_be_focused()


@pytest.mark.parametrize("scripts", [True, False])
def test_the_title_stays_in_sight_when_a_profile_is_opened(opened, page, no_js_page, scripts):
    tree = opened(page if scripts else no_js_page)
    expect(tree.get_by_role("heading", level=1)).to_be_in_viewport()
    tree.keyboard.press("Tab")
    expect(search_box(tree)).to_be_focused()


def test_on_a_phone_the_count_and_siguiente_stand_at_the_foot_of_the_window(tree):
    tree.set_viewport_size({"width": 360, "height": 640})
    bar = tree.locator(".tree-bar")
    leaf(tree, NUMBERING).check()
    expect(bar).to_contain_text("1 seleccionada Ver")
    box = bar.bounding_box()
    assert (box["y"] + box["height"], box["height"] <= 64) == (640, True)
    bar.get_by_role("link").click()
    expect(selected(tree).get_by_role("heading", level=2)).to_be_in_viewport()
    # Lower than this nothing stays, or it would hide what has the focus (WCAG 2.4.11).
    tree.set_viewport_size({"width": 360, "height": 479})
    assert bar.evaluate("bar => getComputedStyle(bar).position") == "static"


def test_what_is_selected_stays_in_sight_in_a_wide_window(tree):
    leaf(tree, NUMBERING).check()
    tree.set_viewport_size({"width": 1280, "height": 480})
    tree.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(tree.get_by_role("button", name="Siguiente")).to_be_in_viewport()
    aside = tree.locator(".tree-aside")
    assert aside.evaluate("aside => getComputedStyle(aside).position") == "sticky"
    tree.set_viewport_size({"width": 1280, "height": 479})
    assert aside.evaluate("aside => getComputedStyle(aside).position") == "static"


def test_codes_are_shown_when_they_are_asked_for(plain_tree):
    expect(plain_tree.get_by_text(NUMBERING, exact=True)).to_be_hidden()
    plain_tree.get_by_label("Mostrar códigos").check()
    expect(plain_tree.get_by_text(NUMBERING, exact=True)).to_be_visible()


def test_leaving_with_marks_that_are_not_saved_asks_first_and_without_any_does_not(tree):
    asked = []
    tree.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    home = tree.get_by_role("link", name="Inicio")
    leaf(tree, NUMBERING).check()
    home.click()
    expect(tree.get_by_role("heading", level=1)).to_have_text("Asignar Perfiles a JPEREZ01")
    leaf(tree, NUMBERING).uncheck()
    follow(home)
    assert asked == ["beforeunload"]


def test_search_narrows_the_tree_as_one_types_without_minding_accents(tree):
    expect(tree.locator(".option:visible")).to_have_count(3)
    search_box(tree).press_sequentially("RECTIFICACION electronica")
    expect(tree.locator(".option:visible")).to_have_count(1)
    expect(leaf(tree, RECTIFYING)).to_be_visible()
    expect(tree.locator("#search-status")).to_have_text(
        "Coincide 1 opción con “RECTIFICACION electronica”."
    )
    search_box(tree).fill("")
    expect(tree.locator(".option:visible")).to_have_count(3)
    expect(tree.locator("#search-status")).to_be_empty()


def test_an_option_is_found_by_its_code_and_by_its_folder(tree):
    search_box(tree).fill(CHANNEL)
    expect(tree.locator(".option:visible")).to_have_count(1)
    search_box(tree).fill("declaraciones")
    expect(tree.locator(".option:visible")).to_have_count(2)


def test_what_a_search_hides_stays_marked_and_is_told(tree):
    leaf(tree, NUMBERING).check()
    search_box(tree).fill("canal")
    expect(leaf(tree, NUMBERING)).to_be_hidden()
    expect(tree.locator("#search-status")).to_have_text(
        "Coincide 1 opción con “canal”. 1 seleccionada no se ve, pero sigue marcada."
    )


def test_seleccionar_todo_acts_on_what_the_search_shows_and_on_nothing_else(tree):
    leaf(tree, NUMBERING).check()
    search_box(tree).fill("canal")
    mark_all(tree, "Despacho").check()
    assert sent(tree, "Siguiente") == [NUMBERING, CHANNEL]
    mark_all(tree, "Despacho").uncheck()
    assert sent(tree, "Siguiente") == [NUMBERING]
    assert is_indeterminate(mark_all(tree, "Despacho"))


def test_only_options_are_sent_never_folders(tree):
    mark_all(tree, "Despacho").check()
    assert sent(tree, "Siguiente") == [NUMBERING, RECTIFYING, CHANNEL]
    names = tree.locator(".group-box").evaluate_all("boxes => boxes.map(box => box.name)")
    assert names == ["", ""]


@pytest.mark.parametrize("query", ["", "canal", "declaración", "aduaneros 90.1.2", "nada así"])
@pytest.mark.parametrize("marked", [[], [CHANNEL, NUMBERING]], ids=["none", "two"])
def test_the_script_shows_what_the_server_would(tree, query, marked):
    choose(tree, RECEIPTS)
    leaf(tree, SERVICE_1).check()
    choose(tree, CUSTOMS)
    for code in marked:
        leaf(tree, code).check()
    search_box(tree).fill(query)
    by_the_script = shown(tree)
    follow(tree.get_by_role("button", name="Buscar", exact=True))
    expect(search_box(tree)).to_have_value(query)
    assert shown(tree) == by_the_script


# Without it ---------------------------------------------------------------------------------------


def test_marcar_todo_and_quitar_todo_without_script(plain_tree):
    button = plain_tree.get_by_role("button", name="Marcar todo en Declaraciones")
    follow(button)
    assert sent(plain_tree, "Siguiente") == [NUMBERING, RECTIFYING]
    counts = plain_tree.locator(".option-tree .group-count")
    expect(counts).to_have_text(["2/3 seleccionadas", "2/2 seleccionadas"])
    expect(plain_tree.get_by_role("heading", name="Seleccionadas (2)")).to_be_visible()
    leaf(plain_tree, CHANNEL).check()
    follow(plain_tree.get_by_role("button", name="Quitar todo en Declaraciones"))
    assert sent(plain_tree, "Siguiente") == [CHANNEL]
    follow(plain_tree.get_by_role("button", name="Quitar todo en Despacho"))
    assert sent(plain_tree, "Siguiente") == []
    expect(plain_tree.get_by_text("Todavía no marcó ninguna.")).to_be_visible()


def test_buscar_without_script_keeps_what_it_hides(plain_tree):
    leaf(plain_tree, NUMBERING).check()
    search_box(plain_tree).fill("CANÁL")
    follow(plain_tree.get_by_role("button", name="Buscar", exact=True))
    assert plain_tree.locator(".option:visible").count() == 1
    expect(plain_tree.locator("#search-status")).to_have_text(
        "Coincide 1 opción con “CANÁL”. 1 seleccionada no se ve, pero sigue marcada."
    )
    leaf(plain_tree, CHANNEL).check()
    assert sent(plain_tree, "Siguiente") == [NUMBERING, CHANNEL]
    search_box(plain_tree).fill("")
    follow(plain_tree.get_by_role("button", name="Buscar", exact=True))
    expect(leaf(plain_tree, NUMBERING)).to_be_checked()
    expect(leaf(plain_tree, CHANNEL)).to_be_checked()


def test_marcar_todo_without_script_acts_on_what_the_search_shows(plain_tree):
    search_box(plain_tree).fill("canal")
    follow(plain_tree.get_by_role("button", name="Buscar", exact=True))
    follow(plain_tree.get_by_role("button", name="Marcar todo en Despacho"))
    assert sent(plain_tree, "Siguiente") == [CHANNEL]


def test_another_profile_and_back_keeps_the_marks_without_script(plain_tree):
    leaf(plain_tree, NUMBERING).check()
    choose(plain_tree, RECEIPTS)
    leaf(plain_tree, SERVICE_1).check()
    assert sorted(sent(plain_tree, "Siguiente")) == sorted([SERVICE_1, NUMBERING])
    choose(plain_tree, CUSTOMS)
    expect(leaf(plain_tree, NUMBERING)).to_be_checked()
    expect(plain_tree.get_by_role("button", name=RECEIPTS)).to_contain_text("1/2")
    expect(plain_tree.get_by_role("heading", name="Seleccionadas (2)")).to_be_visible()


def test_quitar_without_script(plain_tree):
    leaf(plain_tree, NUMBERING).check()
    choose(plain_tree, RECEIPTS)
    follow(plain_tree.get_by_role("button", name="Quitar Numeración de la declaración"))
    assert sent(plain_tree, "Siguiente") == []
    expect(plain_tree.get_by_role("heading", name="Seleccionadas (0)")).to_be_visible()


def test_what_the_user_has_comes_marked_with_and_without_script(
    page, no_js_page, opened, principal, secondary
):
    codes = [RECTIFYING, SERVICE_1]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    for one in (opened(page), opened(no_js_page)):
        assert sorted(sent(one, "Siguiente")) == sorted(codes)
        expect(one.get_by_role("heading", name="Seleccionadas (2)")).to_be_visible()
