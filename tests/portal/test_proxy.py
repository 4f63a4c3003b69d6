"""The server behind nginx with deploy/nginx.conf, on another port and without its certificate."""

import os
import re
import socket
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from django.conf import settings

from tests.conftest import OTHER_RUC, PASSWORD, RUC
from tests.engines import free_port, program
from tests.places import ROOT, environment
from tests.server import Browser, Server

SAMPLE = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
TRUSTED = re.search(r"^TRUSTED_PROXIES=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)[1]

# What nginx needs around the sample, all of it inside one folder.
FRAME = """
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log;
{user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {sample}
}}
"""


@contextmanager
def nginx(folder: Path, upstream: int):
    """Run nginx with the sample in front of that port; its own is the ``port`` of what is yielded."""
    command = program("nginx")
    port = free_port()
    sample = SAMPLE
    for written, here in {
        "listen 80;": "",
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "server_name portal.ejemplo.pe;": "",
        "http://127.0.0.1:8000": f"http://127.0.0.1:{upstream}",
        "/opt/comunidad-del-operador": str(ROOT),
    }.items():
        assert written in sample
        sample = sample.replace(written, here)
    sample = re.sub(r"ssl_certificate.*;", "", sample)
    user = "user root;" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(FRAME.format(folder=folder, user=user, sample=sample))
    process = subprocess.Popen([command, "-c", conf, "-p", folder, "-e", folder / "error.log"])
    try:
        for _ in range(1000):
            with suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port)).close()
                break
        yield SimpleNamespace(port=port)
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="module")
def server(place, tmp_path_factory):
    declared = {"BEHIND_TLS_PROXY": "true", "TRUSTED_PROXIES": TRUSTED}
    with Server(environment(place) | declared, tmp_path_factory.mktemp("server") / "log") as server:
        yield server


@pytest.fixture(scope="module")
def proxy(server, tmp_path_factory):
    with nginx(tmp_path_factory.mktemp("nginx"), server.port) as proxy:
        yield proxy


class Visitor(Browser):
    """A browser at an address of its own, which names the origin of its forms."""

    def __init__(self, proxy, address: str) -> None:
        super().__init__({"Origin": f"http://127.0.0.1:{proxy.port}"}, address)
        self.proxy = proxy
        self.cookies["csrftoken"] = "c" * 32

    def sign_in(self, ruc: str, username: str, password: str):
        form = {"ruc": ruc, "username": username, "password": password}
        return self.post(self.proxy, "/ingresar/", form | {"csrfmiddlewaretoken": "c" * 32})


def test_a_stranger_who_guesses_keeps_no_company_out(proxy, server):
    """The pool of an address is the stranger's own; forms pass at a port that is not 443."""
    stranger = Visitor(proxy, "127.0.0.66")
    stranger.headers["X-Forwarded-For"] = "127.0.0.67"
    answers = [
        stranger.sign_in(RUC, f"NADIE{number:03}", "Errada2026").content.decode()
        for number in range(2 * settings.SIGN_IN_FAILURES_PER_ADDRESS)
    ]
    assert any("Por seguridad" in answer for answer in answers)
    for number, ruc in enumerate((RUC, OTHER_RUC)):
        owner = Visitor(proxy, f"127.0.0.{70 + number}")
        assert owner.sign_in(ruc, "TITULAR1", PASSWORD).status == 302
        assert f"127.0.0.{70 + number}" in owner.get(proxy, "/sesiones/").content.decode()


def asked(port: int, request: bytes) -> tuple[int, str]:
    """Send the whole request and only then read: the status and the title of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    head, _, page = answer.partition("\r\n\r\n")
    found = BeautifulSoup(page, "html.parser")
    assert found.html["lang"] == "es-PE"
    return int(head.split()[1]), found.h1.text


GET = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n{}\r\n"
POST = "POST /ingresar/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n" + (
    f"Cookie: csrftoken={'c' * 32}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n"
)
INVALID = "Solicitud no válida"
TOO_LARGE = "Lo que envió es demasiado grande"


def test_what_is_no_request_gets_a_page_in_spanish(proxy, server):
    kinds = {
        GET.format("/" + "a" * 5_000, ""): 414,
        GET.format("/" + "a" * 9_000, ""): 414,
        GET.format("/", f"X-Long: {'a' * 9_000}\r\n"): None,
        GET.format("/", f"Cookie: {'a' * 40_000}\r\n"): None,
        GET.format("/", "Sin dos puntos\r\n"): None,
        GET.format("/", "Transfer-Encoding: otro\r\n"): None,
        "HOLA\r\n\r\n": 400,
        "GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n": None,
        "GET /\x01 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n": 400,
    }
    for port in (server.port, proxy.port):
        for request, expected in kinds.items():
            status, title = asked(port, request.encode())
            assert title in (INVALID, "No se encontró la página"), (port, request[:60])
            assert expected is None or status in (expected, 400), (port, request[:60], status)
            assert 400 <= status < 506
    lines = server.log.read_text(encoding="utf-8")
    assert " WARNING Invalid request from ip=127.0.0.1" in lines
    assert " ERROR " not in lines


def test_a_form_over_the_limit_is_answered_with_a_page_however_long_it_is(proxy, server):
    """Its answer is ready before it has arrived, and waits for it."""
    for port in (server.port, proxy.port):
        for size, times in {3 * 1024**2: 10, 31 * 1024**2: 1}.items():
            sent = POST.format(size).encode() + b"a" * size
            assert {asked(port, sent) for _ in range(times)} == {(413, TOO_LARGE)}
    beyond = settings.MAX_REQUEST_BYTES + 1
    assert asked(proxy.port, POST.format(beyond).encode()) == (413, TOO_LARGE)


def test_a_portal_that_is_down_is_said_in_spanish(tmp_path):
    with nginx(tmp_path, free_port()) as proxy:
        down = (502, "El simulador no está disponible por el momento")
        assert asked(proxy.port, GET.format("/", "").encode()) == down
        assert asked(proxy.port, GET.format("/refused.html", "").encode()) == (404, INVALID)
