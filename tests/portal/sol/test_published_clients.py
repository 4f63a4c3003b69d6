"""Published clients of the token service, as the registry has them (docs/testers.md)."""

import json
import ssl
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from portal.sol.token import account_of_token
from profiles.actions.grants import assign_options
from tests.conftest import PASSWORD, RUC, acting
from tests.environments import VARIABLES, environment, run, succeed

pytestmark = pytest.mark.django_db(transaction=True)

OPTION = "11.9.1.1.2"
CLIENTS = ("sunat-py==0.5.0", "facturacion-electronica-sunat-sdk==1.0.0rc9")
# The host that sunat-py has in its code.
HOST = "api-seguridad.sunat.gob.pe"

SUNAT_PY = """
import json, sys
from sunat_py.sunat.gre_client import get_gre_token
print(get_gre_token(**json.loads(sys.argv[1])))
"""
SUNAT_SDK = """
import json, sys
from sunat_sdk import gre_ticket
print(json.dumps(gre_ticket("ticket", **json.loads(sys.argv[1]))))
"""


class HostTaker(BaseHTTPRequestHandler):
    """A proxy that answers as HOST itself: what is sent to that host through it, the portal gets."""

    protocol_version = "HTTP/1.1"

    def do_CONNECT(self):
        self.server.asked.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()
        self.close_connection = False

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        portal = HTTPConnection(self.server.portal)
        portal.request("POST", self.path, body, {"Content-Type": self.headers["Content-Type"]})
        answer = portal.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        """Say nothing."""


@contextmanager
def host_taken(portal: str, folder: Path):
    """Yield the proxy, and the variables with which a process takes the portal for HOST."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    succeed(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
        *("-keyout", key, "-out", certificate, "-subj", f"/CN={HOST}"),
        *("-addext", f"subjectAltName=DNS:{HOST}"),
        *("-addext", "keyUsage=critical,digitalSignature,keyCertSign"),
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), HostTaker) as proxy:
        proxy.portal, proxy.asked = urlsplit(portal).netloc, []
        proxy.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        proxy.tls.load_cert_chain(certificate, key)
        Thread(target=proxy.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{proxy.server_port}"
        yield proxy, {"HTTPS_PROXY": address, "REQUESTS_CA_BUNDLE": str(certificate)}
        proxy.shutdown()


def test_published_clients_get_a_token_and_read_each_refusal(
    live_server, principal, secondary, tmp_path
):
    """sunat-py has HOST in its code, and finds the portal there; the SDK is told where the portal is."""
    assign_options(actor=acting(principal), user=secondary, codes=[OPTION], seen=[])
    python = environment(tmp_path / "environment", *CLIENTS)
    right = {"client_id": OPTION, "client_secret": "practica", "password": PASSWORD}
    refusals = [
        ({"password": "Otra20260"}, 400, "0102"),
        ({"username": principal.username}, 400, "0112"),
        ({"client_secret": "otra"}, 401, "401"),
    ]

    with host_taken(live_server.url, tmp_path) as (proxy, variables):

        def sunat_py(**changed: str):
            sent = {"ruc": RUC, "username": secondary.username, **right, **changed}
            return run(python, "-c", SUNAT_PY, json.dumps(sent), env=VARIABLES | variables)

        done = sunat_py()
        assert done.returncode == 0, done.stderr
        assert account_of_token(done.stdout.strip()) == secondary
        for changed, status, _ in refusals:
            assert f"HTTPError: {status} Client Error" in sunat_py(**changed).stderr
        assert {*proxy.asked} == {f"{HOST}:443"}

    def sunat_sdk(**changed: str) -> dict:
        # It takes no points in the identifier of a client.
        with_hyphens = {"client_id": OPTION.replace(".", "-")}
        sent = {"username": secondary.username, **right, **with_hyphens, **changed}
        sent["user"] = RUC + sent.pop("username")
        bases = {"token_base": f"{live_server.url}/v1/clientessol", "base": live_server.url}
        done = run(python, "-c", SUNAT_SDK, json.dumps(sent | bases), env=VARIABLES)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # It never shows its token; but with one it asks for the ticket, which the portal has not.
    assert sunat_sdk()["stage"] == "ticket"
    for changed, status, code in refusals:
        said = sunat_sdk(**changed)
        assert (said["stage"], said["http_status"], said["code"]) == ("token", status, code)
