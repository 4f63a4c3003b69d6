"""The first exercise in Chromium: failed once on purpose, then passed, by what the pages say."""

import pytest
from comunidad_pages import CreateUser, SignIn
from playwright.sync_api import expect

from profiles.actions.exercises import load_exercises
from profiles.catalog.loading import load_catalog
from profiles.catalog.reading import CATALOG_FILE
from profiles.catalog.reading import read as read_catalog
from profiles.exercises import reading
from tests.browser.browsing import follow, has_title, press
from tests.browser.conftest import WIDTHS
from tests.conftest import PASSWORD
from users.actions import practice
from users.history.recording import Actor


@pytest.fixture
def company(staff) -> practice.PracticeCompany:
    load_catalog(read_catalog(CATALOG_FILE.read_text(encoding="utf-8")), actor=Actor.server())
    with reading.EXERCISES_FILE.open("rb") as file:
        load_exercises(actor=Actor.server(), file=file)
    return practice.create(actor=Actor.server(), operator_types=["AGENTE_ADUANA"])


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_exercise_is_failed_once_and_passed_by_the_screens(company, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    SignIn(page).open().sign_in(company.operator.ruc, "TITULAR1", company.password)
    follow(page.get_by_role("link", name="Práctica 1: El primer usuario"))
    press(page, "Empezar")
    follow(page.locator("main").get_by_role("button", name="Comprobar"))
    expect(page.get_by_role("status").first).to_contain_text("Todavía no. Cumplido:")
    step = (
        CreateUser(page)
        .open()
        .fill(
            username="RQUISPE1",
            document_type="1",
            document_number="90000101",
            first_name="Rosa",
            last_name="Quispe Mamani",
            password=PASSWORD,
        )
    )
    step = step.submit().assign_profiles()
    # The bar holds the brief beside the work, and takes no place from it.
    bar = page.get_by_role("complementary", name="Práctica en curso")
    expect(bar).to_contain_text("Práctica 1 de 9")
    bar.locator("summary").click()
    expect(bar.get_by_text("Rosa Quispe Mamani, con DNI 90000101")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    bottom = page.evaluate("document.querySelector('.exercise-bar').getBoundingClientRect().bottom")
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().top") >= bottom
    step.choose("Mis Trámites Aduaneros").check("90.8.1.1.4")
    step.choose("Comprobantes de pago").check("62.1.5.1.1").summarise().save()
    page.goto("/usuarios/RQUISPE1/roles/?marcar=minimos")
    press(page, "Asignar")
    follow(bar.get_by_role("button", name="Comprobar"))
    expect(page.get_by_role("status").first).to_contain_text("Lograda: 10 de 10 puntos.")
    has_title(page, "El primer usuario")
    expect(bar).to_have_count(0)
    # Back shows pages that were asked for, never the one that sends a form again.
    page.go_back()
    page.go_forward()
    has_title(page, "El primer usuario")
    follow(page.get_by_role("link", name="Constancia"))
    has_title(page, "Constancia de práctica")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_pages_of_an_exercise_have_no_barrier_in_any_state(company, page, width, is_accessible):
    page.set_viewport_size({"width": width, "height": 800})
    SignIn(page).open().sign_in(company.operator.ruc, "TITULAR1", company.password)
    page.goto("/practicas/")
    is_accessible(page)
    page.goto("/practicas/menu-vacio/")
    press(page, "Empezar")
    follow(page.locator("main").get_by_role("button", name="Comprobar"))
    is_accessible(page)
    page.goto("/usuarios/")
    page.locator(".exercise-bar summary").click()
    is_accessible(page)


def test_an_exercise_is_started_and_checked_without_scripts(company, no_js_page):
    page = no_js_page
    SignIn(page).open().sign_in(company.operator.ruc, "TITULAR1", company.password)
    page.goto("/practicas/deja-la-empresa/")
    press(page, "Empezar")
    page.goto("/usuarios/PROJAS01/estado/")
    press(page, "Suspender")
    page.locator(".exercise-bar summary").click()
    expect(page.get_by_text("Quizá vuelva en unos meses")).to_be_visible()
    follow(page.locator(".exercise-bar").get_by_role("button", name="Comprobar"))
    expect(page.get_by_role("status").first).to_contain_text("Lograda: 10 de 10 puntos.")
