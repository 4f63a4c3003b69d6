"""Guesses of a password on both sign-in pages, and what the pages answer."""

from threading import Lock

import pytest
from django.test import Client

from tests.conftest import PASSWORD, RUC, soup
from users.models import User

URL, STAFF_URL = "/ingresar/", "/admin/login/"
STAFF_PASSWORD = "una-clave-larga-de-personal"
GUESS = "Otra20260"
WRONG = "RUC, usuario o clave incorrectos."
LOCKED = (
    "Por seguridad, el acceso está bloqueado. Intente de nuevo en {} "
    "o pida al usuario principal que lo desbloquee."
)


def sign_in(client, password=GUESS, *, ruc=RUC, username="JPEREZ01", **extra):
    return client.post(URL, {"ruc": ruc, "username": username, "password": password}, **extra)


def staff_sign_in(client, password=GUESS, *, username="admin", **extra):
    return client.post(STAFF_URL, {"username": username, "password": password}, **extra)


def said(response) -> str:
    """The error on the sign-in page of operators; empty after a sign-in."""
    message = soup(response).find(id="spanMensajeError")
    return message.text if message else ""


def staff_said(response) -> str:
    note = soup(response).select_one(".errornote")
    return note.get_text(" ", strip=True) if note else ""


@pytest.fixture
def compared(monkeypatch) -> list[str]:
    """The passwords that were compared, or hashed for an unknown account."""
    seen, lock = [], Lock()
    check, make = User.check_password, User.set_password

    def seeing(function):
        def see(user, password):
            with lock:
                seen.append(password)
            return function(user, password)

        return see

    monkeypatch.setattr(User, "check_password", seeing(check))
    monkeypatch.setattr(User, "set_password", seeing(make))
    return seen


@pytest.fixture
def known_browser(secondary) -> Client:
    browser = Client()
    sign_in(browser, PASSWORD)
    browser.post("/salir/")
    return browser
