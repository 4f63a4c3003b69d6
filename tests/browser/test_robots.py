"""Robots of the real portal, imitated: their requests and checks, in their order (docs/testers.md)."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.browsing import LEAF
from tests.conftest import PASSWORD, RUC

SIGN_IN = "/v1/clientessol/4f3b88b3-d9d6-402a-b85d-6a0bc857746a/oauth2/loginMenuSol"
MENU = "/cl-ti-itmenu/MenuInternet.htm"
WAYS = {"driver": lambda row: row.click(), "script": lambda row: row.evaluate("row => row.click()")}


@pytest.fixture
def granted(grant):
    grant([LEAF, "11.9.1.1.1"])


def sol_login(page, password: str) -> str:
    """Sign in and look for an error as sol-login 3.1 does; return the error, or ""."""
    for name in ("button#btnPorRuc", "button#btnAceptar"):
        page.wait_for_selector(name, state="visible")
    page.click("button#btnPorRuc")
    assert page.evaluate("document.activeElement.id") == "txtRuc"
    for name, text in {"txtRuc": RUC, "txtUsuario": "JPEREZ01", "txtContrasena": password}.items():
        field = page.wait_for_selector(f"input#{name}", state="visible")
        field.focus()
        field.type(text)
    with page.expect_navigation():
        page.evaluate("document.querySelector('button#btnAceptar').click()")
    page.wait_for_function("document.readyState === 'complete'")
    if "/oauth2/loginMenuSol" in page.url:
        return page.text_content("span#spanMensajeError")
    return page.text_content("div#divErrorRUC") if "/oauth2/error" in page.url else ""


@pytest.mark.parametrize("start", [SIGN_IN, MENU])
def test_sol_login_signs_in_and_knows_a_wrong_clave(start, page, granted):
    page.goto(start)
    assert sol_login(page, "Otra20260") == "RUC, usuario o clave incorrectos."
    page.goto(start)
    assert sol_login(page, PASSWORD) == ""
    page.goto(MENU)
    expect(page.locator("#divOpcionServicio3")).to_be_visible()


@pytest.mark.parametrize("way", WAYS)
def test_a_customs_robot_walks_the_menu_by_its_identifiers(way, page_of, secondary, granted):
    """As those in Selenium: the driver clicks an element in the middle, or a script clicks it."""
    page = page_of(secondary)
    page.goto(MENU)
    levels = ("nivel2_90_1", "nivel3_90_1_1", "nivel4_90_1_1_1_1")
    for identifier in ("divOpcionServicio3", *levels):
        row = page.locator(f"xpath=//*[@id='{identifier}']")
        expect(row).to_be_visible()
        WAYS[way](row)
    frame = page.frame_locator("#iframeApplication")
    expect(frame.get_by_role("heading", level=1)).to_have_text("Numeración de la declaración")
    # The same row again opens the option anew.
    page.locator(f"#{levels[-1]}").evaluate("row => row.click()")
    expect(frame.get_by_role("heading", level=1)).to_be_visible()


def test_a_customs_robot_walks_the_menu_by_its_names(page_of, secondary, granted):
    """As those in Playwright: what is visible by its exact name, whatever its case."""
    page = page_of(secondary)
    page.goto(MENU)
    for name in ("operaciones de comercio exterior", "despacho", "declaraciones"):
        row = page.locator("span.spanNivelDescripcion:visible", has_text=exactly(name))
        row.first.click()
    page.locator(
        "span.spanNivelDescripcion:visible", has_text=exactly("Numeración de la declaración")
    ).click()
    expect(page.frame_locator("#iframeApplication").locator("h1")).to_be_visible()


def exactly(name: str) -> re.Pattern:
    return re.compile(rf"^\s*{re.escape(name)}\s*$", re.IGNORECASE)


def test_a_tax_robot_finds_its_level_by_the_text_of_its_row(page_of, secondary, granted):
    """As those that read ``li.text``: a folder that is closed says its own name only."""
    page = page_of(secondary)
    page.goto(MENU)
    page.locator("#divOpcionServicio2").click()
    page.get_by_text("Comprobantes de pago").click()
    assert page.locator("li.nivel2").first.inner_text().strip() == "Envío de documentos"


def test_the_menu_is_walked_by_keyboard(page_of, secondary, granted):
    page = page_of(secondary)
    page.goto(MENU)
    page.locator("#divOpcionServicio3 > details > summary").focus()
    for _ in range(3):
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Numeración de la declaración"
    page.keyboard.press("Enter")
    frame = page.frame_locator("#iframeApplication")
    expect(frame.locator("h1")).to_be_visible()
    expect(page.locator("#iframeApplication")).to_have_attribute("title", re.compile("Numeración"))


def test_the_menu_and_its_option_open_without_scripts(no_js_page, secondary, granted):
    page = no_js_page
    page.goto(MENU)
    page.fill("#txtRuc", RUC)
    page.fill("#txtUsuario", "JPEREZ01")
    page.fill("#txtContrasena", PASSWORD)
    page.click("#btnPorRuc")
    page.click("#btnAceptar")
    for identifier in ("divOpcionServicio3", "nivel2_90_1", "nivel3_90_1_1", "nivel4_90_1_1_1_1"):
        page.locator(f"#{identifier}").click()
    expect(page.frame_locator("#iframeApplication").locator("h1")).to_be_visible()


def test_the_pages_of_the_doors_are_accessible(
    page_of, page, secondary, granted, is_accessible, shot
):
    page.goto(SIGN_IN)
    is_accessible(page)
    page.goto(SIGN_IN.replace("loginMenuSol", "error"))
    is_accessible(page)
    shot(page, "robots-error")
    menu = page_of(secondary)
    menu.goto(MENU)
    is_accessible(menu)
    for identifier in ("divOpcionServicio3", "nivel2_90_1", "nivel3_90_1_1", "nivel4_90_1_1_1_1"):
        menu.locator(f"#{identifier}").click()
    expect(menu.frame_locator("#iframeApplication").locator("h1")).to_be_visible()
    is_accessible(menu)
    shot(menu, "robots-menu")
