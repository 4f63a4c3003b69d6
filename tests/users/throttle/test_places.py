"""Guesses in a known browser, on the sign-in page of staff and on other pages with a password."""

import logging

import pytest
from django.test import Client

from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting, fail_to_sign_in, field_errors, soup
from tests.users.throttle.conftest import (
    GUESS,
    LOCKED,
    STAFF_PASSWORD,
    WRONG,
    said,
    sign_in,
    staff_said,
    staff_sign_in,
)
from users.actions import passwords
from users.models import User

# A known browser ---------------------------------------------------------------


def test_strangers_cannot_lock_an_account_in_its_known_browser(
    client, secondary, known_browser, clock
):
    fail_to_sign_in(secondary)
    for number in range(50):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    for number in range(25):
        sign_in(client, ruc=OTHER_RUC, username=f"NADIE{number:03}")
    assert said(sign_in(client, PASSWORD)).startswith("Por seguridad")
    assert sign_in(known_browser, PASSWORD).status_code == 302


def test_a_known_browser_has_five_more_guesses(secondary, known_browser, clock):
    answers = [said(sign_in(known_browser)) for _ in range(12)]
    assert answers == [WRONG] * 10 + [LOCKED.format("1 minuto")] * 2


def test_guesses_in_a_known_browser_do_not_lock_the_account_elsewhere(client, known_browser):
    for _ in range(5):
        sign_in(known_browser)
    assert sign_in(client, PASSWORD).status_code == 302


def test_a_new_secret_key_forgets_locks_and_known_browsers(
    client, secondary, known_browser, settings, clock
):
    """As docs/operacion.md says of its rotation."""
    fail_to_sign_in(secondary)
    assert said(sign_in(client)).startswith("Por seguridad")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "k" * 50
    assert said(sign_in(client)) == WRONG
    fail_to_sign_in(secondary, settings.SIGN_IN_FAILURES - 1)
    assert said(sign_in(known_browser, PASSWORD)).startswith("Por seguridad")


def test_a_browser_is_known_only_for_the_accounts_that_used_it(
    secondary, make_secondary, known_browser
):
    colleague = make_secondary("COLEGA01", 90000050)
    fail_to_sign_in(colleague)
    assert said(sign_in(known_browser, PASSWORD, username="COLEGA01")).startswith("Por seguridad")


def test_a_browser_is_known_for_the_last_eight_accounts(secondary, make_secondary, known_browser):
    others = [make_secondary(f"COLEGA{number:02}", 90000050 + number) for number in range(8)]
    for user in others[:7]:
        sign_in(known_browser, PASSWORD, username=user.username)
    fail_to_sign_in(secondary)
    assert sign_in(known_browser, PASSWORD).status_code == 302
    sign_in(known_browser, PASSWORD, username=others[7].username)
    fail_to_sign_in(others[0])
    refused = sign_in(known_browser, PASSWORD, username=others[0].username)
    assert said(refused).startswith("Por seguridad")


def test_a_new_password_makes_every_browser_unknown(principal, secondary, known_browser):
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    fail_to_sign_in(secondary)
    assert said(sign_in(known_browser, "Temporal1")).startswith("Por seguridad")


def test_the_browser_of_a_password_change_stays_known(secondary, known_browser):
    sign_in(known_browser, PASSWORD)
    known_browser.post(
        "/clave/",
        {"current_password": PASSWORD, "password1": "Distinta2027", "password2": "Distinta2027"},
    )
    known_browser.post("/salir/")
    fail_to_sign_in(secondary)
    assert sign_in(known_browser, "Distinta2027").status_code == 302


