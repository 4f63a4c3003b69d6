"""Two servers as ``make serve`` starts them, on one database: who asks either asks the portal.

They are of practice, so that they answer on plain http; nothing else of them is.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPException
from itertools import count, cycle, islice
from threading import Barrier

import pytest

from portal import demo
from tests.conftest import OTHER_RUC, PASSWORD, person
from tests.places import environment
from tests.portal.conftest import Person, made_and_recorded
from tests.server import MemoryWatch, Server


@pytest.fixture(scope="module")
def start(place, tmp_path_factory):
    """start() is one more server, which answers."""
    log = tmp_path_factory.mktemp("servers") / "log"
    with ExitStack() as servers:
        yield lambda: servers.enter_context(Server(environment(place), log))


@pytest.fixture(scope="module")
def servers(start) -> tuple[Server, Server]:
    return start(), start()


def test_neither_tells_its_version_or_echoes_a_request(servers):
    for server in servers:
        refused = Person().ask(server, "TRACE", "/ingresar/")
        assert refused.status == 405
        assert "csrftoken=" not in refused.content.decode()
        assert refused.headers["Server"] == "gunicorn"


def test_a_sign_in_on_one_is_valid_on_the_other_and_so_is_leaving(servers):
    one, other = servers
    browser = Person()
    assert browser.sign_in(one).status == 302
    home = browser.get(other, "/")
    assert home.status == 200
    assert "TITULAR1" in home.content.decode()
    assert browser.post(other, "/salir/").status == 302
    assert browser.get(one, "/").status == 302


def test_failures_counted_on_one_lock_the_account_on_the_other(servers, settings):
    one, other = servers
    for _ in range(settings.SIGN_IN_FAILURES):
        wrong = Person().sign_in(one, password="Errada2026", ruc=OTHER_RUC)
        assert "RUC, usuario o clave incorrectos." in wrong.content.decode()
    right = Person().sign_in(other, ruc=OTHER_RUC)
    assert right.status == 200
    assert "el acceso está bloqueado" in right.content.decode()


def test_a_suspension_through_one_ends_the_session_on_the_other_at_its_next_request(servers):
    one, other = servers
    principal, secondary = Person(), Person()
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
    reader, together = Person(), Barrier(AT_ONCE + 1)
    assert reader.sign_in(server).status == 302

    def enter(account):
        ruc, username, password = account
        together.wait()
        return Person().sign_in(server, username, password, ruc)

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
    assert all("bloqueado" in answer.content.decode() for answer in answers if answer.status == 200)
    assert {*pages} == {200}
    assert watch.peak < MOST_MEBIBYTES


def test_a_killed_process_loses_nothing_and_the_other_goes_on(servers, start, place):
    victim, survivor = start(), servers[1]
    number = count(93000000)
    told = {victim: [], survivor: []}
    enough = False

    def create_users(server: Server, browser: Person):
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
            assert answer.status == 302, answer.content.decode()
            told[server].append(form["username"])

    def wait_for_more(server: Server):
        before = len(told[server])
        while len(told[server]) < before + 5 and not any(work.done() for work in working):
            time.sleep(0.01)

    browsers = {server: Person() for server in told}
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
    made, recorded = made_and_recorded(place)
    assert {*told[victim], *told[survivor]} <= set(made)
    assert made == recorded
