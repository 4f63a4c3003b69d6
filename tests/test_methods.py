"""Every route by every method: only a form of an allowed visitor changes anything.

Complete by construction, as the access matrix is: both walk the URLconf.
"""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from profiles.models import AccessTemplate, LoadPlan
from tests.conftest import VISITORS, soup
from tests.routes import (
    CALLS_OF_PROGRAMS,
    FORMS,
    FORMS_OF_EVERYBODY,
    FORMS_OF_ROBOTS,
    MATRIX,
    OF_NO_COMPANY,
    converters,
    database,
    form_of,
    routes,
    url,
    without_what_is_new_each_time,
)
from tests.walking import walk, writes

# No page of ours takes these.
FOREIGN_METHODS = ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"]

ADMIN = ["/admin/", "/admin/login/", "/admin/users/user/", "/admin/users/user/add/"]


def test_every_route_that_takes_a_form_has_one_here(visitors, client_of):
    """A route that is in no table of forms refuses every POST."""
    principal = visitors["principal"]
    taking = {n for n in routes() if client_of(principal).post(url(n)).status_code != 405}
    calls = {name for name, methods in CALLS_OF_PROGRAMS.items() if "POST" in methods}
    assert taking == {*FORMS, *FORMS_OF_EVERYBODY, *FORMS_OF_ROBOTS, *calls}


@pytest.mark.parametrize("visitor", VISITORS)
def test_no_other_method_does_anything(visitor, visitors, client_of):
    client = client_of(visitors[visitor])
    before, wrong = database(), []
    with writes() as written:
        known = {url(name): methods for name, methods in CALLS_OF_PROGRAMS.items()}
        for address in [*map(url, MATRIX), *ADMIN]:
            for method in FOREIGN_METHODS:
                response = client.generic(method, address, "username=JPEREZ01&change=eliminate")
                # A call that takes the method takes it with a token.
                expected = 401 if method in known.get(address, ()) else 405
                if response.status_code != expected:
                    wrong.append((method, address, response.status_code))
            # It names the methods that a page takes, and nothing of what the page is about.
            asked = client.options(address)
            if asked.status_code == 200 and asked.content and address not in ADMIN:
                wrong.append(("OPTIONS", address))
    assert (wrong, written) == ([], [])
    assert database() == before


@pytest.mark.parametrize("visitor", ["secondary", "principal", "staff"])
def test_no_link_of_any_page_writes_or_fails(visitor, visitors, client_of):
    client = client_of(visitors[visitor])
    client.raise_request_exception = False
    seen = {}
    with writes() as written:
        for address, response in walk(client, "/admin/" if visitor == "staff" else "/"):
            seen[address] = response.status_code
    assert written == []
    assert {address: code for address, code in seen.items() if code not in (200, 302)} == {}
    assert len(seen) > {"secondary": 2, "principal": 30, "staff": 60}[visitor]


def test_looking_at_any_page_works_on_nothing_whatever_a_load_is_doing(visitors, client_of):
    client = client_of(visitors["principal"])
    for state in LoadPlan.State:
        LoadPlan.objects.update(state=state, applied_at=timezone.now())
        before = database()
        with writes() as written:
            for name in MATRIX:
                for method in ("GET", "HEAD"):
                    client.generic(method, url(name))
        assert (written, database()) == ([], before)


def test_every_page_that_answers_a_form_turns_into_one_that_was_asked_for(visitors, client_of):
    """Its script takes the form out of the browser's history, so that Back never sends it again."""
    principal, visitor = client_of(visitors["principal"]), client_of(None)
    pages = [(principal, url(name)) for name in [*FORMS, "users:own_password"]]
    pages += [(visitor, url("users:sign_in"))]
    pages += [(client_of(visitors["staff"]), reverse("admin:profiles_role_add"))]
    answered = 0
    for client, address in pages:
        for response, is_answer in [(client.get(address), False), (client.post(address), True)]:
            if response["Content-Type"].startswith("text/html") and response.content:
                has_script = bool(soup(response).select("script[src*='answered_form.js']"))
                assert has_script == is_answer, (address, is_answer)
                answered += is_answer
    assert answered > 10


