"""More hashes at once than the setting allows: some wait, the others are answered 503."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Event, Lock

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher, check_password, make_password

from tests.conftest import PASSWORD, RUC, soup
from users.models import FailureCount, User
from users.signin import hashers

pytestmark = [pytest.mark.argon2, pytest.mark.django_db]

FORM = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}


@pytest.fixture
def busy(settings):
    """A process in which every slot is taken, and no request waits for one."""
    settings.HASHING_WAIT = 0
    with ExitStack() as slots:
        for _ in range(settings.HASHES_AT_ONCE):
            slots.enter_context(hashers.slot())
        yield slots


def test_no_more_hashes_run_at_once_than_the_setting_allows(monkeypatch):
    lock, all_in, inside, most = Lock(), Event(), 0, 0
    make = Argon2PasswordHasher.encode

    def counting(hasher, password, salt):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == settings.HASHES_AT_ONCE:
                all_in.set()
        all_in.wait(timeout=60)
        try:
            return make(hasher, password, salt)
        finally:
            with lock:
                inside -= 1

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counting)
    with ThreadPoolExecutor(3 * settings.HASHES_AT_ONCE) as pool:
        hashed = list(pool.map(make_password, [PASSWORD] * 3 * settings.HASHES_AT_ONCE))
    assert len(set(hashed)) == 3 * settings.HASHES_AT_ONCE
    assert most == settings.HASHES_AT_ONCE


HASH = hashers.PinnedArgon2PasswordHasher().encode(PASSWORD, "sal-de-prueba")


@pytest.mark.parametrize(
    "work", [make_password, lambda password: check_password(password, HASH)], ids=["make", "verify"]
)
def test_making_and_verifying_a_hash_both_need_a_slot(busy, work):
    with pytest.raises(hashers.HashingBusyError):
        work(PASSWORD)
    busy.close()
    assert work(PASSWORD)


def test_the_wait_for_a_slot_is_shorter_than_five_seconds():
    assert 0 < settings.HASHING_WAIT < 5


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/ingresar/", FORM),
        ("/ingresar/", {**FORM, "username": "NADIE001"}),
        ("/admin/login/", {"username": "admin", "password": PASSWORD}),
    ],
    ids=["operators", "unknown", "staff"],
)
def test_a_sign_in_without_a_slot_is_answered_503_with_retry_after(
    client, principal, busy, path, form
):
    response = client.post(path, form)
    assert response.status_code == 503
    assert response["Retry-After"] == "0"
    page = soup(response)
    assert page.h1.text == "El simulador está ocupado"
    assert "No se guardó nada: espere unos segundos y vuelva a enviar." in page.text


def test_a_sign_in_without_a_slot_is_not_counted_as_failed(client, principal, busy):
    for _ in range(6):
        assert client.post("/ingresar/", FORM).status_code == 503
    assert {count.failures for count in FailureCount.objects.all()} == {0}
    assert User.objects.get(pk=principal.pk).failed_sign_ins == 0
    busy.close()
    assert client.post("/ingresar/", FORM).status_code == 302
