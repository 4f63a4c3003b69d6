"""Going from page to page: a step ends when the next page has loaded, not when the old one was left.

A click returns as soon as it is delivered. Whatever is read after it without waiting is read from
the page before, or from one that has no content yet.
"""

from comunidad_pages import SignIn
from playwright.sync_api import expect

from tests.conftest import PASSWORD, RUC

LEAF = "90.1.1.1.1"
DESPACHO = "NSIGAD.AGENTEADUANA.DESPACHO"
CONSULTA = "NSIGAD.AGENTEADUANA.CONSULTA"
WIZARD = "/usuarios/nuevo/JPEREZ01"
LATER = "/usuarios/JPEREZ01"


def follow(target):
    """Click a link, or a button that sends its form, and wait for the page it leads to."""
    with target.page.expect_navigation():
        target.click()


def enter(page):
    """Press Enter where it leads to another page, and wait for that page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def choose(page, profile="Mis Trámites Aduaneros"):
    follow(page.locator(".profile", has_text=profile))


def sign_in(page, username="JPEREZ01", password=PASSWORD):
    SignIn(page).sign_in(RUC, username, password)


def press(page, name):
    follow(page.get_by_role("button", name=name, exact=True))


def has_title(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def sign_out(page):
    page.locator(".site-menu > summary").click()
    press(page, "Salir")
