"""The headers of every response, with the settings of a real installation."""

import json
import subprocess
import sys
from ipaddress import ip_network

import pytest
from django.test import Client
from django.urls import reverse

from portal import views
from tests.portal.conftest import BEHIND_PROXY

# Print the settings without DEMO; the tests run with it.
DUMP = """
import json
import portal.settings
prefixes = ("SECURE_", "SESSION_COOKIE_", "CSRF_COOKIE_", "DEVICE_COOKIE_")
values = vars(portal.settings).items()
print(json.dumps({name: value for name, value in values if name.startswith(prefixes)}))
"""


@pytest.fixture(scope="session")
def transport_settings() -> dict:
    printed = subprocess.run(
        [sys.executable, "-c", DUMP],
        env=BEHIND_PROXY,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(printed.stdout)


@pytest.fixture
def production(settings, transport_settings):
    for name, value in transport_settings.items():
        setattr(settings, name, value)
    settings.BEHIND_TLS_PROXY = True
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]


@pytest.fixture
def over_tls(production, client_of):
    """over_tls(user) returns a client signed in as that user, behind the TLS proxy."""

    def make(user=None) -> Client:
        client = client_of(user)
        client.defaults |= {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "testserver"}
        client.defaults["HTTP_X_FORWARDED_FOR"] = "192.0.2.1"
        client.raise_request_exception = False
        return client

    return make


def policy(response) -> dict[str, list[str]]:
    directives = response["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (each.split() for each in directives)}


def grade(response) -> dict[str, int]:
    """Assert the criteria of Mozilla's Observatory for the grade A+."""
    csp = policy(response)
    safe = not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & {
        source for sources in csp.values() for source in sources
    }
    hsts = response.get("Strict-Transport-Security", "")
    cookies = response.cookies.values()
    return {
        "content security policy": 5 if safe and "default-src" in csp else -25,
        "framing": 5 if csp.get("frame-ancestors") == ["'none'"] else -20,
        "referrer": 5 if response.get("Referrer-Policy") == "same-origin" else 0,
        "sniffing": 0 if response.get("X-Content-Type-Options") == "nosniff" else -5,
        "tls only": 0 if "max-age=31536000" in hsts and "includeSubDomains" in hsts else -20,
        "cookies": 5
        if all(c["secure"] and c["httponly"] and c["samesite"] for c in cookies)
        else -20,
        "other origins": 0 if "Access-Control-Allow-Origin" not in response else -50,
        "own resources": 0 if response["Cross-Origin-Resource-Policy"] == "same-origin" else -5,
    }


KINDS = {
    "a page": ("principal", "/usuarios/", 200),
    "the sign-in page": (None, "/ingresar/", 200),
    "a redirect": (None, "/usuarios/", 302),
    "a redirect of the frame": ("staff", "/", 302),
    "an export": ("principal", "/accesos/?formato=csv", 200),
    "nothing there": ("principal", "/no-existe/", 404),
    "a refusal": ("secondary", "/usuarios/", 403),
    "a method refused": ("principal", "/salir/", 405),
    "the administration": ("staff", "/admin/users/user/", 200),
    "its door": (None, "/admin/login/", 200),
    "a style sheet": (None, "/static/portal/portal.css", 200),
    "a script of the administration": (None, "/static/admin/js/core.js", 200),
    "health": (None, "/salud/", 200),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_is_graded_a_plus(kind, over_tls, principal, secondary, staff):
    visitor, path, status = KINDS[kind]
    people = {"principal": principal, "secondary": secondary, "staff": staff, None: None}
    response = over_tls(people[visitor]).get(path)
    assert response.status_code == status
    assert_careful(response)


def test_a_failure_and_a_refused_host_are_graded_a_plus(over_tls, principal, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(views.HomeView, "get", fail)
    client = over_tls(principal)
    for status, headers in {500: {}, 400: {"Host": "evil.example"}}.items():
        response = client.get("/", headers=headers)
        assert response.status_code == status
        assert_careful(response)


def assert_careful(response):
    marks = grade(response)
    assert 100 + sum(marks.values()) >= 100, marks
    assert min(marks.values()) >= 0, marks
    csp = policy(response)
    assert csp["default-src"] == csp["form-action"] == ["'self'"]
    for directive in ("object-src", "base-uri", "frame-ancestors"):
        assert csp[directive] == ["'none'"]
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert "Server" not in response
    assert "X-Powered-By" not in response


def test_plain_http_redirects_to_tls_with_the_same_headers(over_tls):
    response = Client().get("/ingresar/")
    assert (response.status_code, response["Location"]) == (301, "https://testserver/ingresar/")
    assert policy(response)["default-src"] == ["'self'"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_cookies_are_host_only_secure_and_hidden_from_scripts(over_tls, principal):
    client = over_tls()
    client.get("/ingresar/")
    fields = {"ruc": principal.operator.ruc, "username": "TITULAR1", "password": "Practica2026"}
    client.post("/ingresar/", fields)
    assert set(client.cookies) == {"__Host-sessionid", "__Host-csrftoken", "__Host-device"}
    for cookie in client.cookies.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


def test_a_form_is_accepted_over_tls_from_the_same_site_only(over_tls, principal):
    client = Client(enforce_csrf_checks=True)
    client.defaults |= over_tls().defaults
    page = client.get("/ingresar/")
    token = page.context["csrf_token"]
    fields = {"ruc": "1", "csrfmiddlewaretoken": str(token)}
    for origin, status in {"https://testserver": 200, "https://evil.example": 403}.items():
        response = client.post("/ingresar/", fields, headers={"Origin": origin})
        assert response.status_code == status


def test_a_header_of_tls_is_believed_from_a_trusted_proxy_only(over_tls, caplog):
    assert over_tls().get("/ingresar/").status_code == 200
    assert caplog.messages == ["GET /ingresar/ 200"]
    without_address = over_tls()
    del without_address.defaults["HTTP_X_FORWARDED_FOR"]
    for client, remote, reason in [
        (over_tls(), "127.0.0.2", "not in TRUSTED_PROXIES"),
        (without_address, "127.0.0.1", "no X-Forwarded-For"),
    ]:
        response = client.get("/ingresar/", REMOTE_ADDR=remote)
        assert response.url == "https://testserver/ingresar/"
        assert reason in caplog.messages


@pytest.mark.parametrize("path", ["/salud/", "/salud/lista/"])
def test_health_checks_use_plain_http_on_the_loopback_address(path, production, small_catalog):
    assert Client().get(path).status_code == 200


def test_a_page_of_the_administration_holds_nothing_inline(over_tls, staff, principal):
    client = over_tls(staff)
    for name in ("users_user", "operators_operator", "profiles_option"):
        for action in ("changelist", "add"):
            response = client.get(reverse(f"admin:{name}_{action}"))
            if response.status_code == 200:
                assert b"<style" not in response.content
                assert b" style=" not in response.content
                assert b" onclick=" not in response.content
