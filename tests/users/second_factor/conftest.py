"""An account that has a second factor or turns it on, and how it signs in."""

import pyotp
import pytest

from tests.conftest import PASSWORD, Telephone, soup
from users.models import User
from users.signin import second_factor

URL, CODE_URL, OWN = "/ingresar/", "/ingresar/codigo/", "/clave/segundo-factor/"
OFF, RECOVERY = f"{OWN}desactivar/", f"{OWN}codigos/"
STAFF_PASSWORD = "una-clave-larga-de-personal"
CODE_TITLE = "Código de ingreso"


class SigningIn:
    """How an account signs in: its page, its credentials, and its first page after that."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.staff = user.is_staff
        self.password = STAFF_PASSWORD if self.staff else PASSWORD
        self.url = "/admin/login/" if self.staff else URL
        self.home = "/admin/" if self.staff else "/"

    def give_password(self, client, password=None, **fields):
        name = {} if self.staff else {"ruc": self.user.operator.ruc}
        name |= {"username": self.user.username, "password": password or self.password}
        return client.post(self.url, {**name, **fields}, follow=True)

    def enter(self, client, code):
        self.give_password(client)
        return give_code(client, code)

    def is_inside(self, client) -> bool:
        return client.get(self.home).status_code == 200


def give_code(client, code, **fields):
    name = "code" if len(code) == 6 else "recovery_code"
    return client.post(CODE_URL, {name: code, **fields}, follow=True)


def title(response) -> str:
    return soup(response).h1.text


# A secondary user signs in as its principal does (tests/users/test_entry.py).
@pytest.fixture(params=["principal", "staff"])
def account(request, db) -> SigningIn:
    return SigningIn(request.getfixturevalue(request.param))


@pytest.fixture
def telephone(account, clock) -> Telephone:
    return Telephone(account.user)


@pytest.fixture
def compared(monkeypatch) -> list[str]:
    """The codes that were compared with the codes of a secret."""
    seen, step_of = [], second_factor.step_of
    monkeypatch.setattr(
        second_factor,
        "step_of",
        lambda code, secret: seen.append(code) or step_of(code, secret),
    )
    return seen


class Page:
    """The page that turns the second factor on, and an app that has its secret."""

    def __init__(self, client) -> None:
        self.client = client
        page = soup(client.get(OWN))
        self.secret = page.find(id="secret").text.replace(" ", "")
        self.offer = page.select_one("[name=offer]")["value"]

    def send(self, clock, **fields):
        code = pyotp.TOTP(self.secret).at(clock.now)
        return self.client.post(OWN, {"code": code, "offer": self.offer, **fields})


@pytest.fixture
def own(account, client_of):
    return client_of(account.user)


def codes_on(response) -> list[str]:
    return [item.text.replace("-", "") for item in soup(response).select(".recovery-codes li")]
