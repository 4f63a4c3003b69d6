"""Every refusal is a problem document: that of a call, of a middleware, of an error handler."""

import pytest
from django.db import OperationalError

from portal.api import companies
from portal.api.api import api
from portal.problems import Problem
from tests.portal.api.conftest import problem
from users.signin.hashers import HashingBusyError

pytestmark = pytest.mark.django_db

NEW = {"types": ["AGENTE_ADUANA"]}


@pytest.mark.parametrize(
    ("method", "path", "sent", "options", "expected"),
    [
        ("GET", "/nothing", None, {}, (404, "not-found")),
        ("GET", "/", None, {}, (404, "not-found")),
        ("POST", "/companies/", NEW, {}, (404, "not-found")),
        ("GET", "/companies", None, {}, (405, "method-not-allowed")),
        ("PATCH", "/companies", NEW, {}, (405, "method-not-allowed")),
        ("TRACE", "/companies", None, {}, (405, "method-not-allowed")),
        ("BREW", "/companies", None, {}, (405, "method-not-allowed")),
        ("OPTIONS", "/companies", None, {}, (405, "method-not-allowed")),
        ("POST", "/companies", b"{", {}, (400, "not-json")),
        ("POST", "/companies", b"\xff\xfe{}", {}, (400, "not-json")),
        ("POST", "/companies", b"[" * 100_000, {}, (400, "not-json")),
        ("POST", "/companies", b'{"days": ' + b"9" * 5000 + b"}", {}, (400, "not-json")),
        ("POST", "/companies", b"types=X", {"type": "text/plain"}, (415, "not-json-type")),
        ("POST", "/companies", b"types=X", {"type": ""}, (415, "not-json-type")),
        ("POST", "/companies?%00", NEW, {}, (400, "bad-request")),
        (
            "POST",
            "/companies",
            NEW,
            {"type": "application/json; charset=utf-16"},
            (400, "bad-request"),
        ),
        ("POST", "/companies", b'"' + b"a" * 3_000_000 + b'"', {}, (413, "too-large")),
        ("POST", "/companies", NEW, {"Content_Length": "99999999999"}, (413, "too-large")),
        ("POST", "/companies", b"", {}, (422, "invalid")),
        ("POST", "/companies", b'{"types": ["\\ud800"]}', {}, (400, "not-json")),
        ("POST", "/companies", b'{"\\ud800": 1, "types": []}', {}, (400, "not-json")),
        ("POST", "/companies", b'{"days": NaN, "types": []}', {}, (400, "not-json")),
    ],
)
def test_a_refusal_is_a_document(visitor, method, path, sent, options, expected):
    assert problem(visitor.call(method, path, sent, **options)) == expected


def test_a_method_that_a_call_does_not_take_is_told_which_it_takes(visitor):
    assert visitor.get("/companies")["Allow"] == "POST"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError, (500, "server-error")),
        (HashingBusyError, (503, "unavailable")),
        (OperationalError, (503, "unavailable")),
        (OverflowError, (400, "bad-request")),
    ],
)
def test_a_failure_is_a_document_too_and_says_nothing_of_itself(
    visitor, monkeypatch, error, expected
):
    def fail(**company):
        raise error("a secret")

    monkeypatch.setattr(companies.practice, "create_for_visitor", fail)
    response = visitor.post("/companies", NEW)
    assert problem(response) == expected
    assert b"a secret" not in response.content
    assert response.has_header("Retry-After") == (expected[0] == 503)


def test_pages_stay_pages(client):
    assert client.get("/no-existe/")["Content-Type"].startswith("text/html")


# The document -------------------------------------------------------------------------------------


def test_the_document_is_published_and_names_every_call(client):
    response = client.get("/api/v1/openapi.json")
    document = response.json()
    assert document["openapi"] == "3.1.0"
    assert document == client.get("/api/v1/openapi.json").json()
    calls = {
        (path, method) for path, operations in document["paths"].items() for method in operations
    }
    assert ("/api/v1/companies", "post") in calls
    names = [o["operationId"] for each in document["paths"].values() for o in each.values()]
    assert len({*names}) == len(names) == len(calls)


def test_every_call_but_the_open_ones_asks_for_the_token_and_says_so():
    open_calls = {
        operation["operationId"]
        for operations in api.document["paths"].values()
        for operation in operations.values()
        if "security" not in operation
    }
    assert open_calls == {"create_company", "get_catalog"}


def test_the_document_says_how_each_call_is_refused():
    for operations in api.document["paths"].values():
        for operation in operations.values():
            refusals = {s: r for s, r in operation["responses"].items() if int(s) >= 400}
            assert {400, 500, 503} <= {*map(int, refusals)}
            assert all("application/problem+json" in r["content"] for r in refusals.values())


def test_the_type_of_a_problem_is_its_own():
    assert len({kind.type for kind in Problem}) == len(Problem)


def test_ninja_shows_no_page(client):
    for path in ("docs", "", "redoc"):
        assert client.get(f"/api/v1/{path}").status_code == 404
