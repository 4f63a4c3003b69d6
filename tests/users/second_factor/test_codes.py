"""The codes of a second factor: each is accepted once, and guesses are counted."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pyotp
import pytest
from django.db import connection
from django.test import Client

from tests.conftest import Telephone, acting, field_errors, soup
from tests.users.second_factor.conftest import SigningIn
from users.actions import signing_in
from users.models import AuditEntry, FailureCount, RecoveryCode
from users.signin import second_factor

# Each code once -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_code_of_the_step_before_or_after_is_accepted(
    client, account, telephone, clock, steps, right
):
    clock.advance(minutes=5)
    account.enter(client, telephone.code(steps=steps))
    assert account.is_inside(client) == right


def test_a_code_is_accepted_once_and_no_earlier_one_after_it(client, account, telephone, clock):
    clock.advance(minutes=5)
    code, before = telephone.code(), telephone.code(steps=-1)
    account.enter(client, code)
    for old in (code, before):
        assert "ya se usó" in soup(account.enter(Client(), old)).text
    clock.advance(seconds=30)
    other = Client()
    account.enter(other, telephone.code())
    assert account.is_inside(other)


def test_the_code_that_turned_the_second_factor_on_does_not_sign_in(client, account, clock):
    secret = pyotp.random_base32()
    code = pyotp.TOTP(secret).at(clock.now)
    signing_in.turn_on_second_factor(actor=acting(account.user), secret=secret, code=code)
    account.enter(client, code)
    assert not account.is_inside(client)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_eight_simultaneous_uses_of_a_code_one_succeeds(shared_database, principal, kind):
    telephone = Telephone(principal)
    code = telephone.code() if kind == "app" else telephone.recovery_codes[0]
    together = Barrier(8, timeout=60)

    def use(_) -> bool:
        together.wait()
        try:
            return signing_in.use_code(actor=acting(principal), code=code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(use, range(8))).count(True) == 1


def test_a_recovery_code_is_accepted_once(client, account, telephone):
    code = telephone.recovery_codes[0]
    response = account.enter(client, code)
    assert account.is_inside(client)
    assert "le quedan 9" in soup(response).text
    entry = AuditEntry.objects.get(action="recovery_code.used")
    assert (entry.actor, entry.subject, entry.operator) == (
        account.user,
        account.user,
        account.user.operator,
    )
    assert (entry.before, entry.after) == ({"recovery_codes": 10}, {"recovery_codes": 9})
    again = Client()
    refused = account.enter(again, code)
    assert "no es correcto o ya se usó" in field_errors(refused)["recovery_code"]
    assert soup(refused).select_one("details[open]")
    assert not account.is_inside(again)


@pytest.mark.parametrize(("held", "said"), [(2, "le queda 1."), (1, "no le queda ninguno.")])
def test_the_message_counts_the_remaining_recovery_codes(client, secondary, clock, held, said):
    codes = Telephone(secondary).recovery_codes
    for code in codes[held:]:
        signing_in.use_code(actor=acting(secondary), code=code)
    response = SigningIn(secondary).enter(client, codes[0])
    assert f"Ingresó con un código de recuperación; {said}" in soup(response).text


def test_a_recovery_code_may_have_spaces_hyphens_and_small_letters(client, account, telephone):
    code = second_factor.grouped(telephone.recovery_codes[3], " - ").lower()
    account.enter(client, f" {code} ")
    assert account.is_inside(client)


def test_a_code_of_another_account_is_refused(client, account, telephone, stranger):
    theirs = Telephone(stranger)
    for code in (theirs.code(), theirs.recovery_codes[0]):
        account.enter(client, code)
        assert not account.is_inside(client)
    assert RecoveryCode.objects.filter(factor=stranger.pk).count() == 10


# Guesses ------------------------------------------------------------------------------------------


def test_of_twenty_wrong_codes_five_are_compared(client, account, telephone, compared):
    said = [soup(account.enter(client, "000000")).text for _ in range(20)]
    assert len(compared) == 5
    assert [("Por seguridad" in text) for text in said] == [False] * 5 + [True] * 15


def test_the_right_code_is_not_compared_during_a_lock(client, account, telephone, compared):
    for _ in range(5):
        account.enter(client, "000000")
    compared.clear()
    for code in (telephone.code(), telephone.recovery_codes[0]):
        field = "code" if len(code) == 6 else "recovery_code"
        response = account.enter(client, code)
        assert field_errors(response)[field].startswith("Por seguridad, el acceso está bloqueado.")
        assert code not in response.content.decode()
    assert compared == []
    assert not account.is_inside(client)


def test_the_right_password_does_not_reset_the_counter_of_codes(
    client, account, telephone, compared
):
    for _ in range(4):
        account.enter(Client(), "000000")
        account.give_password(Client())
    for _ in range(3):
        account.enter(Client(), "000000")
    assert len(compared) == 5


def test_the_waits_for_codes_grow_to_a_day_and_time_does_not_reset_them(
    client, account, telephone, clock, compared
):
    waits = [60, 5 * 60, 15 * 60, 60 * 60, 24 * 60 * 60, 24 * 60 * 60]
    for seconds in waits:
        compared.clear()
        for _ in range(6):
            account.enter(Client(), "000000")
        assert len(compared) == 5
        clock.advance(seconds=seconds - 1)
        account.enter(Client(), "000000")
        assert len(compared) == 5
        clock.advance(seconds=1)
    clock.advance(days=30)
    account.give_password(Client(), "Otra20260")  # a failed sign-in deletes no counter of codes
    SigningIn(account.user).enter(client, telephone.code())
    assert account.is_inside(client)
    assert FailureCount.objects.get(key__startswith="code-").failures == 0


def test_a_malformed_code_is_not_counted(client, account, telephone, compared):
    for code in ("12345", "abcdef", "", "1234567"):
        account.enter(client, code)
    assert compared == []
    assert not FailureCount.objects.filter(key__startswith="code-").exists()


def test_a_known_browser_has_its_own_guesses_of_codes(client, account, telephone, clock):
    account.enter(client, telephone.code())
    clock.advance(seconds=30)
    client.post("/salir/")
    for _ in range(6):
        account.enter(Client(), "000000")
    assert "Por seguridad" in soup(account.enter(Client(), telephone.code())).text
    account.enter(client, telephone.code())
    assert account.is_inside(client)


def test_the_principal_sees_and_lifts_a_lock_by_wrong_codes(
    client, secondary, principal, client_of, clock
):
    telephone, account = Telephone(secondary), SigningIn(secondary)
    for _ in range(5):
        account.enter(Client(), "000000")
    desk = client_of(principal)
    assert "no puede ingresar hasta" in soup(desk.get("/usuarios/JPEREZ01/bloqueo/")).text
    desk.post("/usuarios/JPEREZ01/bloqueo/")
    account.enter(client, telephone.code())
    assert account.is_inside(client)
