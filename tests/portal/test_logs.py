"""The log: one line for each event, with the facts of its request."""

import json
import logging
from datetime import datetime, timedelta
from io import BytesIO, StringIO

import pytest
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.core import exceptions
from django.db import DataError
from django.http import UnreadablePostError
from django.test import Client

from portal.logs import JsonFormatter, TextFormatter
from portal.middleware import NUMBER_ALPHABET, new_number
from tests.conftest import PASSWORD, RUC, person
from users.signin.hashers import HashingBusyError

URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def logged():
    """logged(formatter)() returns the lines written so far."""
    handlers = []

    def listen(formatter=None):
        stream = StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter or JsonFormatter())
        logging.getLogger().addHandler(handler)
        handlers.append(handler)
        return lambda: stream.getvalue().splitlines()

    yield listen
    for handler in handlers:
        logging.getLogger().removeHandler(handler)


@pytest.fixture
def events(logged):
    """events(logger) returns the parsed lines of that logger, or of all."""
    lines = logged()

    def parse(logger: str = "") -> list[dict]:
        parsed = map(json.loads, lines())
        return [event for event in parsed if event["logger"] == (logger or event["logger"])]

    return parse


def test_each_request_is_logged_in_one_line_with_its_facts(events, client_of, secondary):
    response = client_of(secondary).get("/usuarios/?texto=secreto", REMOTE_ADDR="192.0.2.7")
    (event,) = events("portal.access")
    assert datetime.fromisoformat(event["time"]).utcoffset() == timedelta(0)
    assert isinstance(event["ms"], int)
    assert event | {"time": "", "ms": 0} == {
        "time": "",
        "level": "WARNING",
        "logger": "portal.access",
        "message": "GET /usuarios/ 403",
        "request": response["X-Request-ID"],
        "user": "JPEREZ01",
        "ruc": RUC,
        "address": "192.0.2.7",
        "method": "GET",
        "path": "/usuarios/",
        "status": 403,
        "ms": 0,
    }


def test_a_staff_request_logs_no_ruc_and_an_anonymous_one_no_user(events, client_of, staff):
    client_of(staff).get("/admin/")
    Client().get("/ingresar/")
    of_staff, of_nobody = events("portal.access")
    assert (of_staff["user"], "ruc" in of_staff) == ("admin", False)
    assert "user" not in of_nobody


def test_an_invalid_csrf_token_is_logged_with_its_reason(events, principal):
    client = Client(enforce_csrf_checks=True)
    client.force_login(principal, backend="users.signin.backends.OperatorBackend")
    response = client.post("/usuarios/nuevo/", {"username": "INTRUSA1"})
    (event,) = events("django.security.csrf")
    assert "CSRF" in event["message"]
    assert event["request"] == response["X-Request-ID"]
    assert (event["user"], event["ruc"]) == ("TITULAR1", RUC)


@pytest.mark.parametrize("path", ["/accesos/?formato=csv", "/historial/?formato=csv"])
def test_an_export_is_logged(path, events, client_of, principal):
    response = client_of(principal).get(path)
    (event,) = events("profiles.spreadsheet")
    assert event["message"] == "export"
    assert event["file"] in response["Content-Disposition"]
    assert (event["user"], event["ruc"]) == ("TITULAR1", RUC)


def test_a_change_of_rights_is_logged_when_it_is_committed(
    events, caplog, client_of, principal, secondary, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.INFO, "users.audit")
    form = {"do": "save", "option": "11.9.1.1.1", "seen": ""}
    with django_capture_on_commit_callbacks() as kept:
        client_of(principal).post("/usuarios/JPEREZ01/perfiles/", form)
        assert events("users.audit") == []
    for callback in kept:
        callback()
    (event,) = events("users.audit")
    assert event["message"] == event["action"] == "options.assigned"
    assert (event["user"], event["ruc"], event["subject"]) == ("TITULAR1", RUC, "JPEREZ01")
    assert event["channel"] == "web"


def test_a_failure_is_logged_in_one_line_with_its_traceback(
    events, client_of, principal, monkeypatch
):
    def fail(*args, **kwargs):
        raise RuntimeError("no such luck")

    monkeypatch.setattr("portal.views.HomeView.get", fail)
    client = client_of(principal)
    client.raise_request_exception = False
    response = client.get("/")
    (event,) = events("django.request")
    assert event["level"] == "ERROR"
    assert event["request"] == response["X-Request-ID"]
    assert "no such luck" in event["exception"]


