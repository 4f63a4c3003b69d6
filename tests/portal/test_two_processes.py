"""Two servers as ``make serve`` starts them, on one database: who asks either asks the portal.

They are of practice, so that they answer on plain http; nothing else of them is.
"""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException
from http.cookies import SimpleCookie
from itertools import count, cycle, islice
from threading import Barrier
from urllib.parse import urlencode

import pytest

from portal import demo
from tests.bench.server import MemoryWatch, family, proportional_share
from tests.conftest import OTHER_RUC, PASSWORD, RUC, person
from tests.places import ROOT, environment, manage
from tests.portal.test_production import GUNICORN

START_SECONDS = 60


class Server:
    """A master and its workers, which only ``kill`` ends."""

    def __init__(self, place: str, log):
        with socket.create_server(("127.0.0.1", 0)) as door:
            self.port = door.getsockname()[1]
            self.process = subprocess.Popen(
                [sys.executable, *GUNICORN],
                cwd=ROOT,
                env=environment(place) | {"BIND": f"fd://{door.fileno()}"},
                pass_fds=[door.fileno()],
                stderr=log,
                # The group of all its processes, so that they can be killed together.
                start_new_session=True,
            )

    def memory(self) -> float:
        """What all its processes hold, in MiB."""
        return sum(map(proportional_share, family(self.process.pid))) / 1024

    def kill(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Browser:
    """What one person uses: its cookies are of the host, whichever port answers."""

    def __init__(self):
        self.cookies = {"csrftoken": "c" * 32}

    def get(self, server: Server, path: str):
        return self.ask(server, "GET", path)

    def post(self, server: Server, path: str, **form: str):
        form["csrfmiddlewaretoken"] = self.cookies["csrftoken"]
        return self.ask(server, "POST", path, urlencode(form))

    def ask(self, server: Server, method: str, path: str, body: str | None = None):
        headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = HTTPConnection("127.0.0.1", server.port, timeout=START_SECONDS)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        for header in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(header).items()}
        return answer

    def sign_in(self, server: Server, username="TITULAR1", password=PASSWORD, ruc=RUC):
        form = {"ruc": ruc, "username": username, "password": password}
        return self.post(server, "/ingresar/", **form)


@pytest.fixture(scope="module")
def place(make_place):
    place = make_place()
    manage(place, "migrate", "--verbosity", "0")
    manage(place, "load_demo")
    return place


@pytest.fixture(scope="module")
def start(place, tmp_path_factory):
    """start() is one more server, which answers."""
    running = []
    log = tmp_path_factory.mktemp("servers") / "log"

    def start_one() -> Server:
        with log.open("a") as lines:
            server = Server(place, lines)
        running.append(server)
        give_up = time.monotonic() + START_SECONDS
        while not is_ready(server):
            assert server.process.poll() is None, log.read_text()
            assert time.monotonic() < give_up, log.read_text()
        return server

    yield start_one
    for server in running:
        if server.process.poll() is None:
            server.kill()


def is_ready(server: Server) -> bool:
    try:
        return Browser().get(server, "/salud/lista/").status == 200
    except OSError:
        time.sleep(0.1)
        return False


@pytest.fixture(scope="module")
def servers(start) -> tuple[Server, Server]:
    return start(), start()


def test_they_are_started_as_make_serve_does():
    serve = (ROOT / "Makefile").read_text().split("\nserve:")[1].split("\texec ")[1]
    assert shlex.split(serve.splitlines()[0])[1:] == GUNICORN


def test_neither_tells_its_version_or_echoes_a_request(servers):
    for server in servers:
        refused = Browser().ask(server, "TRACE", "/ingresar/")
        assert refused.status == 405
        assert "csrftoken=" not in refused.text
        assert refused.headers["Server"] == "gunicorn"


def test_a_sign_in_on_one_is_valid_on_the_other_and_so_is_leaving(servers):
    one, other = servers
    browser = Browser()
    assert browser.sign_in(one).status == 302
    home = browser.get(other, "/")
    assert home.status == 200
    assert "TITULAR1" in home.text
    assert browser.post(other, "/salir/").status == 302
    assert browser.get(one, "/").status == 302


def test_failures_counted_on_one_lock_the_account_on_the_other(servers, settings):
    one, other = servers
    for _ in range(settings.SIGN_IN_FAILURES):
        wrong = Browser().sign_in(one, password="Errada2026", ruc=OTHER_RUC)
        assert "RUC, usuario o clave incorrectos." in wrong.text
    right = Browser().sign_in(other, ruc=OTHER_RUC)
    assert right.status == 200
    assert "el acceso está bloqueado" in right.text


