"""The doors by which public robots sign in: the page, the check without cookies, its code."""

import logging
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.conftest import PASSWORD, RUC, Telephone, acting, fail_to_sign_in, soup
from tests.portal.sol.conftest import CHECK, ENTRY, OAUTH2, STATE, WRONG, check, events
from users.actions import accounts
from users.models import Session, User
from users.signin.throttle import locks_of

SIGN_IN = f"{OAUTH2}/loginMenuSol"
FORM = {"ruc": RUC, "username": "JPEREZ01", "password": PASSWORD}


def is_inside(client) -> bool:
    return client.get("/").status_code == 200


def query_of(response) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(response.url).query).items()}


def code_for(client=None, **changed) -> str:
    return query_of(check(client or Client(), **changed))["code"]


# The sign-in page -----------------------------------------------------------------------------------


def test_the_sign_in_page_of_robots_is_that_of_people_and_posts_to_itself(client, secondary):
    page = soup(client.get(f"{SIGN_IN}?state={STATE}"))
    form = page.select_one("main form")
    assert not form.has_attr("action")
    ids = ["btnPorRuc", "txtRuc", "txtUsuario", "txtContrasena", "btnAceptar"]
    assert [name for name in ids if not page.find(id=name)] == []
    wrong = client.post(SIGN_IN, FORM | {"password": "Otra20260"})
    assert (wrong.status_code, wrong.request["PATH_INFO"]) == (200, SIGN_IN)
    assert soup(wrong).select_one("#divMensajeError > #spanMensajeError").text
    assert client.post(SIGN_IN, FORM).status_code == 302
    assert is_inside(client)


def test_authen_leads_to_the_sign_in_page_with_what_was_sent(client):
    sent = {"lang": "es-PE", "originalUrl": "https://menu.example/x", "state": STATE}
    response = client.get(f"{OAUTH2}/authen", sent)
    assert response.url.startswith(f"{SIGN_IN}?")
    assert query_of(response) == sent
    # As the menu of the real portal asks: the address under another name, no language.
    asked = {"redirect_uri": f"https://menu.example{ENTRY}", "state": STATE, "client_id": "x"}
    assert query_of(client.get(f"{OAUTH2}/authen", asked)) == {
        "lang": "es-PE",
        "originalUrl": f"https://menu.example{ENTRY}",
        "state": STATE,
    }


def test_what_travels_has_a_default_and_a_limit(client):
    for sent in ({}, dict.fromkeys(("lang", "originalUrl", "state"), "x" * 1001)):
        found = query_of(client.get(f"{OAUTH2}/authen", sent))
        assert (found["lang"], found["originalUrl"]) == ("es-PE", ENTRY)
        assert 20 < len(found["state"]) < 100


# The check without cookies --------------------------------------------------------------------------


def test_right_credentials_are_answered_with_a_code_that_opens_one_session(secondary):
    client = Client(enforce_csrf_checks=True)
    answer = check(client)
    assert answer.status_code == 302
    assert urlsplit(answer.url).path == ENTRY
    assert query_of(answer)["state"] == STATE
    # The check itself opens nothing and leaves nothing in the browser.
    assert not client.cookies
    assert not is_inside(client)
    client.get(answer.url)
    assert is_inside(client)
    again = Client()
    assert again.get(answer.url).url.partition("?")[0] == f"{OAUTH2}/error"
    assert not is_inside(again)


def test_any_field_but_the_credentials_may_be_absent(secondary):
    for name in ("tipo", "dni", "captcha", "originalUrl", "lang", "state"):
        answer = check(Client(), **{name: None})
        assert urlsplit(answer.url).path == ENTRY, name
    for name in ("custom_ruc", "j_username", "j_password"):
        assert check(Client(), **{name: None}).url.startswith(f"{OAUTH2}/error"), name
    # The real portal signs in by DNI as well; nothing here has one.
    assert check(Client(), tipo="1").url.startswith(f"{OAUTH2}/error")


