"""Requests that no browser of ours sends: each is refused, none is a failure, and none takes long."""

import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from tests.conftest import PASSWORD, RUC, person
from tests.places import ROOT
from tests.routes import FORMS, database, url
from users.models import User

BOUNDARY = "multipart/form-data; boundary=b"
PART = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
FILE = '--b\r\nContent-Disposition: form-data; name="f{}"; filename="f"\r\n\r\nx\r\n'
URLENCODED = "application/x-www-form-urlencoded"

# What is sent, and as what. Each is refused with a 4xx.
REFUSED = {
    "a field of ten megabytes": (URLENCODED, b"username=" + b"a" * 10_000_000),
    "five thousand fields": (URLENCODED, b"&".join(b"a%d=1" % n for n in range(5000))),
    "five thousand parts": (
        BOUNDARY,
        "".join(PART.format(n, 1) for n in range(5000)) + "--b--\r\n",
    ),
    "a hundred and fifty files": (BOUNDARY, "".join(map(FILE.format, range(150))) + "--b--\r\n"),
    "a boundary of nothing": ("multipart/form-data; boundary=", b"--\r\n"),
    "no boundary": ("multipart/form-data", PART.format("a", 1)),
    "a boundary that is no text": ("multipart/form-data; boundary=\xff", b"--b\r\n"),
    "a charset of no text": (f"{URLENCODED}; charset=hex", b"username=a"),
    "a charset that is none": (f"{URLENCODED}; charset=no-existe", b"username=a"),
    "a charset of two bytes": (f"{URLENCODED}; charset=utf-16", "username=a".encode("utf-16")),
    "another charset": (f"{URLENCODED}; charset=iso-8859-1", "username=ñ".encode("latin-1")),
}

