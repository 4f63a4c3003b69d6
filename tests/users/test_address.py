"""The client's address: the header of a proxy counts only behind a trusted proxy."""

from ipaddress import ip_network

import pytest
from django.test import RequestFactory

from tests.conftest import PASSWORD, RUC, person
from users.address import client_address
from users.models import AuditEntry, FailureCount, Session

PROXIES = [ip_network("10.0.0.0/8"), ip_network("2001:db8:9::/48")]


def address(remote: str, forwarded: str | None = None) -> str | None:
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=remote, **headers))


def test_without_a_trusted_proxy_the_header_is_ignored():
    for forwarded in (None, "198.51.100.1", "198.51.100.1, 10.0.0.2", "x"):
        for remote in ("192.0.2.1", "10.0.0.1"):
            assert address(remote, forwarded) == remote, forwarded


def test_behind_a_trusted_proxy_the_right_most_other_address_counts(settings):
    settings.TRUSTED_PROXIES = PROXIES
    cases = [
        # A client that bypasses the proxy is not trusted.
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        # Text further left comes from the client.
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.9, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, <script>", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, , 10.0.0.7", "10.0.0.7"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("2001:db8:9::1", "2001:db8:1::5", "2001:db8:1::5"),
        ("::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", None),
        ("unix:", "198.51.100.1", None),
    ]
    found = [(remote, forwarded, address(remote, forwarded)) for remote, forwarded, _ in cases]
    assert found == cases


def test_history_sessions_and_throttle_use_the_same_address(client, principal, settings):
    settings.TRUSTED_PROXIES = PROXIES
    proxied = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.9, 198.51.100.1"}
    sign_in = {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}
    client.post("/ingresar/", sign_in, **proxied)
    form = {
        **person(90000005),
        "username": "NUEVO001",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    client.post("/usuarios/nuevo/", form, **proxied)
    assert Session.objects.get().address == "198.51.100.1"
    assert AuditEntry.objects.get(subject__username="NUEVO001").address == "198.51.100.1"
    client.post("/ingresar/", sign_in, REMOTE_ADDR="198.51.100.1")
    assert FailureCount.objects.filter(key__startswith="address:").count() == 1


@pytest.mark.parametrize("kind", ["trusted", "not trusted"])
def test_a_changing_header_evades_the_limit_only_behind_a_trusted_proxy(
    client, operator, settings, clock, kind
):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1/32")] if kind == "trusted" else []
    for number in range(26):
        response = client.post(
            "/ingresar/",
            {"ruc": RUC, "username": f"NADIE{number:03}", "password": PASSWORD},
            HTTP_X_FORWARDED_FOR=f"203.0.113.9, 198.51.100.{number}",
        )
    assert ("Por seguridad" in response.content.decode()) == (kind == "not trusted")
