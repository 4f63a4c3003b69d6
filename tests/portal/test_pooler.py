"""The portal behind pgbouncer in transaction mode, as docs/operacion.md has it."""

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

import pytest
from django.db import connection

from tests import engines
from tests.places import environment
from tests.portal.conftest import Person
from tests.server import Answer, Server

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="pgbouncer pools connections to PostgreSQL"
)

EXPORTS = ["/usuarios/?formato=csv", "/accesos/?formato=csv", "/historial/?formato=csv"]
POOL, AT_ONCE, DOWNLOADS = 4, 30, 108


@pytest.fixture
def server(place, tmp_path):
    with engines.pooler(place, POOL) as pooled:
        settings = environment(pooled) | {"BEHIND_POOLER": "true"}
        with Server(settings, tmp_path / "log") as server:
            yield server


def test_every_download_behind_a_pooler_is_whole(server):
    principal = Person()
    assert principal.sign_in(server).status == 302
    alone = {path: principal.get(server, path) for path in EXPORTS}

    def download(path: str) -> tuple[str, Answer]:
        other = Person()
        other.cookies = principal.cookies
        return path, other.get(server, path)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(download, islice(cycle(EXPORTS), DOWNLOADS)))
    assert [path for path, answer in answers if answer.status != 200] == []
    assert [path for path, answer in answers if answer.content != alone[path].content] == []
    assert all(answer.content.count(b"\n") > 2 for answer in alone.values())