def answer(client, method: str, address: str) -> tuple:
    """All that an answer tells: its status, its headers, its words, and what it cost."""
    with CaptureQueriesContext(connection) as captured:
        response = client.generic(method, address)
    new_each_time = ("Expires", "X-Request-ID")
    headers = {name: value for name, value in response.items() if name not in new_each_time}
    body = without_what_is_new_each_time(response)
    return response.status_code, headers, body, len(captured)


def test_a_foreign_object_and_one_that_does_not_exist_answer_alike(clock, visitors, client_of):
    client, wrong = client_of(visitors["stranger"]), []
    template = str(AccessTemplate.objects.get().pk)
    names = [name for name in MATRIX if converters(name) - OF_NO_COMPANY]
    assert len(names) > 20
    for name in names:
        foreign = url(name)
        missing = re.sub(r"JPEREZ01", "NADIE001", foreign).replace(f"/{template}/", "/999999999/")
        missing = re.sub(r"(-US-|/carga/)\d+", r"\g<1>999999999", missing)
        assert missing != foreign
        for method in ["GET", "POST", "HEAD", "OPTIONS"]:
            if answer(client, method, missing) != answer(client, method, foreign):
                wrong.append((name, method))
    assert wrong == []


def test_the_key_of_a_foreign_user_and_a_key_of_no_user_answer_alike(visitors, client_of):
    """``subject`` names the user that a form is about; it reaches the own operator only."""
    client, secondary = client_of(visitors["principal"]), visitors["secondary"]
    keys = [visitors["stranger"].pk, visitors["staff"].pk, "999999999", "9" * 30, "9" * 5000]
    keys += ["-1", "0", "1e3", "²", " 1", f"{secondary.pk}\x00", "None"]
    names = [name for name in FORMS if "username" in converters(name)]
    before, wrong = database(), []
    assert len(names) > 10
    for name in names:
        for key in keys:
            code = client.post(url(name), {**form_of(name), "subject": key}).status_code
            if code != 404:
                wrong.append((name, str(key)[:12], code))
    assert wrong == []
    assert database() == before


# Forms of other sites -----------------------------------------------------------------------------

FORGED_TOKENS = [{}, *({"csrfmiddlewaretoken": token} for token in ("", "a", "a" * 64))]


def test_a_form_that_another_site_sends_is_refused(visitors, client_of):
    signed_in = {name: client_of(visitors[name]) for name in ("anonymous", "principal", "staff")}
    for client in signed_in.values():
        client.handler.enforce_csrf_checks = True
    before, wrong = database(), []
    for name in [*FORMS, *FORMS_OF_EVERYBODY, "admin"]:
        visitor = {
            "users:sign_in": "anonymous",
            "sol:login_menu": "anonymous",
            "admin": "staff",
        }.get(name, "principal")
        client = signed_in[visitor]
        address = reverse("admin:users_user_add") if name == "admin" else url(name)
        good = {"username": "intruso"} if name == "admin" else form_of(name)
        token = client.get(reverse("users:sign_in")).context["csrf_token"]
        old = "La página estuvo abierta mucho tiempo. Vuelva a enviar."
        tries = [({**good, **forged}, "http://testserver", old) for forged in FORGED_TOKENS]
        genuine = {**good, "csrfmiddlewaretoken": str(token)}
        other = "El formulario no salió de esta dirección"
        tries += [(genuine, origin, other) for origin in ("https://otro.example", "null")]
        for sent, origin, title in tries:
            response = client.post(address, sent, headers={"origin": origin})
            page = soup(response)
            answer = (response.status_code, page.html["lang"], page.h1.text)
            if answer != (403, "es-PE", title):
                wrong.append((name, origin, response.status_code, page.h1.text))
    assert wrong == []
    assert database() == before


def test_the_same_forms_are_taken_with_the_pages_own_token(visitors):
    """Or the refusals above would prove nothing."""
    client = Client(enforce_csrf_checks=True)
    token = client.get(reverse("users:sign_in")).context["csrf_token"]
    genuine = {**FORMS_OF_EVERYBODY["users:sign_in"], "csrfmiddlewaretoken": str(token)}
    response = client.post(reverse("users:sign_in"), genuine)
    # The principal of the visitors has a second factor.
    assert response.url == reverse("users:sign_in_code")
