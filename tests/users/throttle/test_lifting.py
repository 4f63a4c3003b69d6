"""Who sees and lifts a lock, and what pages and log tell of failed sign-ins."""

import logging
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from portal.logs import JsonFormatter
from tests.conftest import PASSWORD, RUC, acting, fail_to_sign_in, soup
from tests.users.throttle.conftest import (
    GUESS,
    STAFF_PASSWORD,
    URL,
    WRONG,
    said,
    sign_in,
    staff_sign_in,
)
from users.actions import passwords, signing_in
from users.models import AuditEntry, FailureCount, User
from users.signin import throttle

# Locks: seen and lifted --------------------------------------------------------------------


def test_the_principal_sees_the_lock_and_lifts_it(client, client_of, principal, secondary, clock):
    fail_to_sign_in(secondary)
    desk = client_of(principal)
    state = soup(desk.get("/usuarios/")).select_one(".state-locked")
    assert state.get_text(strip=True) == "Bloqueado"
    page = soup(desk.get("/usuarios/JPEREZ01/"))
    until = timezone.localtime(clock.now + timedelta(minutes=1)).strftime("%H:%M")
    facts = {term.text: term.find_next("dd").text for term in page.select("dt")}
    assert facts["Intentos fallidos desde su último ingreso"] == f"5 · bloqueado hasta las {until}"
    cure = page.select_one("[data-reason=locked] a")
    assert (cure.text, cure["href"]) == ("Desbloquear", "/usuarios/JPEREZ01/bloqueo/")
    assert until in soup(desk.get(cure["href"])).text
    response = desk.post(cure["href"], {"subject": secondary.pk}, follow=True)
    assert "Se desbloqueó a JPEREZ01. Ya puede ingresar." in soup(response).text
    entry = AuditEntry.objects.get(action="user.unlocked")
    assert (entry.actor, entry.subject) == (principal, secondary)
    assert sign_in(client, PASSWORD).status_code == 302