# And what is no form at all, or half of one: an empty form, with its own errors.
NO_FORM = {
    "a part without an end": (BOUNDARY, PART.format("username", "NUEVO001")),
    "a part without a name": (
        BOUNDARY,
        "--b\r\nContent-Disposition: form-data\r\n\r\na\r\n--b--\r\n",
    ),
    "a part without a header": (BOUNDARY, "--b\r\n\r\na\r\n--b--\r\n"),
    "base64 that is none": (
        BOUNDARY,
        '--b\r\nContent-Disposition: form-data; name="username"\r\n'
        "Content-Transfer-Encoding: base64\r\n\r\n!!!\r\n--b--\r\n",
    ),
    "JSON": ("application/json", b'{"username": "NUEVO001"}'),
    "XML": ("text/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
    "no type": ("", b"username=NUEVO001"),
    "a type that is none": ("/;;=", b"username=NUEVO001"),
    "bytes that are no text": (URLENCODED, b"username=\xff\xfe&first_name=%ff%fe"),
    "half an escape": (URLENCODED, b"username=%&first_name=%zz&=&&&"),
    "the same field a hundred times": (URLENCODED, b"username=NUEVO001&" * 100),
    "a field with a name of ten thousand characters": (URLENCODED, b"a" * 10_000 + b"=1"),
}


@pytest.mark.parametrize("door", ["users:sign_in", "users:create", "profiles:roles", "admin"])
def test_what_is_too_much_or_no_text_is_refused(door, visitors, client_of):
    address = "/admin/users/user/add/" if door == "admin" else url(door)
    visitor = {"users:sign_in": None, "admin": visitors["staff"]}.get(door, visitors["principal"])
    client, before, wrong = client_of(visitor), database(), []
    client.raise_request_exception = False
    for kind, (content_type, body) in REFUSED.items():
        code = client.generic("POST", address, body, content_type).status_code
        if not 400 <= code < 500:
            wrong.append((kind, code))
    assert wrong == []
    assert database() == before


# Forms of one button say all by being sent at all.
BUTTONS = {
    "users:close_sessions",
    "users:unlock",
    "users:remove_second_factor",
    "profiles:template_delete",
    "profiles:roles",
    "practice:token",
    "practice:reset",
}


def test_a_body_that_is_no_form_changes_nothing(visitors, client_of):
    client, before, wrong = client_of(visitors["principal"]), database(), []
    client.raise_request_exception = False
    for name in FORMS.keys() - BUTTONS:
        for kind, (content_type, body) in NO_FORM.items():
            code = client.generic("POST", url(name), body, content_type).status_code
            if code >= 500:
                wrong.append((name, kind, code))
        assert database() == before, name
    assert wrong == []


ADDRESSES = [
    "/usuarios/" + "9" * 30 + "/", "/usuarios/" + "A" * 5000 + "/", "/plantillas/" + "9" * 30 + "/", "/plantillas/" + "9" * 5000 + "/",
    "/plantillas/-1/", "/plantillas/0/", "/plantillas/1e3/", "/plantillas/٣/", "/opciones/" + "9." * 500 + "9/", "/opciones/0/",
    "/usuarios/%FF%FE/", "/usuarios/%00/", "/usuarios/..%2f..%2fetc%2fpasswd/", "/%2e%2e/%2e%2e/etc/passwd", "/usuarios//perfiles/",
    "/admin/users/user/" + "9" * 30 + "/change/", "/admin/users/user/" + "9" * 5000 + "/change/", "/admin/users/user/%00/change/",
    "/admin/users/user/_5F/change/", "/admin/profiles/option/" + "9" * 300 + "/change/", "/static/../portal/settings.py", "/.env", "/.git/HEAD",
]  # fmt: skip


@pytest.mark.parametrize("visitor", [None, "principal", "staff"])
def test_an_address_that_is_none_is_not_found(visitor, visitors, client_of):
    client, wrong = client_of(visitor and visitors[visitor]), []
    client.raise_request_exception = False
    for address in ADDRESSES:
        code = client.get(address).status_code
        if code not in (301, 302, 400, 403, 404):
            wrong.append((address[:40], code))
    assert wrong == []


# Look-alikes --------------------------------------------------------------------------------------

TWINS = [
    "jperez01", " JPEREZ01 ", "ＪＰＥＲＥＺ０１", "JPЕREZ01", "JPERE\u200bZ01", "JPEREZ01\u200b", "JPEREZ01\u00a0", "jPEREZ01", "JPEREZ0١",
    "ſPEREZ01", "JPEREZ01\x00", "\ufeffJPEREZ01", "JPEREZ\u00ad01", "\u202eJPEREZ01", "JPEREZ01\n", "𝐉PEREZ01",
]  # fmt: skip


def test_a_look_alike_of_a_usuario_is_refused_by_the_form_and_by_the_database(visitors, client_of):
    client, operator = client_of(visitors["principal"]), visitors["principal"].operator
    users = User.objects.count()
    for twin in TWINS:
        response = client.post(url("users:create"), {**FORMS["users:create"], "username": twin})
        assert response.status_code == 200, ascii(twin)
        assert User.objects.count() == users, ascii(twin)
        if "\x00" in twin:
            # Neither database holds one in a text.
            continue
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(operator=operator, username=twin, password="!", **person(94000000))


def test_a_look_alike_of_a_staff_account_is_refused(visitors, client_of):
    client, users = client_of(visitors["staff"]), User.objects.count()
    passwords = dict.fromkeys(["password1", "password2"], "otra-clave-muy-larga")
    for twin in ["ADMIN", "Admin", "аdmin", "admin\u200b", "ａdmin", " admin"]:
        response = client.post("/admin/users/user/add/", {"username": twin, **passwords})
        assert response.status_code == 200, ascii(twin)
        with pytest.raises(CommandError):
            call_command("createsuperuser", username=twin, email="", interactive=False)
        assert User.objects.count() == users, ascii(twin)


# Commands -----------------------------------------------------------------------------------------

# What a shell can pass: no NUL.
ARGUMENTS = [
    "",
    " ",
    "'; --",
    "%",
    "9" * 5000,
    "-1",
    "٣",
    "\u202e",
    "<script>",
    "a\nb",
    "😀",
    RUC + "0",
    "２０９９９９９９０４３",
]


def test_a_command_says_what_is_wrong_with_an_argument(visitors, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    before = database()
    for argument in ARGUMENTS:
        for name, arguments in [
            ("changepassword", {"username": argument or "x"}),
            ("changepassword", {"username": argument or "x", "ruc": RUC, "by": "admin"}),
            ("changepassword", {"username": "JPEREZ01", "ruc": argument, "by": "admin"}),
            ("changepassword", {"username": "JPEREZ01", "ruc": RUC, "by": argument}),
            ("clock", {"ruc": argument, "advance": "1h"}),
            ("clock", {"ruc": RUC, "advance": argument or "x"}),
            ("clock", {"ruc": RUC, "advance": "1h", "by": argument or "x"}),
        ]:
            with pytest.raises(CommandError):
                call_command(name, **arguments)
        assert database() == before, ascii(argument)[:20]


@pytest.mark.parametrize("command", ["changepassword", "clock", "createsuperuser"])
def test_bytes_that_are_no_text_are_refused_in_a_sentence(command):
    typed = [sys.executable, "manage.py", command, b"--ruc", b"\xff\xfe"]
    done = subprocess.run(typed, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Hay bytes que no son texto")
