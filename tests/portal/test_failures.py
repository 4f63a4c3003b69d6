"""The error pages: in Spanish, numbered, and independent of what failed."""

import re
import socket
import threading
from contextlib import contextmanager, suppress
from io import BytesIO

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.http import Http404, HttpResponse
from django.template import loader
from django.test import Client

from portal import errors, views
from portal.middleware import NUMBER_ALPHABET
from tests.conftest import PASSWORD, RUC, person, soup
from users.models import AuditEntry, User

NUMBER = re.compile(f"^[{NUMBER_ALPHABET}]{{4}}-[{NUMBER_ALPHABET}]{{4}}$")


@pytest.fixture
def home_fails(monkeypatch, client_of, principal):
    """home_fails(error) returns the response to a page whose view raises the error."""

    def ask(error: Exception):
        def fail(*args, **kwargs):
            raise error

        monkeypatch.setattr(views.HomeView, "get", fail)
        return patient(client_of(principal)).get("/")

    return ask


def patient(client: Client) -> Client:
    """Return the client; it gets the error page instead of the exception."""
    client.raise_request_exception = False
    return client


def answered(response_or_error):
    """Return a view that returns a response or raises an error."""

    def get(self, request):
        if isinstance(response_or_error, Exception):
            raise response_or_error
        return response_or_error

    return get


@pytest.mark.parametrize(
    ("outcome", "status", "title"),
    [
        (BadRequest(), 400, "Solicitud no válida"),
        (PermissionDenied(), 403, "No tiene acceso a esta página"),
        (Http404(), 404, "No se encontró la página"),
        (HttpResponse(status=405), 405, "No se puede abrir esta página directamente"),
        (HttpResponse(status=413), 413, "Lo que envió es demasiado grande"),
        (HttpResponse(status=429), 429, "Demasiados intentos seguidos"),
        (RuntimeError("no such luck"), 500, "Algo falló en el simulador"),
        (OperationalError("gone"), 503, "El simulador no está disponible por el momento"),
        (HttpResponse(status=503), 503, "El simulador no está disponible por el momento"),
    ],
)
def test_each_error_page_says_what_to_do_and_shows_the_request_number(
    outcome, status, title, client_of, principal, monkeypatch
):
    monkeypatch.setattr(views.HomeView, "get", answered(outcome))
    response = patient(client_of(principal)).get("/")
    assert response.status_code == status
    page = soup(response)
    assert page.html["lang"] == "es-PE"
    assert [heading.text for heading in page.select("h1")] == [title]
    assert page.title.text == f"{title} – Comunidad del Operador (simulador)"
    assert page.select_one("main a")["href"] == "/"
    assert NUMBER.match(page.select_one("main .code").text)
    assert page.select_one("main .code").text == response["X-Request-ID"]
    assert "no such luck" not in page.text
    assert not page.select("style, [style], script:not([src])")


def test_a_form_without_the_cookie_of_its_token_has_an_error_page_with_a_number(principal):
    client = Client(enforce_csrf_checks=True)
    client.force_login(principal, backend="users.signin.backends.OperatorBackend")
    response = client.post("/usuarios/nuevo/", {"username": "INTRUSA1"})
    assert response.status_code == 403
    page = soup(response)
    assert page.h1.text == "Su navegador no envió la cookie del portal"
    assert page.select_one("main .code").text == response["X-Request-ID"]


def test_an_error_page_keeps_the_headers_of_its_response(client_of, principal, monkeypatch):
    busy = HttpResponse(status=429, headers={"Retry-After": "60"})
    monkeypatch.setattr(views.HomeView, "get", answered(busy))
    assert client_of(principal).get("/")["Retry-After"] == "60"


def test_the_number_on_a_failure_page_is_the_one_in_the_log(home_fails, caplog):
    response = home_fails(RuntimeError("no such luck"))
    (failure,) = (line for line in caplog.records if line.name == "django.request")
    assert failure.exc_info
    assert failure.request.number == response["X-Request-ID"]


