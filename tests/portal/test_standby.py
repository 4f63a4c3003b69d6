"""A standby takes the place of a primary that dies, as docs/operacion.md has it."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from django.db import connection

from tests.conftest import PASSWORD, person
from tests.engines import Cluster, owned_folder, program
from tests.places import ROOT, environment
from tests.portal.conftest import Person, load_demo, made_and_recorded
from tests.server import Server

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL has standbys")

PAGE = (ROOT / "docs" / "operacion.md").read_text("utf-8")
OPTIONS = re.search(r"@pg1:5432,pg2:5432/portal(\?\S+)", PAGE)[1]


@pytest.fixture
def pair():
    """A primary, whose commits wait until the standby has them, and the standby."""
    program("pg_basebackup")
    with owned_folder() as one, owned_folder() as other:
        primary, standby = Cluster(one), Cluster(other)
        try:
            primary.create()
            primary.start(synchronous_standby_names="*")
            standby.follow(primary)
            standby.start()
            yield primary, standby
        finally:
            primary.die()
            standby.die()


def test_the_same_session_goes_on_when_the_primary_dies_and_nothing_committed_is_lost(
    pair, tmp_path
):
    primary, standby = pair
    hosts = ",".join(f"127.0.0.1:{cluster.port}" for cluster in pair)
    place = f"postgres://postgres@{hosts}/postgres{OPTIONS}"
    load_demo(place)
    told, statuses, enough = [], Counter(), False

    def create_users(server: Server, browser: Person) -> None:
        for number in count(93000000):
            form = person(number) | {"username": str(number)}
            form |= dict.fromkeys(("password1", "password2"), PASSWORD)
            answer = browser.post(server, "/usuarios/nuevo/", **form)
            statuses[answer.status] += 1
            if answer.status == 302:
                told.append(form["username"])
            if enough:
                return

    def wait_for_more() -> None:
        before = len(told)
        while len(told) < before + 5 and not working.done():
            time.sleep(0.01)

    with Server(environment(place), tmp_path / "log") as server, ThreadPoolExecutor() as pool:
        principal = Person()
        assert principal.sign_in(server).status == 302
        working = pool.submit(create_users, server, principal)
        wait_for_more()
        primary.die()
        standby.promote()
        wait_for_more()
        enough = True
        working.result()
        assert principal.get(server, "/").status == 200

    # Nothing but the page that says to come back, while there was no primary.
    assert statuses.keys() <= {302, 503}
    made, recorded = made_and_recorded(place)
    assert set(told) <= set(made)
    assert made == recorded
