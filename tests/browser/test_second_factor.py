"""A second factor from being turned on to being needed, in a real browser, at both doors."""

import pyotp
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.browsing import follow, sign_in, sign_out
from tests.conftest import PASSWORD

STAFF_PASSWORD = "una-clave-larga-de-personal"


def press(page, name):
    follow(page.get_by_role("button", name=name, exact=True))


def has_title(page, title):
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


def turn_on(page, clave) -> tuple[pyotp.TOTP, list[str]]:
    """Return the app with the secret of the page typed in, and the recovery codes."""
    totp = pyotp.TOTP(page.locator("#secret").inner_text().replace(" ", ""))
    page.get_by_label("Código", exact=True).fill(totp.now())
    page.get_by_label("Su clave", exact=True).fill(clave)
    press(page, "Activar")
    has_title(page, "Sus códigos de recuperación")
    return totp, page.locator(".recovery-codes li").all_inner_texts()


def next_code(totp) -> str:
    """The one that turned it on is used up; the next one is taken already."""
    return totp.generate_otp(totp.timecode(timezone.now()) + 1)


def give_code(page, code):
    page.get_by_label("Código", exact=True).fill(code)
    press(page, "Ingresar")


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no javascript"])
def test_a_principal_turns_it_on_and_enters_with_it(new_context, principal, javascript):
    page = new_context(java_script_enabled=javascript).new_page()

    def give_clave():
        page.goto("/ingresar/?next=/usuarios/")
        sign_in(page, "TITULAR1")

    give_clave()
    page.locator(".site-menu > summary").click()
    follow(page.get_by_role("link", name="Mi clave"))
    follow(page.get_by_role("link", name="Activar el segundo factor"))
    totp, recovery_codes = turn_on(page, PASSWORD)
    follow(page.get_by_role("link", name="Ya los guardé"))
    sign_out(page)

    give_clave()
    has_title(page, "Código de ingreso")
    give_code(page, next_code(totp))
    has_title(page, "Administración Usuario")
    sign_out(page)

    give_clave()
    page.get_by_text("No tengo mi teléfono").click()
    page.get_by_label("Código de recuperación").fill(recovery_codes[0].lower())
    press(page, "Ingresar")
    has_title(page, "Administración Usuario")
    expect(page.get_by_text("le quedan 9")).to_be_visible()


def test_the_recovery_codes_are_downloaded(page_of, principal):
    page = page_of(principal)
    page.goto("/clave/segundo-factor/")
    _, recovery_codes = turn_on(page, PASSWORD)
    with page.expect_download() as download:
        page.get_by_role("link", name="Descargar").click()
    assert download.value.suggested_filename == "codigos-de-recuperacion-TITULAR1.txt"
    assert download.value.path().read_text().split() == recovery_codes


def test_staff_is_led_to_turn_it_on_and_enters_the_administration_with_it(
    new_context, staff, settings
):
    settings.STAFF_SECOND_FACTOR_REQUIRED = True
    page = new_context().new_page()

    def give_clave():
        page.goto("/admin/")
        page.locator("#id_username").fill("admin")
        page.locator("#id_password").fill(STAFF_PASSWORD)
        press(page, "Iniciar sesión")

    give_clave()
    has_title(page, "Activar el segundo factor")
    totp, _ = turn_on(page, STAFF_PASSWORD)
    follow(page.get_by_role("link", name="Ya los guardé"))
    has_title(page, "¿Qué necesita hacer?")
    page.context.clear_cookies()
    give_clave()
    give_code(page, "000000")
    expect(page.get_by_role("alert")).to_contain_text("Espere el siguiente")
    give_code(page, next_code(totp))
    has_title(page, "¿Qué necesita hacer?")
    expect(page.locator("#user-tools")).to_contain_text("Segundo factor")