def test_wrong_credentials_lead_to_the_error_that_robots_read(client, secondary):
    answer = check(client, **WRONG)
    assert answer.url.startswith(f"{OAUTH2}/error?")
    assert query_of(answer)["state"] == STATE
    page = soup(client.get(answer.url))
    assert "incorrecta" in page.select_one("div#divErrorRUC").text
    assert page.select_one("main a.btn")["href"].startswith(f"{SIGN_IN}?")


REFUSED = {
    "wrong clave": WRONG,
    "unknown usuario": {"j_username": "NADIE001"},
    "unknown RUC": {"custom_ruc": "20000000109"},
    "RUC with a wrong digit": {"custom_ruc": "20999999044"},
    "suspended": {"j_username": "SUSPEN01"},
    "staff": {"custom_ruc": "", "j_username": "admin"},
}


def test_every_refusal_is_the_same_answer(make_secondary, principal, clock):
    accounts.suspend_user(actor=acting(principal), user=make_secondary("SUSPEN01", 90000021))
    make_secondary("JPEREZ01", 90000002)
    answers = {kind: check(Client(), **changed) for kind, changed in REFUSED.items()}
    assert {answer.url for answer in answers.values()} == {answers["wrong clave"].url}
    assert not any(answer.cookies for answer in answers.values())


def test_a_locked_account_gets_the_answer_of_a_wrong_clave(secondary):
    wrong = check(Client(), **WRONG)
    fail_to_sign_in(secondary, 4)
    assert check(Client()).url == wrong.url


def test_a_wrong_clave_counts_in_the_same_counts_as_on_the_sign_in_page(secondary, clock):
    for _ in range(3):
        check(Client(), **WRONG)
    for _ in range(2):
        Client().post(SIGN_IN, FORM | {"password": "Otra20260"})
    assert secondary in locks_of([secondary])
    assert check(Client()).url.startswith(f"{OAUTH2}/error")
    assert "bloqueado" in soup(Client().post("/ingresar/", FORM)).find(id="spanMensajeError").text


def test_a_sign_in_by_a_code_is_a_sign_in_as_any_other(client, secondary):
    check(Client(), **WRONG)
    page = soup(client.get(check(client).url, follow=True))
    secondary.refresh_from_db()
    assert (secondary.last_login is None, secondary.failed_sign_ins) == (False, 0)
    (session,) = Session.objects.filter(user=secondary)
    assert session.address == "127.0.0.1"
    assert page.h1.text == "Menú de Empresa 9043 de Práctica"
    # The next one is told of the failure before it, and not of itself.
    check(Client(), **WRONG)
    later = Client()
    assert "1 intento fallido" in soup(later.get(check(later).url, follow=True)).text


def test_the_log_tells_each_right_clave_and_what_became_of_it(client, secondary, caplog):
    caplog.set_level(logging.INFO, logger="users.security")
    check(Client(), **WRONG)
    answer = check(Client())
    assert events(caplog) == ["sign_in_failed", "sign_in_half_way"]
    client.get(answer.url)
    assert events(caplog)[2:] == ["sign_in_ok"]


# The code -------------------------------------------------------------------------------------------


def test_a_code_expires_after_five_minutes(secondary, clock):
    code, late = code_for(), code_for()
    clock.advance(seconds=299)
    client = Client()
    client.get(ENTRY, {"code": code})
    assert is_inside(client)
    clock.advance(seconds=1)
    client = Client()
    client.get(ENTRY, {"code": late})
    assert not is_inside(client)


def test_a_new_clave_or_a_block_voids_a_code(principal, secondary):
    by_clave, by_block = code_for(), None
    secondary.set_password("Distinta1")
    secondary.save()
    by_block = code_for(j_password="Distinta1")
    accounts.suspend_user(actor=acting(principal), user=secondary)
    for code in (by_clave, by_block):
        client = Client()
        client.get(ENTRY, {"code": code})
        assert not is_inside(client)


