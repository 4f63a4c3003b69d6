"""Passwords are stored as Argon2id hashes of the pinned cost, and compared as typed."""

import unicodedata

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import Argon2PasswordHasher

from tests.conftest import PASSWORD, RUC, acting
from users.actions import accounts, passwords

pytestmark = pytest.mark.argon2

PINNED = "argon2$argon2id$v=19$m=19456,t=2,p=1$"


class CheaperHasher(Argon2PasswordHasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1


def enter(username: str, password: str):
    return authenticate(None, ruc=RUC, username=username, password=password)


def test_new_passwords_are_hashed_at_the_pinned_cost(principal, secondary, staff):
    for user in (principal, secondary, staff):
        assert user.password.startswith(PINNED)


def test_a_reset_password_is_hashed_at_the_pinned_cost(principal, secondary):
    passwords.reset_password(actor=acting(principal), user=secondary, password="Zorzal2026")
    secondary.refresh_from_db()
    assert secondary.password.startswith(PINNED)


def test_equal_passwords_have_different_hashes(principal, secondary):
    assert principal.password != secondary.password


def test_a_hash_of_another_cost_is_renewed_at_sign_in(secondary):
    secondary.password = CheaperHasher().encode(PASSWORD, CheaperHasher().salt())
    secondary.save(update_fields=["password"])
    assert not secondary.password.startswith(PINNED)
    assert enter("JPEREZ01", PASSWORD) == secondary
    secondary.refresh_from_db()
    assert secondary.password.startswith(PINNED)
    assert secondary.check_password(PASSWORD)


def test_a_wrong_password_does_not_renew_the_hash(secondary):
    before = secondary.password = CheaperHasher().encode(PASSWORD, CheaperHasher().salt())
    secondary.save(update_fields=["password"])
    assert enter("JPEREZ01", "Otra20260") is None
    secondary.refresh_from_db()
    assert secondary.password == before


PASSWORDS = {
    "blank before": (" Zorzal1", "Zorzal1"),
    "blank after": ("Zorzal1 ", "Zorzal1"),
    "blanks inside": ("Zor  zal1", "Zor zal1"),
    "case": ("Zorzal01", "zORZAL01"),
    "compatible": ("Zorzal①1", "Zorzal11"),
    "longer": ("Zorzal01", "Zorzal012"),
    "another no-break blank": ("Zorzal 1", "Zorzal\u00a01"),
}


def test_a_password_is_compared_as_typed(client, make_secondary):
    user = make_secondary("JPEREZ01", 90000002)
    form = {"ruc": RUC, "username": "JPEREZ01"}
    for kind, (password, almost) in PASSWORDS.items():
        user.set_password(password)
        user.save(update_fields=["password"])
        assert client.post("/ingresar/", {**form, "password": almost}).status_code == 200, kind
        assert client.post("/ingresar/", {**form, "password": password}).status_code == 302, kind


ENYE = "Zorzalñ1"
DECOMPOSED = unicodedata.normalize("NFD", ENYE)
# As some input methods write it: composed and decomposed letters in one text.
MIXED = f"{ENYE[:-1]}{unicodedata.normalize('NFD', 'é')}1"


def test_every_keyboard_opens_a_password_with_accents(client, secondary):
    form = {"ruc": RUC, "username": "JPEREZ01"}
    for given in (ENYE, DECOMPOSED):
        secondary.set_password(given)
        secondary.save(update_fields=["password"])
        for typed in (ENYE, DECOMPOSED):
            response = client.post("/ingresar/", {**form, "password": typed})
            assert response.status_code == 302, (given, typed)


def test_a_hash_of_a_decomposed_password_still_opens(secondary):
    """Before passwords were composed, they were hashed as typed."""
    as_typed = Argon2PasswordHasher()
    for given in (ENYE, DECOMPOSED, MIXED):
        secondary.password = as_typed.encode(given, as_typed.salt())
        secondary.save(update_fields=["password"])
        assert enter("JPEREZ01", given) == secondary
        # The sign-in has renewed the hash at the pinned cost, and composed.
        secondary.refresh_from_db()
        assert secondary.password.startswith(PINNED)
        assert enter("JPEREZ01", unicodedata.normalize("NFC", given)) == secondary
    # Hashes of the pinned cost from before stay, and open from every keyboard.
    as_typed.time_cost, as_typed.memory_cost, as_typed.parallelism = 2, 19456, 1
    secondary.password = as_typed.encode(DECOMPOSED, as_typed.salt())
    secondary.save(update_fields=["password"])
    assert enter("JPEREZ01", ENYE) == enter("JPEREZ01", DECOMPOSED) == secondary


def test_a_password_with_accents_costs_as_many_hashes_for_any_account(secondary, monkeypatch):
    made = []
    for name in ("encode", "verify"):
        work = getattr(Argon2PasswordHasher, name)
        monkeypatch.setattr(
            Argon2PasswordHasher, name, lambda *given, work=work: made.append(work) or work(*given)
        )
    accounts.suspend_user(
        actor=acting(secondary.operator.users.get(is_principal=True)), user=secondary
    )
    costs = {}
    for typed in ("Zorzal01", ENYE, DECOMPOSED, MIXED):
        secondary.set_password(typed)
        secondary.save(update_fields=["password"])
        for name, username, password in [
            ("wrong", "TITULAR1", typed),
            ("unknown", "NADIE001", typed),
            ("suspended", "JPEREZ01", typed),
        ]:
            made.clear()
            assert enter(username, password) is None
            costs.setdefault(typed, {})[name] = len(made)
    assert [set(each.values()) for each in costs.values()] == [{1}, {2}, {2}, {3}], costs
