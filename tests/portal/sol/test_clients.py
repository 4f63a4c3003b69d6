"""Clients of the doors without a browser, imitated: what they send, in their order, and what they read."""

import json
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.test import Client

from profiles.actions.grants import assign_options
from tests.conftest import PASSWORD, RUC, acting
from tests.portal.sol.conftest import CHECK, ENTRY, MENU, OAUTH2

OPTION = "11.9.1.1.2"


@pytest.fixture
def granted(principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[OPTION], seen=[])
    return secondary


def follow(client: Client, address: str):
    """Follow redirects as these clients do, by the Location alone; return the last answer and address."""
    for _ in range(10):
        response = client.get(address)
        if response.status_code not in (301, 302, 303):
            return response, address
        address = urljoin(address, response["Location"])
    pytest.fail("redirected in a circle")


def test_a_client_without_redirects_takes_the_state_and_gets_the_menu(granted):
    """Menu, authen, the state from the address, the nine fields, ``code=`` in the Location, the menu."""
    client = Client(enforce_csrf_checks=True)
    first = client.get(MENU)
    _, sign_in = follow(client, first["Location"])
    query = parse_qs(urlsplit(sign_in).query)
    action = f"{sign_in.partition('/loginMenuSol')[0]}/j_security_check"
    answer = client.post(action, {**CHECK, "state": query["state"][0]})
    assert answer.status_code == 302
    assert "code=" in answer["Location"]
    page, address = follow(client, answer["Location"])
    assert (page.status_code, address) == (200, MENU)
    assert RUC in page.content.decode()
    # The same with a wrong clave: a redirect without a code, which such a client never repeats.
    wrong = client.post(action, {**CHECK, "j_password": "Otra20260"})
    assert "code=" not in wrong["Location"]
    assert "/oauth2/error" in wrong["Location"]


def test_a_client_that_knows_the_constant_state_sends_the_check_at_once(granted):
    """Some clients send no language and the state of somebody's recording."""
    client = Client(enforce_csrf_checks=True)
    answer = client.post(
        f"{OAUTH2}/j_security_check",
        {**CHECK, "lang": "", "originalUrl": f"https://menu.example{ENTRY}", "state": "rO0AB" * 60},
    )
    page, _ = follow(client, answer["Location"])
    assert page.status_code == 200


def token_of(response) -> str:
    """Return the token, or raise the refusal in the words that one of the clients reads."""
    body = json.loads(response.content)
    if response.status_code < 400 and body.get("access_token"):
        assert body["expires_in"] == 3600
        return body["access_token"]
    raise PermissionError(
        body.get("error_description") or body.get("error") or body.get("message"),
        f"{body['cod']}: {body['msg']}",
    )


@pytest.mark.parametrize("slash", ["/", ""])
def test_a_token_client_gets_a_token_and_reads_each_refusal(slash, granted):
    client = Client(enforce_csrf_checks=True)
    form = {
        "grant_type": "password",
        "scope": "https://api.example",
        "client_id": OPTION,
        "client_secret": "practica",
        "username": f"{RUC}JPEREZ01",
        "password": PASSWORD,
    }

    def ask(**changed) -> str:
        address = f"/v1/clientessol/{OPTION}/oauth2/token{slash}"
        return token_of(client.post(address, {**form, **changed}))

    assert ask()
    for changed, sentence in [
        ({"password": "Otra20260"}, "0102: Usuario o contraseña incorrectos"),
        ({"client_secret": "otra"}, "401: Cliente no autorizado"),
        ({"username": f"{RUC}TITULAR1"}, "0112: El usuario debe ser secundario"),
    ]:
        with pytest.raises(PermissionError) as refused:
            ask(**changed)
        assert refused.value.args[1] == sentence