class Cut(BytesIO):
    """A form whose connection ends while it arrives."""

    def read(self, *size):
        raise ConnectionResetError


BIG = {"CONTENT_TYPE": URLENCODED, "CONTENT_LENGTH": str(3 * 1024**2)}
TOLD = {"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": "99"}
SIGN_IN = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}


def test_what_a_visitor_causes_is_a_warning_with_its_reason(events, client_of, db, monkeypatch):
    """For every ERROR is to be looked at."""
    visitor = client_of(None)
    visitor.raise_request_exception = False
    fields = "&".join(f"a{n}=1" for n in range(1001))
    files = {f"a{n}": StringIO("x") for n in range(101)}
    raising = {
        error.__name__: error("secret")
        for error in (
            *exceptions.SuspiciousOperation.__subclasses__(),
            exceptions.BadRequest,
            DisallowedModelAdminLookup,
            UnreadablePostError,
            HashingBusyError,
            OverflowError,
            DataError,
        )
    }
    asked = {
        "RequestDataTooBig": lambda: visitor.generic(
            "POST", "/ingresar/", "a" * 3 * 1024**2, **BIG
        ),
        "TooManyFieldsSent": lambda: visitor.generic("POST", "/ingresar/", fields, URLENCODED),
        "TooManyFilesSent": lambda: visitor.post("/ingresar/", files),
        "DisallowedHost": lambda: visitor.get("/ingresar/", headers={"Host": "ajeno.example"}),
        "UnreadablePostError": lambda: visitor.generic(
            "POST", "/ingresar/", **TOLD, **{"wsgi.input": Cut()}
        ),
        "HashingBusyError": lambda: busy(visitor, monkeypatch),
    }
    for reason, ask in asked.items():
        assert ask().status_code in (400, 413, 503), reason
    for reason, error in raising.items():
        monkeypatch.setattr("users.views.sign_in.SignInView.get", raises(error))
        assert visitor.get("/ingresar/").status_code in (400, 413, 503), reason
    lines = events("portal.access")
    assert [line["reason"] for line in lines] == [*asked, *raising]
    assert {line["level"] for line in lines} == {"WARNING"}
    assert len(events()) == len(lines)


def busy(client, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("users.views.sign_in.authenticate", raises(HashingBusyError()))
        return client.post("/ingresar/", SIGN_IN)


def raises(error: Exception):
    def fail(*arguments, **options):
        raise error

    return fail


def test_a_failed_readiness_check_is_logged_with_its_number(events, client, db):
    response = client.get("/salud/lista/")
    assert [event["request"] for event in events("django.request")] == [response["X-Request-ID"]]


@pytest.mark.parametrize("formatter", [JsonFormatter, TextFormatter])
@pytest.mark.parametrize("end", ["%0D%0A", "%0A", "%E2%80%A8", "%C2%85", "%1B[2J"])
def test_an_address_cannot_add_a_line_to_the_log(end, formatter, logged, client, db):
    lines = logged(formatter())
    client.get(f"/no-existe{end}2026-01-01 INFO admin entered/")
    (line,) = lines()
    assert line.isprintable()


def test_typed_text_cannot_add_a_line_to_the_log(logged, client_of, principal):
    client = client_of(principal)
    lines = logged()
    client.raise_request_exception = False
    fields = dict.fromkeys(person(90000099), "Ana\r\nINFO admin entered\u2028x")
    client.post("/usuarios/nuevo/", fields | {"username": "A\nB", "password1": PASSWORD})
    client.get("/usuarios/?texto=a%0Ab")
    assert {json.loads(line)["message"] for line in lines()} == {
        "POST /usuarios/nuevo/ 200",
        "GET /usuarios/ 200",
    }


def test_an_event_without_a_request_is_logged_alone(logged):
    lines = logged()
    logging.getLogger("portal").warning("Sin solicitud: %s", "ñ")
    (line,) = lines()
    assert {*json.loads(line)} == {"time", "level", "logger", "message"}
    assert json.loads(line)["message"] == "Sin solicitud: ñ"


def test_request_numbers_are_unique_and_can_be_read_aloud():
    numbers = {new_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert set("".join(numbers)) == {*NUMBER_ALPHABET, "-"}
    assert not set("ILOU") & set(NUMBER_ALPHABET)