@pytest.mark.parametrize("error", [RuntimeError(), OperationalError(), InterfaceError()])
def test_a_failure_page_needs_neither_database_nor_session_nor_files(rf, settings, error):
    """Without the ``db`` fixture a query fails the test; so does a static file, without manifest."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {
            "BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
            "OPTIONS": {"location": "/no-such-folder"},
        }
    }
    with pytest.raises(ValueError, match="manifest"):
        loader.get_template("404.html").render()
    request = rf.get("/")
    request.number = "0000-0000"
    try:
        raise error
    except type(error):
        response = errors.server_error(request)
    assert response.status_code in (500, 503)
    assert "SIMULADOR DE PRÁCTICA" in soup(response).text
    assert "0000-0000" in soup(response).text


@pytest.mark.parametrize(
    "body",
    [
        {"ruc": "9" * (3 * 1024 * 1024)},
        {f"campo{n}": "1" for n in range(1001)},
    ],
    ids=["a field of 3 MB", "1001 fields"],
)
def test_an_oversized_form_is_refused(body, client, db):
    encoded = "&".join(f"{name}={value}" for name, value in body.items())
    response = client.post("/ingresar/", encoded, "application/x-www-form-urlencoded")
    assert response.status_code == (413 if len(body) == 1 else 400)
    assert soup(response).h1.text in ("Lo que envió es demasiado grande", "Solicitud no válida")


def test_an_oversized_file_is_refused_before_it_is_read(client, db, settings):
    class Unreadable(BytesIO):
        def read(self, *args):
            raise AssertionError("the body was read")

    response = client.generic(
        "POST",
        "/ingresar/",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(settings.MAX_REQUEST_BYTES + 1),
        **{"wsgi.input": Unreadable()},
    )
    assert response.status_code == 413
    assert soup(response).h1.text == "Lo que envió es demasiado grande"


@pytest.mark.parametrize("length", ["", "-1", "mucho", "9" * 30, "²"])
def test_a_content_length_that_is_not_a_number_is_ignored(length, client, db):
    assert client.get("/ingresar/", CONTENT_LENGTH=length).status_code in (200, 413)


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PUT", "PATCH", "DELETE", "FOO"])
@pytest.mark.parametrize("path", ["/ingresar/", "/admin/login/", "/no-existe/", "/salud/"])
def test_an_unknown_http_method_is_refused(method, path, client, db):
    response = client.generic(method, path, headers={"X-Secret": "echo"})
    assert response.status_code == 405
    assert soup(response).h1.text == "No se puede abrir esta página directamente"
    assert "TRACE" not in response["Allow"]
    assert "echo" not in response.content.decode()


def test_an_unknown_host_is_refused_and_not_echoed(client, db):
    response = client.get("/ingresar/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil" not in response.content.decode()
    assert soup(response).h1.text == "Solicitud no válida"


def test_a_request_under_a_path_of_another_site_is_refused(client, db):
    response = client.get("/ingresar/", SCRIPT_NAME="/comunidad")
    assert response.status_code == 400
    assert soup(response).h1.text == "Solicitud no válida"


# The database is gone, full, read-only -------------------------------------------------------------


def sign_in(client) -> HttpResponse:
    fields = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}
    return client.post("/ingresar/", fields)


def is_unavailable(response) -> bool:
    """Assert the whole page: when to retry, and what to tell the administrator."""
    page = soup(response)
    return (
        response.status_code == 503
        and int(response["Retry-After"]) > 0
        and page.h1.text == "El simulador no está disponible por el momento"
        and page.select_one("main .code").text == response["X-Request-ID"]
    )


def failures(caplog) -> list[str]:
    """Assert that each failure is logged once, so that they can be counted."""
    return [line.levelname for line in caplog.records if line.exc_info]


@contextmanager
def read_only():
    """Make the database read-only, like SQLite on a failing disk or a PostgreSQL standby."""
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": (
            "SET default_transaction_read_only = on",
            "SET default_transaction_read_only = off",
        ),
    }[connection.vendor]
    connection.cursor().execute(on)
    try:
        yield
    finally:
        connection.cursor().execute(off)


@pytest.mark.django_db(transaction=True)
def test_a_read_only_database_answers_503_until_it_is_writable(principal, client, caplog):
    patient(client)
    with read_only():
        assert is_unavailable(sign_in(client))
        assert failures(caplog) == ["ERROR"]
    assert sign_in(client).status_code == 302
    assert client.get("/").status_code == 200


@contextmanager
def no_room():
    """Limit the size of the database file, so that it cannot grow."""
    with connection.cursor() as cursor:
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        yield
        cursor.execute("PRAGMA max_page_count = 1073741823")


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="its disk can be made full")
def test_a_full_disk_answers_503_and_writes_nothing(principal, client_of):
    client = patient(client_of(principal))

    def create(number: int) -> HttpResponse:
        fields = person(90001000 + number) | {
            "username": f"LLENO{number:03}",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }
        return client.post("/usuarios/nuevo/", fields)

    with no_room():
        refused_at = next(n for n in range(500) if create(n).status_code != 302)
        assert is_unavailable(create(refused_at))
    created = AuditEntry.objects.filter(
        action="user.created", subject__is_principal=False
    ).values_list("subject", flat=True)
    assert set(created) == set(User.objects.secondary().values_list("pk", flat=True))
    assert len(created) == refused_at
    assert create(refused_at).status_code == 302


class Relay:
    """A TCP relay to PostgreSQL that can cut all connections and open again."""

    def __init__(self, host: str, port: int):
        self.target = (host, port)
        self.port = 0

    def open(self):
        self.sockets = [socket.create_server(("127.0.0.1", self.port))]
        self.port = self.sockets[0].getsockname()[1]
        threading.Thread(target=self.accept, args=self.sockets, daemon=True).start()

    def accept(self, listener):
        with suppress(OSError):
            while True:
                pair = [listener.accept()[0], socket.create_connection(self.target)]
                self.sockets += pair
                threading.Thread(target=self.copy, args=pair, daemon=True).start()
                threading.Thread(target=self.copy, args=pair[::-1], daemon=True).start()

    def copy(self, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def shut(self):
        while self.sockets:
            with self.sockets.pop() as door, suppress(OSError):
                # shutdown() wakes a thread that waits in accept() or recv(); close() does not.
                door.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay():
    before = {name: connection.settings_dict[name] for name in ("HOST", "PORT")}
    door = Relay(before["HOST"], int(before["PORT"]))
    door.open()
    connection.close()
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": str(door.port)}
    yield door
    connection.settings_dict |= before
    connection.close()
    door.shut()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a server that can be away")
def test_an_unreachable_database_server_answers_503_until_it_returns(
    principal, client_of, relay, caplog
):
    signed_in = patient(client_of(principal))

    def get(path: str, client: Client = signed_in) -> HttpResponse:
        # Django does this before each real request.
        close_old_connections()
        return client.get(path)

    assert get("/").status_code == 200
    relay.shut()
    assert is_unavailable(get("/"))
    assert failures(caplog) == ["ERROR"]
    assert is_unavailable(get("/usuarios/"))
    assert get("/salud/", Client()).status_code == 200
    assert get("/salud/lista/", Client()).json()["motivo"] == "La base de datos no responde."
    relay.open()
    assert get("/").status_code == 200
    assert get("/salud/lista/", Client()).status_code == 200
