"""The home, an option, the administration and every failure: accessible in each of their states."""

from django.http import HttpResponse
from playwright.sync_api import expect

from tests.browser.browsing import DESPACHO, LEAF, follow, has_title, press

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
    expect(desk.get_by_role("region", name="Para terminar (2)").locator("li")).to_have_count(2)
    is_accessible(desk)
    desk.get_by_role("link", name="Ver todo el menú").click()
    expect(desk.locator(".menu-columns a")).to_have_count(5)
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


def test_home_with_a_search_of_the_menu(own, grant, is_accessible):
    grant([LEAF, "90.1.2.1.1"])
    for query, found in (("canal", 1), ("nada así", 0)):
        own.goto("/")
        own.get_by_label("Busque una opción del menú").fill(query)
        press(own, "Buscar")
        expect(own.locator(".menu-columns a")).to_have_count(found)
        expect(own.get_by_role("status")).to_be_visible()
        is_accessible(own)


# The page of an option ----------------------------------------------------------------------------


def test_option_page(own, grant, is_accessible):
    for options, roles, reasons in (([LEAF], [DESPACHO], 0), ([LEAF], [], 1), ([], [], 2)):
        grant(options, roles)
        own.goto(f"/opciones/{LEAF}/")
        expect(own.locator("[data-reason]")).to_have_count(reasons)
        is_accessible(own)


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
    for token, title in {
        "": "Su navegador no envió la cookie del portal",
        "c" * 32: "La página estuvo abierta mucho tiempo. Vuelva a enviar.",
    }.items():
        page.goto("/ingresar/")
        page.context.clear_cookies()
        if token:
            page.context.add_cookies([{"name": "csrftoken", "value": token, "url": page.url}])
        with page.expect_navigation() as answer:
            page.get_by_role("button", name="Ingresar", exact=True).click()
        assert answer.value.status == 403
        has_title(page, title)
        is_accessible(page)


# When something goes wrong --------------------------------------------------------------------------


def test_an_answer_that_only_says_no(desk, is_accessible, monkeypatch):
    for status in (413, 429, 503):
        monkeypatch.setattr(
            "portal.views.HomeView.get", lambda *args, status=status: HttpResponse(status=status)
        )
        assert desk.goto("/").status == status
        is_accessible(desk)


def test_a_failure(desk, is_accessible, monkeypatch):
    def fail(*args):
        raise RuntimeError

    monkeypatch.setattr("portal.views.HomeView.get", fail)
    assert desk.goto("/").status == 500
    is_accessible(desk)