def test_unlocking_an_unlocked_account_records_nothing(client_of, principal, secondary, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    desk = client_of(principal)
    assert "JPEREZ01 no está bloqueado." in soup(desk.get("/usuarios/JPEREZ01/bloqueo/")).text
    response = desk.post("/usuarios/JPEREZ01/bloqueo/", follow=True)
    assert "JPEREZ01 ya no estaba bloqueado." in soup(response).text
    assert not AuditEntry.objects.filter(action="user.unlocked").exists()
    assert "unlocked" not in [record.getMessage() for record in caplog.records]


def test_unlocking_covers_known_browsers_and_the_ruc(
    client, principal, secondary, known_browser, clock
):
    for _ in range(10):
        sign_in(known_browser)
    for number in range(45):
        sign_in(client, username=f"NADIE{number:03}", REMOTE_ADDR=f"192.0.2.{number}")
    assert said(sign_in(known_browser, PASSWORD)).startswith("Por seguridad")
    assert said(sign_in(client, username="NADIE000")).startswith("Por seguridad")
    assert signing_in.unlock_user(actor=acting(principal), user=secondary)
    assert not FailureCount.objects.filter(key__startswith="device:").exists()
    assert sign_in(known_browser, PASSWORD).status_code == 302
    assert said(sign_in(client, username="NADIE000")) == WRONG


def test_resetting_the_password_unlocks_the_account(client, principal, secondary):
    fail_to_sign_in(secondary)
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    assert sign_in(client, "Temporal1").status_code == 302


def test_a_superuser_unlocks_principals_and_other_staff(client, principal, staff):
    other = User.objects.create_superuser("otra", password=STAFF_PASSWORD)
    clerk = User.objects.create_user("clerk", is_staff=True)
    for user in (principal, other):
        fail_to_sign_in(user)
    # Else it could guess at the password of a superuser without end.
    with pytest.raises(PermissionDenied):
        signing_in.unlock_user(actor=acting(clerk), user=other)
    for user in (principal, other):
        assert signing_in.unlock_user(actor=acting(staff), user=user)
    assert sign_in(client, PASSWORD, username="TITULAR1").status_code == 302
    assert staff_sign_in(Client(), STAFF_PASSWORD, username="otra").status_code == 302


def test_staff_unlocks_accounts_in_the_administration(client_of, principal, staff, clock):
    other = User.objects.create_superuser("otra", password=STAFF_PASSWORD)
    for user in (principal, other):
        fail_to_sign_in(user)
    desk = client_of(staff)
    until = timezone.localtime(clock.now + timedelta(minutes=1))
    for user in (principal, other):
        page = soup(desk.get(f"/admin/users/user/{user.pk}/change/"))
        assert f"{until:%H:%M}" in page.select_one(".field-locked_until").text
    response = desk.post(
        "/admin/users/user/",
        {"action": "unlock", "_selected_action": [principal.pk, other.pk, staff.pk]},
        follow=True,
    )
    told = soup(response).select_one(".messagelist").text
    assert "Se ha desbloqueado a 2 usuarios." in told
    assert "Sin cambios: 1. Solo se desbloquea a quien está bloqueado" in told
    assert throttle.locks_of([principal, other]) == {}
    unlocked = AuditEntry.objects.filter(action="user.unlocked")
    assert {entry.subject for entry in unlocked} == {principal, other}


def test_a_lock_does_not_end_open_sessions(client_of, secondary):
    inside = client_of(secondary)
    fail_to_sign_in(secondary)
    assert inside.get("/").status_code == 200


# Messages and log ----------------------------------------------------------------------


def notices(response) -> list[str]:
    return [notice.get_text(strip=True) for notice in soup(response).select(".notice")]


@pytest.mark.parametrize(
    ("failures", "sentence"),
    [
        (0, ""),
        (1, " Desde entonces hubo 1 intento fallido."),
        (7, " Desde entonces hubo 7 intentos fallidos."),
    ],
)
def test_sign_in_reports_the_previous_sign_in_and_its_failures_once(
    client, secondary, clock, failures, sentence
):
    assert notices(sign_in(client, PASSWORD, follow=True)) == []
    at = timezone.localtime(clock.now)
    client.post("/salir/")
    for _ in range(failures):
        clock.advance(minutes=20)
        fail_to_sign_in(secondary, 1)
    clock.advance(minutes=20)
    (notice,) = notices(sign_in(client, PASSWORD, follow=True))
    assert notice.startswith("Su último ingreso: ")
    assert f"{at:%H:%M}." in notice
    assert notice.endswith(f".{sentence}") if sentence else "intento" not in notice
    assert notices(client.get("/")) == []
    secondary.refresh_from_db()
    assert secondary.failed_sign_ins == 0


def test_messages_of_a_session_do_not_outlive_it(client, secondary):
    sign_in(client, PASSWORD)
    sign_in(client, PASSWORD)
    client.post("/salir/")
    assert notices(client.get(URL)) == [f"Ha salido de {secondary.operator.name}."]


def test_sign_in_of_staff_reports_the_previous_sign_in(client, staff):
    staff_sign_in(client, STAFF_PASSWORD)
    fail_to_sign_in(staff, 2)
    response = staff_sign_in(client, STAFF_PASSWORD, follow=True)
    message = soup(response).select_one(".messagelist").text
    assert "Su último ingreso: " in message
    assert "Desde entonces hubo 2 intentos fallidos." in message


def test_each_attempt_logs_one_event_without_a_password(client, secondary, caplog, clock):
    caplog.set_level(logging.INFO, logger="users.security")
    sign_in(client)
    sign_in(client, username="NADIE001")
    sign_in(client, PASSWORD)
    fail_to_sign_in(secondary)
    sign_in(Client(), PASSWORD)
    throttle.lift(secondary)
    lines = [record for record in caplog.records if record.name == "users.security"]
    assert [line.getMessage() for line in lines] == [
        "sign_in_failed",
        "sign_in_failed",
        "sign_in_ok",
        *["sign_in_failed"] * 5,
        "sign_in_locked",
        "unlocked",
    ]
    known = {"ruc": RUC, "username": "JPEREZ01", "address": "127.0.0.1"}
    assert lines[0].facts == known
    # An unknown name may be a password typed into the wrong field.
    assert lines[1].facts == {"address": "127.0.0.1"}
    said = "".join(JsonFormatter().format(line) for line in lines)
    assert not any(word in said for word in (PASSWORD, GUESS, "NADIE001"))


def test_typed_text_cannot_start_a_second_log_line(client, secondary, caplog):
    for username in ("A\r\nsign_in_ok {}", "A\u2028B", "\x00", "A\x1b[2J"):
        staff_sign_in(client, username=username)
        sign_in(client, username=username)
    for record in caplog.records:
        if record.name == "users.security":
            assert JsonFormatter().format(record).isprintable()


def test_a_failed_sign_in_makes_no_history_entry(client, secondary):
    before = AuditEntry.objects.count()
    for _ in range(7):
        sign_in(client)
    assert AuditEntry.objects.count() == before
