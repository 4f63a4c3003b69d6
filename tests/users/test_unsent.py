"""A form that arrives without its session is kept, and offered to its owner to be sent again."""

import pytest
from django.core import signing
from django.test import Client

from tests.conftest import OTHER_RUC, PASSWORD, RUC, soup
from tests.users.conftest import FORM
from users.models import Session, User
from users.signin.unsent import OWNER_SALT, SALT, UnsentForm, owner_token

CREATE = "/usuarios/nuevo/"
OPTIONS = "/usuarios/JPEREZ01/perfiles/"
TITULAR = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}
HERE = {"Origin": "http://testserver"}


@pytest.fixture
def client(principal, client_of):
    """The browser of the principal, whose session has ended."""
    client = client_of(principal)
    Session.objects.all().delete()
    return client


def form_of(response, action: str | None = None) -> dict:
    """The fields that a browser sends from the page's main form."""
    form = next(
        form
        for form in soup(response).select("main form")
        if action is None or form.get("action") == action
    )
    fields = {}
    for control in form.select("input[name]"):
        fields.setdefault(control["name"], []).append(control.get("value", ""))
    return fields


def send(client, path: str, owner: User, **fields):
    return client.post(path, {**fields, "form_owner": owner_token(owner)})


def kept_blob(response) -> str | None:
    field = soup(response).select_one("[name=unsent]")
    return field and field["value"]


def sign_in_again(client, response, **who):
    return client.post("/ingresar/", {**form_of(response), **TITULAR, **who})


# Kept --------------------------------------------------------------------------------------------


def test_a_form_sent_after_the_session_ended_is_answered_with_the_sign_in_page(client, principal):
    response = send(client, CREATE, principal, **FORM)
    page = soup(response)
    assert response.status_code == 401
    assert page.h1.text == "Ingreso"
    assert (
        "Su sesión terminó: pasaron 20 minutos sin usarla, o se cerró desde otro lugar."
        in page.select_one(".notice").text
    )
    assert "Lo que envió no se perdió" in page.select_one(".notice").text
    assert kept_blob(response)
    assert not User.objects.secondary().exists()


def test_passwords_and_tokens_are_not_kept(client, principal):
    blob = kept_blob(send(client, CREATE, principal, **FORM, csrfmiddlewaretoken="x" * 64))
    kept = UnsentForm.loads(blob)
    assert {name for name, _ in kept.fields} == {
        "form_owner",
        *(field for field in FORM if not field.startswith("password")),
    }
    assert FORM["password1"] not in str(signing.loads(blob, salt=SALT))


def test_the_forms_of_a_page_name_their_owner_signed(client_of, principal, secondary):
    for url in (CREATE, OPTIONS):
        page = soup(client_of(principal).get(url))
        owners = {field["value"] for field in page.select("main form [name=form_owner]")}
        assert owners == {owner_token(principal)}


def test_a_form_without_a_signed_owner_is_not_kept(client, principal):
    """Otherwise an attacker could make another user send a form of the attacker."""
    another_salt = signing.Signer(salt=f"not {OWNER_SALT}").sign(str(principal.pk))
    for owner in ("", str(principal.pk), another_salt, "\x00"):
        response = client.post(CREATE, {**FORM, "form_owner": owner})
        assert response.status_code == 302, owner
        assert response.url.startswith(f"/ingresar/?next={CREATE}"), owner


def test_a_form_is_kept_through_a_wrong_password(client, principal):
    response = send(client, CREATE, principal, **FORM)
    again = sign_in_again(client, response, password="Otra20260")
    assert UnsentForm.loads(kept_blob(again)) == UnsentForm.loads(kept_blob(response))


# Sent again --------------------------------------------------------------------------------------


def test_the_owner_gets_the_first_step_back_without_the_passwords(client, principal):
    response = sign_in_again(client, send(client, CREATE, principal, **FORM))
    assert soup(response).h1.text == "Continúe donde estaba"
    assert FORM["password1"] not in response.content.decode()
    resent = client.post(CREATE, form_of(response, CREATE))
    page = soup(resent)
    assert page.find(id="id_first_name")["value"] == FORM["first_name"]
    assert page.find(id="id_username")["value"] == FORM["username"]
    assert "Ingrese la clave" in page.select_one(".error-summary").text
    passwords = {"password1": FORM["password1"], "password2": FORM["password2"]}
    done = client.post(CREATE, {**form_of(resent), "document_type": "1", **passwords})
    assert done.url == "/usuarios/nuevo/JPEREZ01/"


def test_the_owner_sends_the_options_of_the_second_step_again(client, principal, secondary):
    marks = {"option": ["90.1.1.1.1", "11.9.1.1.2"], "do": "save", "seen": ""}
    response = sign_in_again(client, send(client, OPTIONS, principal, **marks))
    assert not secondary.option_grants.exists()
    resent = client.post(OPTIONS, form_of(response, OPTIONS))
    assert resent.url == f"{OPTIONS}registro/"
    granted = secondary.option_grants.values_list("option_id", flat=True)
    assert set(granted) == set(marks["option"])


def test_the_address_of_the_form_is_kept_with_its_query(client, principal, secondary):
    response = send(client, f"{OPTIONS}?a=1&b=2", principal, do="search")
    assert form_of(sign_in_again(client, response), f"{OPTIONS}?a=1&b=2")