def test_the_cookie_is_http_only_and_does_not_name_the_account(client, secondary):
    cookie = sign_in(client, PASSWORD).cookies["device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 180 * 24 * 60 * 60
    assert not any(word in cookie.value for word in (RUC, "JPEREZ01", secondary.password))


def test_a_forged_device_cookie_is_ignored(client, secondary, clock):
    fail_to_sign_in(secondary)
    for value in ("", ".", "a.b", "x" * 4000, ".".join("abcdefghijkl"), "ñ.ñ"):
        client.cookies["device"] = value
        assert said(sign_in(client, PASSWORD)).startswith("Por seguridad"), value


# The sign-in page of staff -------------------------------------------------------------------------------------


STAFF_LOCKED = (
    "Por seguridad, el acceso está bloqueado. Intente de nuevo en 1 minuto "
    "o pida a otro miembro del personal que lo desbloquee."
)


@pytest.mark.parametrize("username", ["admin", "ADMIN", "nadie"])
def test_staff_sign_in_locks_alike_with_its_own_sentence(client, staff, clock, username):
    for _ in range(5):
        assert "bloqueado" not in staff_said(staff_sign_in(client, username=username))
    assert staff_said(staff_sign_in(client, STAFF_PASSWORD, username=username)) == STAFF_LOCKED
    clock.advance(minutes=1)
    assert staff_sign_in(client, STAFF_PASSWORD).status_code == 302


def test_staff_and_a_user_of_the_same_name_have_separate_counters(client, staff, secondary):
    User.objects.create_superuser("JPEREZ01", password=STAFF_PASSWORD)
    fail_to_sign_in(secondary)
    response = staff_sign_in(client, STAFF_PASSWORD, username="JPEREZ01")
    assert response.status_code == 302


def test_both_sign_in_pages_share_the_counter_of_an_address(client, staff, operator, clock):
    for number in range(25):
        staff_sign_in(client, username=f"nadie{number}")
    assert said(sign_in(client)).startswith("Por seguridad")


def test_strangers_cannot_lock_staff_in_a_known_browser(client, staff):
    staff_sign_in(client, STAFF_PASSWORD)
    client.post("/admin/logout/")
    fail_to_sign_in(staff)
    assert staff_said(staff_sign_in(Client(), STAFF_PASSWORD)) == STAFF_LOCKED
    assert staff_sign_in(client, STAFF_PASSWORD).status_code == 302


# Pages that ask for the current password ----------------------------------------------------------------


def test_guesses_of_the_current_password_are_limited_to_five(client_of, secondary, clock, compared):
    inside = client_of(secondary)
    form = {"password1": "Distinta2027", "password2": "Distinta2027"}
    compared.clear()
    for _ in range(5):
        response = inside.post("/clave/", {**form, "current_password": GUESS})
        assert field_errors(response) == {"current_password": "La clave actual no es correcta"}
    response = inside.post("/clave/", {**form, "current_password": PASSWORD})
    assert field_errors(response) == {"current_password": LOCKED.format("1 minuto")}
    assert len(compared) == 5
    assert inside.get("/").status_code == 200
    clock.advance(minutes=1)
    assert inside.post("/clave/", {**form, "current_password": PASSWORD}).status_code == 302


def test_a_right_current_password_is_not_counted_as_a_failed_sign_in(client_of, secondary, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    inside = client_of(secondary)
    form = {"current_password": PASSWORD, "password1": "corta", "password2": "corta"}
    assert set(field_errors(inside.post("/clave/", form))) == {"password1"}
    secondary.refresh_from_db()
    assert secondary.failed_sign_ins == 0
    assert "own_password_ok" in [record.getMessage() for record in caplog.records]


def test_guesses_of_the_current_password_of_staff_are_limited(client_of, staff, clock):
    inside = client_of(staff)
    form = {"new_password1": "otra-clave-muy-larga", "new_password2": "otra-clave-muy-larga"}
    for _ in range(5):
        inside.post("/admin/password_change/", {**form, "old_password": "otra"})
    response = inside.post("/admin/password_change/", {**form, "old_password": STAFF_PASSWORD})
    assert STAFF_LOCKED in soup(response).text
    clock.advance(minutes=1)
    response = inside.post("/admin/password_change/", {**form, "old_password": STAFF_PASSWORD})
    assert response.url == "/admin/password_change/done/"
    staff.refresh_from_db()
    assert staff.check_password("otra-clave-muy-larga")