def test_a_suspension_through_one_ends_the_session_on_the_other_at_its_next_request(servers):
    one, other = servers
    principal, secondary = Browser(), Browser()
    assert secondary.sign_in(other, "CVALDEZ1", "Practica01").status == 302
    assert secondary.get(other, "/").status == 200
    principal.sign_in(one)
    suspended = principal.post(one, "/usuarios/CVALDEZ1/estado/", change="suspend")
    assert suspended.status == 302
    assert secondary.get(other, "/").status == 302


AT_ONCE = 64
# Each hash takes 19 MiB while it is made; 64 of them would be 1.2 GiB.
MOST_MEBIBYTES = 1024


def test_many_who_enter_at_once_are_let_in_or_told_when_to_come_back(servers):
    server = servers[0]
    accounts = [
        (operator["ruc"], account["username"], account["password"])
        for operator in demo.operators()
        for account in operator["accounts"]
        # But what is suspended, and what other tests lock or suspend.
        if "state" not in account and operator["ruc"] != OTHER_RUC
        if account["username"] != "CVALDEZ1"
    ]
    reader, together = Browser(), Barrier(AT_ONCE + 1)
    assert reader.sign_in(server).status == 302

    def enter(account):
        ruc, username, password = account
        together.wait()
        return Browser().sign_in(server, username, password, ruc)

    with MemoryWatch(server) as watch, ThreadPoolExecutor(AT_ONCE) as pool:
        entering = [pool.submit(enter, account) for account in islice(cycle(accounts), AT_ONCE)]
        together.wait()
        pages = []
        while not all(work.done() for work in entering):
            pages.append(reader.get(server, "/").status)
    answers = [work.result() for work in entering]
    # Of one account no more than five at once: more are taken for guesses (decision 10).
    assert {answer.status for answer in answers} <= {302, 200, 503}
    assert sum(answer.status == 302 for answer in answers) >= len(accounts)
    assert all(answer.headers["Retry-After"] for answer in answers if answer.status == 503)
    assert all("bloqueado" in answer.text for answer in answers if answer.status == 200)
    assert {*pages} == {200}
    assert watch.peak < MOST_MEBIBYTES


def test_of_one_that_is_killed_at_its_work_nothing_is_lost_and_the_other_goes_on(
    servers, start, place
):
    victim, survivor = start(), servers[1]
    number = count(93000000)
    told = {victim: [], survivor: []}
    enough = False

    def create_users(server: Server, browser: Browser):
        """Until it is enough, or the one to be killed is gone."""
        while not enough:
            form = person(next(number))
            form |= {"username": form["document_number"]}
            form |= dict.fromkeys(("password1", "password2"), PASSWORD)
            try:
                answer = browser.post(server, "/usuarios/nuevo/", **form)
            except (OSError, HTTPException):
                if server is survivor:
                    raise
                return
            assert answer.status == 302, answer.text
            told[server].append(form["username"])

    def wait_for_more(server: Server):
        before = len(told[server])
        while len(told[server]) < before + 5 and not any(work.done() for work in working):
            time.sleep(0.01)

    browsers = {server: Browser() for server in told}
    for browser in browsers.values():
        browser.sign_in(victim)
    with ThreadPoolExecutor() as pool:
        working = [pool.submit(create_users, *pair) for pair in browsers.items()]
        wait_for_more(victim)
        wait_for_more(survivor)
        victim.kill()
        while not working[0].done():
            time.sleep(0.01)
        working.pop(0).result()
        wait_for_more(survivor)
        enough = True
        working[0].result()

    assert min(map(len, told.values())) >= 5
    assert browsers[victim].get(survivor, "/").status == 200
    made, recorded = json.loads(manage(place, "shell", "--verbosity", "0", "--command", EXAMINE))
    assert {*told[victim], *told[survivor]} <= set(made)
    assert made == recorded


# Who was made, and who has an entry that says so.
EXAMINE = """
import json
from users.models import AuditEntry, User

made = User.objects.filter(username__startswith="93").order_by("username")
entries = AuditEntry.objects.filter(action="user.created", subject__in=made).order_by("subject")
print(json.dumps([list(rows) for rows in (
    made.values_list("username", flat=True),
    entries.values_list("subject__username", flat=True),
)]))
"""
