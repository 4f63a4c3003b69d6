"""Ingreso, the second factor and one's own sessions: accessible in each of their states."""

import pyotp
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.browsing import LATER, choose, follow, has_title, press, sign_in
from tests.conftest import PASSWORD, Telephone, fail_to_sign_in
from users.models import Session, User

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
    sign_in(page, "TITULAR1", f"{PASSWORD}x")
    expect(page.get_by_role("alert")).to_contain_text("RUC, usuario o clave incorrectos.")
    is_accessible(page)


def test_ingreso_after_the_session_ended(desk, secondary, is_accessible):
    desk.goto(f"{LATER}/perfiles/")
    Session.objects.all().delete()
    choose(desk)
    expect(desk.get_by_role("status")).to_contain_text(
        "Su sesión terminó: pasaron 20 minutos sin usarla, o se cerró desde otro lugar."
    )
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
    follow(desk.get_by_role("link", name="Desbloquear").first)
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
    sign_in(page, "TITULAR1")
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
