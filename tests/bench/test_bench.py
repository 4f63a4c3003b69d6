"""The benchmark measures everything, and fails when it cannot; how much is for ``make bench``."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings

from tests.bench.data import QUICK
from tests.bench.report import Figure
from tests.bench.works import HASHING, OF_MANY_OPTIONS, OF_MANY_USERS, PAGES, Visitor
from tests.places import ROOT


def bench(**variables: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tests.bench", "--quick"]
    environment = {"PATH": os.environ["PATH"], **variables}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3",
    reason="it makes its own database, the same one beside any other",
)
def test_a_quick_run_measures_every_work_at_every_size():
    done = bench()
    assert done.returncode == 0, done.stderr
    table = [line[2:].split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    rows = {tuple(cells[:4]): cells[4:] for cells in table[2:]}
    works, (small, large) = PAGES | HASHING, QUICK.sizes
    keys = {(work, portal, small, QUICK.options) for portal in QUICK.sizes for work in works}
    keys |= {(work, large, QUICK.largest, QUICK.options) for work in OF_MANY_USERS}
    keys |= {(work, large, small, QUICK.more_options) for work in OF_MANY_OPTIONS}
    assert rows.keys() == {tuple(map(str, key)) for key in keys}
    for median, p95, p99, ratio, _, _, first, following, _ in rows.values():
        assert 0 < number(median) <= number(p95) <= number(p99)
        assert number(ratio) > 0
        assert number(first) >= number(following) > 0
    assert {key[0] for key, cells in rows.items() if cells[-1] != " |"} == {*works}
    assert number(rows["Opciones", str(large), str(small), str(QUICK.options)][4]) > 3
    assert done.stdout.count("cumple\n") + done.stdout.count("NO CUMPLE\n") == 25


def number(text: str) -> float:
    return float(text.replace(",", "."))


@pytest.mark.parametrize(
    ("at_least", "measured", "verdict"),
    [
        (False, 1.1, "cumple"),
        (False, 1.11, "NO CUMPLE"),
        (True, 1.1, "cumple"),
        (True, 1.09, "NO CUMPLE"),
    ],
)
def test_a_limit_is_the_most_or_the_least(at_least, measured, verdict):
    assert str(Figure("", measured, "×", 1.1, at_least)).endswith(f": {verdict}")


def test_an_answer_with_another_status_is_not_measured(monkeypatch):
    monkeypatch.setattr(Visitor, "get", lambda *arguments: SimpleNamespace(status=503))
    with pytest.raises(AssertionError, match="/historial/: 503"):
        Visitor(None).send("/historial/")


def test_a_run_without_its_database_fails():
    done = bench(DATABASE_URL="postgres://127.0.0.1:1/none")
    assert done.returncode == 1
    assert done.stdout == ""