def test_nothing_but_a_code_is_taken_for_one(client_of, secondary, settings):
    session = client_of(secondary).cookies[settings.SESSION_COOKIE_NAME].value
    for typed in ("", "x", "x" * 32, "x" * 5000, session, f"{code_for()}x", "\udcff", "ñ" * 40):
        client = Client()
        assert client.get(ENTRY, {"code": typed.encode(errors="replace")}).status_code == 302
        assert not is_inside(client), typed[:40]
    # The session whose key was tried is still open.
    assert Session.objects.filter(pk=session).exists()
    # A code sent as the session cookie signs no account in.
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = code_for()
    assert not is_inside(client)


def test_asking_for_the_head_of_the_entry_uses_no_code_up(client, secondary):
    code = code_for()
    client.head(ENTRY, {"code": code})
    client.get(ENTRY, {"code": code})
    assert is_inside(client)


def test_a_code_never_joins_the_session_that_is_open(client_of, principal, secondary, settings):
    """Neither that of another account nor a key that somebody planted in the browser."""
    client = client_of(principal)
    old = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.get(ENTRY, {"code": code_for(client)})
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != old
    assert not Session.objects.filter(pk=old).exists()
    assert client.get("/usuarios/").status_code == 403


def test_the_check_reads_no_cookie(client_of, principal, secondary, settings):
    client = client_of(principal)
    before = list(Session.objects.values_list())
    answer = check(client, **WRONG)
    assert answer.url.startswith(f"{OAUTH2}/error")
    assert list(Session.objects.values_list()) == before
    assert not answer.cookies
    # The browser of an owner has guesses of its own on the sign-in page; here it has none.
    known = Client()
    known.post("/ingresar/", FORM)
    fail_to_sign_in(secondary)
    assert known.post("/ingresar/", FORM).status_code == 302
    assert check(known).url.startswith(f"{OAUTH2}/error")


def test_an_account_with_a_second_factor_is_asked_for_its_code(client, secondary):
    telephone = Telephone(secondary)
    response = client.get(check(client).url)
    assert response.url.startswith("/ingresar/codigo/")
    assert not is_inside(client)
    client.post(response.url, {"code": telephone.code()})
    assert is_inside(client)


# Other sites ----------------------------------------------------------------------------------------

HOSTILE = [
    "https://ajeno.example/",
    "//ajeno.example/",
    "///ajeno.example/",
    "https:///ajeno.example",
    "https://ajeno.example//otro.example/",
    "/\\ajeno.example/",
    "\\\\ajeno.example/",
    "https:\\\\ajeno.example",
    "/\t/ajeno.example/",
    "\x08//ajeno.example/",
    "/\r\nX-Otro: b",
    "javascript:alert(1)",
    "data:text/html,x",
    "//testserver@ajeno.example/",
    "http://[ajeno",
    "https://ajeno.example:99999999/x",
    "/%09/ajeno.example/",
    "/" + "x" * 5000,
    "ñ",
    "",
]


@pytest.mark.usefixtures("secondary")
def test_no_door_leads_to_another_site():
    left = []
    for address in HOSTILE:
        client = Client()
        first = check(client, originalUrl=address)
        second = client.get(first.url)
        page = Client()
        third = page.post(SIGN_IN, FORM, query_params={"originalUrl": address})
        for response in (first, second, third, Client().get(ENTRY, {"originalUrl": address})):
            assert response.status_code == 302, address
            if not re.match(r"/(?![/\\])[!-~]*\Z", response.url) or "X-Otro" in response:
                left.append((address, response.url))
    assert left == []


def test_an_address_of_another_site_is_taken_as_one_of_this(secondary):
    for address in ("https://ajeno.example/usuarios/?estado=x#y", "/usuarios/?estado=x"):
        client = Client()
        assert client.get(check(client, originalUrl=address).url).url == "/usuarios/?estado=x"


def test_credentials_are_taken_from_the_body_alone(secondary):
    answer = Client().post(f"{OAUTH2}/j_security_check", query_params=CHECK)
    assert answer.url.startswith(f"{OAUTH2}/error")
    assert Client().get(f"{OAUTH2}/j_security_check", CHECK).status_code == 405
    assert User.objects.get(pk=secondary.pk).failed_sign_ins == 0