@pytest.mark.usefixtures("secondary", "stranger")
@pytest.mark.parametrize("who", [{"username": "JPEREZ01"}, {"ruc": OTHER_RUC}])
def test_no_other_account_is_offered_the_form(client, principal, who):
    response = sign_in_again(client, send(client, CREATE, principal, **FORM), **who)
    assert response.status_code == 302
    assert response.url == "/"


# Invalid blobs ----------------------------------------------------------------------------------------


def blob_of(principal, **changes) -> str:
    fields = [["form_owner", str(principal.pk)], ["first_name", "Kept"]]
    kept = {"path": CREATE, "owner": str(principal.pk), "fields": fields, **changes}
    return signing.dumps(kept, salt=SALT, compress=True)


def test_a_valid_blob_is_offered(client, principal):
    """The reference for the refusals below."""
    response = client.post("/ingresar/", {**TITULAR, "unsent": blob_of(principal)})
    assert soup(response).h1.text == "Continúe donde estaba"


def tampered(blob: str) -> str:
    head, *tail = blob.split(":")
    return ":".join([head[:-2] + ("AA" if head[-2:] != "AA" else "BB"), *tail])


def test_an_invalid_blob_is_ignored(principal):
    valid = blob_of(principal)
    form = {"path": CREATE, "owner": str(principal.pk), "fields": []}
    for kind, blob in {
        "tampered": tampered(valid),
        "another salt": signing.dumps(form, salt="other"),
        "another shape": signing.dumps(["not", "a", "form"], salt=SALT),
        "more keys": blob_of(principal, more="x"),
        "empty": "",
        "oversized": valid + "A" * 1024 * 1024,
        "NUL": "\x00" + valid,
    }.items():
        response = Client().post("/ingresar/", {**TITULAR, "unsent": blob})
        assert (response.status_code, response.url) == (302, "/"), kind


def test_an_expired_blob_is_ignored(client, principal, settings):
    settings.UNSENT_FORM_MAX_AGE = -1
    response = client.post("/ingresar/", {**TITULAR, "unsent": blob_of(principal)})
    assert (response.status_code, response.url) == (302, "/")


def test_a_form_of_too_many_fields_is_not_kept(client, principal, settings):
    many = ["90.1"] * (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)
    response = send(client, CREATE, principal, option=many)
    assert response.status_code == 302
    assert response.url.startswith("/ingresar/")


def test_the_kept_values_are_escaped(client, principal):
    hostile = '"><script>alert(1)</script>'
    response = sign_in_again(client, send(client, CREATE, principal, first_name=hostile))
    assert not soup(response).select("main script")
    assert form_of(response, CREATE)["first_name"] == [hostile]


# A stale token -----------------------------------------------------------------------------------


@pytest.fixture
def strict_client(principal):
    """A browser whose tokens are checked; the principal has signed in again in another tab."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(principal, backend="users.signin.backends.OperatorBackend")
    client.get(CREATE)
    return client


def test_a_form_with_a_stale_token_is_offered_again(strict_client, principal):
    response = strict_client.post(
        CREATE,
        {**FORM, "form_owner": owner_token(principal), "csrfmiddlewaretoken": "a" * 64},
        headers=HERE,
    )
    assert response.status_code == 403
    assert soup(response).h1.text == "Continúe donde estaba"
    assert FORM["password1"] not in response.content.decode()
    assert not User.objects.secondary().exists()
    resent = strict_client.post(CREATE, form_of(response, CREATE), headers=HERE)
    assert resent.status_code == 200
    assert soup(resent).find(id="id_username")["value"] == FORM["username"]


OLD_TOKEN = "La página estuvo abierta mucho tiempo. Vuelva a enviar."
ANOTHER_ORIGIN = "El formulario no salió de esta dirección"


@pytest.mark.parametrize(
    ("headers", "title"),
    [
        ({}, OLD_TOKEN),
        ({"Origin": "https://ajeno.example"}, ANOTHER_ORIGIN),
        ({"Origin": "null"}, ANOTHER_ORIGIN),
        ({"Origin": "https://testserver"}, ANOTHER_ORIGIN),
        ({"Origin": "http://testserver:8443"}, ANOTHER_ORIGIN),
        ({"Origin": "http://testserver.ajeno.example"}, ANOTHER_ORIGIN),
    ],
)
def test_a_form_of_another_site_is_not_offered(strict_client, principal, headers, title):
    response = strict_client.post(
        CREATE, {**FORM, "form_owner": owner_token(principal)}, headers=headers
    )
    assert response.status_code == 403
    assert soup(response).h1.text == title
    assert not soup(response).select("[name=first_name]")
    assert not User.objects.secondary().exists()


def test_a_form_of_another_account_is_not_offered(strict_client, secondary):
    response = strict_client.post(
        CREATE, {**FORM, "form_owner": owner_token(secondary)}, headers=HERE
    )
    assert response.status_code == 403
    assert not soup(response).select("[name=first_name]")


def test_no_password_of_a_password_change_is_kept(secondary, client_of):
    page = client_of(secondary).get("/clave/")
    owner = soup(page).select_one("[name=form_owner]")["value"]
    passwords = {"current_password": PASSWORD, "password1": "Distinta27", "password2": "Distinta27"}
    response = Client().post("/clave/", {"form_owner": owner, **passwords})
    blob = soup(response).select_one("[name=unsent]")["value"]
    kept = str(signing.loads(blob, salt=SALT))
    assert not any(password in kept for password in passwords.values())
