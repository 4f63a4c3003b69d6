"""No password is stored or shown: in no log, row, session, mail or page, whatever fails."""

import base64
import html
import json
import logging
from urllib.parse import quote, quote_plus

import pytest
from django.apps import apps
from django.core import mail
from django.test import Client
from django.utils.log import AdminEmailHandler

from portal.reports import SecretsFilter
from tests.conftest import PASSWORD, RUC, person, soup
from tests.routes import FORMS_OF_ROBOTS, url
from users.models import Session

# Characters that each encoding changes, so that no two encodings are equal by chance.
SIGN_IN = "Zorro&Ñ 71"
WRONG = "Garza<Ñ>+72"
CREATED = "Tapir?Ñ=73%"
CHANGED = 'Cuy"Ñ\\/74'
TEMPORARY = "Puma;Ñ:75"
STAFF = "Vizcacha & Ñandú de altura 76"
CLAVES = [SIGN_IN, WRONG, CREATED, CHANGED, TEMPORARY, STAFF]


def spellings(clave: str) -> set[bytes]:
    """Return the text in every encoding that a program may have used."""
    found = set()
    for plain in (clave, json.dumps(clave)[1:-1], repr(clave)[1:-1], html.escape(clave)):
        for encoded in (plain, quote(plain), quote(plain, safe=""), quote_plus(plain)):
            found |= {encoded.encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be")}
            found.add(encoded.encode("latin-1"))
    for raw in (clave.encode(), clave.encode("utf-16-le")):
        for offset in range(3):
            # In base64 the text before shifts the characters; those at the ends depend on it.
            whole = base64.b64encode(b"\0" * offset + raw)
            found.add(whole[-(-offset * 8 // 6) : len(raw) * 8 // 6])
    return found


def claves_in(text: str | bytes) -> list[str]:
    searched = text if isinstance(text, bytes) else text.encode()
    return [clave for clave in CLAVES if any(each in searched for each in spellings(clave))]


@pytest.mark.parametrize("clave", CLAVES)
def test_a_password_is_found_in_every_encoding(clave):
    for text in (
        f"ruc=1&password={quote_plus(clave)}&x",
        f"{{'password': {clave!r}}}",
        json.dumps({"password": clave}),
        f'<td class="code"><pre>{html.escape(clave)}</pre></td>',
        base64.b64encode(f'{{"password": "{clave}"}}'.encode()),
        base64.b64encode(f"=={clave}==".encode()),
        f"password={clave}".encode("utf-16"),
    ):
        assert claves_in(text) == [clave]


@pytest.fixture
def written(caplog, settings):
    """written() returns what the portal has stored so far, by place; the test adds the pages."""
    caplog.set_level(logging.DEBUG)
    settings.ADMINS = [("Guardia", "guardia@ejemplo.pe")]
    to_admins = AdminEmailHandler(include_html=True)
    logging.getLogger("django").addHandler(to_admins)

    def everything() -> dict[str, str]:
        rows = {
            str(model._meta): repr(list(model._base_manager.values_list()))
            for model in apps.get_models(include_auto_created=True)
        }
        sessions = [repr(session.get_decoded()) for session in Session.objects.all()]
        records = [f"{line.getMessage()} {vars(line)}" for line in caplog.records]
        mails = [
            repr((message.subject, message.body, message.alternatives)) for message in mail.outbox
        ]
        mails += [message.message().as_bytes().decode("latin-1") for message in mail.outbox]
        return rows | {
            "the log": caplog.text + "\n".join(records),
            "the sessions": "\n".join(sessions),
            "the mails": "\n".join(mails),
        }

    yield everything
    logging.getLogger("django").removeHandler(to_admins)


@pytest.fixture
def known_claves(principal, secondary, staff):
    for user, clave in [(principal, SIGN_IN), (secondary, SIGN_IN), (staff, STAFF)]:
        user.set_password(clave)
        user.save()


def sign_in(clave: str, username="TITULAR1", client=None):
    client = client or Client(raise_request_exception=False)
    fields = {"ruc": RUC, "username": username, "password": clave}
    return client, client.post("/ingresar/", fields, headers={"Referer": "http://testserver/"})


def twice(clave: str, **fields) -> dict[str, str]:
    return {"password1": clave, "password2": clave, **fields}


NEW_USER = {**person(90000099), "username": "NUEVO001", **twice(CREATED)}


def at_the_doors_of_robots() -> list:
    """A code that is used, one that waits, a token, and a wrong clave at each of both doors."""
    check, token = url("sol:security_check"), url("sol:token")
    forms = FORMS_OF_ROBOTS["sol:security_check"], FORMS_OF_ROBOTS["sol:token"]
    pages = []
    for clave in (SIGN_IN, WRONG):
        pages += [
            Client().post(check, forms[0] | {"j_username": "JPEREZ01", "j_password": clave}),
            Client().post(check, forms[0] | {"j_password": clave}, follow=True),
            Client().post(token, forms[1] | {"password": clave}),
        ]
    return pages


def test_no_successful_request_stores_a_password(known_claves, written):
    client, entered = sign_in(SIGN_IN)
    assert entered.status_code == 302
    own, _ = sign_in(SIGN_IN, "JPEREZ01")
    office = Client()
    pages = [
        sign_in(WRONG)[1],
        client.post("/usuarios/nuevo/", NEW_USER | {"password2": WRONG}),
        client.post("/usuarios/nuevo/", NEW_USER, follow=True),
        own.post("/clave/", twice(CHANGED, current_password=WRONG)),
        own.post("/clave/", twice(CHANGED, current_password=SIGN_IN), follow=True),
        client.post("/usuarios/JPEREZ01/clave/", {"way": "type", **twice(TEMPORARY)}, follow=True),
        office.post("/admin/login/", {"username": "admin", "password": WRONG}),
        office.post("/admin/login/?next=/admin/", {"username": "admin", "password": STAFF}),
        office.get("/admin/users/user/"),
        *at_the_doors_of_robots(),
        client.get("/historial/"),
        client.get("/historial/?formato=csv"),
    ]
    # A form whose session has ended is kept without its passwords.
    Session.objects.all().delete()
    pages.append(client.post("/usuarios/nuevo/", NEW_USER))
    assert_clean(written(), pages)


def break_sign_in(monkeypatch):
    def check_password(self, raw_password):
        value = raw_password
        raise RuntimeError(f"no such luck with {type(value)}")

    monkeypatch.setattr("users.models.User.check_password", check_password)
    return sign_in(SIGN_IN)[1]


def break_staff_sign_in(monkeypatch):
    def get_hasher(*args, **kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("django.contrib.auth.base_user.check_password", get_hasher)
    client = Client(raise_request_exception=False)
    return client.post("/admin/login/", {"username": "admin", "password": STAFF})


def break_creation(monkeypatch):
    client, _ = sign_in(SIGN_IN)

    def record(*args, **kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("users.actions.accounts.record", record)
    return client.post("/usuarios/nuevo/", NEW_USER)


def break_validation(monkeypatch):
    """Fail inside Django's form fields, whose variable names do not tell a password."""
    client, _ = sign_in(SIGN_IN)

    def run_validators(self, value):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("django.forms.CharField.run_validators", run_validators)
    return client.post("/usuarios/nuevo/", NEW_USER)


def break_change(monkeypatch):
    client, _ = sign_in(SIGN_IN)

    def save(*args, **kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("users.models.User.save", save)
    return client.post("/clave/", twice(CHANGED, current_password=SIGN_IN))


def break_reset(monkeypatch):
    client, _ = sign_in(SIGN_IN)

    def record(*args, **kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("users.actions.passwords.record", record)
    return client.post("/usuarios/JPEREZ01/clave/", {"way": "type", **twice(TEMPORARY)})


@pytest.mark.parametrize("debug", [False, True], ids=["real", "DEBUG"])
@pytest.mark.parametrize(
    "break_it",
    [
        break_sign_in,
        break_staff_sign_in,
        break_creation,
        break_validation,
        break_change,
        break_reset,
    ],
)
def test_no_failure_stores_or_shows_a_password(
    break_it, debug, known_claves, written, monkeypatch, settings
):
    settings.DEBUG = debug
    response = break_it(monkeypatch)
    assert response.status_code == 500
    assert "no such luck" in written()["the mails"]
    assert ("no such luck" in response.content.decode()) == debug
    assert_clean(written(), [response])


def assert_clean(kept: dict[str, str], pages: list):
    kept |= {f"page {number}": page_text(page) for number, page in enumerate(pages)}
    assert {place: claves_in(text) for place, text in kept.items() if claves_in(text)} == {}


def page_text(response) -> bytes:
    body = response.getvalue() if response.streaming else response.content
    return body + repr(response.headers).encode() + repr(response.cookies).encode()


# What a report does tell --------------------------------------------------------------------------


def test_secrets_are_hidden_by_english_and_spanish_names(subtests):
    names = [
        "password",
        "CLAVE",
        "clave2",
        "contraseña",
        "csrfmiddlewaretoken",
        "sessionid",
        "unsent",
        "current",
        "__Host-sessionid",
        "HTTP_COOKIE",
        "DATABASES",
        "SECRET_KEY_FALLBACKS",
    ]
    for name in names:
        with subtests.test(name=name):
            cleansed = SecretsFilter.cleansed_substitute
            assert SecretsFilter().cleanse_setting(name, "x") == cleansed
            assert SecretsFilter().cleanse_setting("fields", {"a": {name: "x"}}) == {
                "a": {name: cleansed}
            }


def test_values_that_are_not_secret_are_shown(subtests):
    for name in ["ruc", "username", "document_number", "LANGUAGE_CODE"]:
        with subtests.test(name=name):
            assert SecretsFilter().cleanse_setting(name, "x") == "x"


def test_developers_see_the_variables_of_a_get_request(client_of, principal, monkeypatch, settings):
    def fail(self, request):
        menu = "the third option"
        raise RuntimeError(f"no such luck with {len(menu)} letters")

    monkeypatch.setattr("portal.views.HomeView.get", fail)
    settings.DEBUG = True
    client = client_of(principal)
    client.raise_request_exception = False
    response = client.get("/")
    assert "the third option" in soup(response).text
    assert client.cookies["sessionid"].value not in response.content.decode()
    assert PASSWORD not in response.content.decode()
