"""The benchmark measures what it says, with little of everything; how much is for ``make bench``."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from tests.bench import report
from tests.bench.scale import QUICK
from tests.bench.server import COMMAND
from tests.bench.targets import Verdict
from tests.bench.works import HASHING, OF_MANY_OPTIONS, OF_MANY_USERS, PAGES
from tests.portal.test_production import GUNICORN


@pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3",
    reason="it makes its own database, the same one beside any other",
)
def test_a_quick_run_measures_everything_once(tmp_path):
    """One test for all of it, for it is one run of many seconds."""
    subprocess.run(
        [sys.executable, "-m", "tests.bench", "--quick", "--output", tmp_path],
        cwd=settings.BASE_DIR,
        # Nothing of the tests' own environment; so without PostgreSQL, which measures the same.
        env={"PATH": os.environ["PATH"]},
        check=True,
    )
    result = json.loads((tmp_path / "results.json").read_text())["databases"]["sqlite"]
    every_work_is_measured_at_every_size(result["rows"])
    for visit in result["visits"]:
        assert visit["first"] > visit["next"] + 5_000
        assert visit["elsewhere"] == []
    assert 0 < result["memory"]["before_mib"] <= result["memory"]["peak_mib"]
    assert result["load"]["rows"] == QUICK.loaded
    assert 0 < result["load"]["share"] < 1
    page = (tmp_path / "results.md").read_text()
    assert [name for name in report.NAMES.values() if f"| {name} " not in page] == []
    assert len(re.findall(r"\| +(?:cumple|NO CUMPLE) \|", page)) == 20
    assert (tmp_path / "cost.svg").read_text().count("<polyline") == len(report.PLOTTED)


def every_work_is_measured_at_every_size(rows: list[dict]) -> None:
    steady, (small, large) = QUICK.steady, QUICK.sizes
    works = PAGES | HASHING
    wanted = {(work, portal, steady, QUICK.options) for portal in (small, large) for work in works}
    wanted |= {(work, large, QUICK.largest, QUICK.options) for work in OF_MANY_USERS}
    wanted |= {(work, large, steady, QUICK.more_options) for work in OF_MANY_OPTIONS}
    key = ("work", "portal", "operator", "options")
    assert {tuple(row[name] for name in key) for row in rows} == wanted
    for row in rows:
        assert 0 < row["median_ms"] <= row["p95_ms"] <= row["p99_ms"]
        assert row["ratio"] == pytest.approx(row["median_ms"] / row["reference_ms"])
        assert row["reference"] == ("argon2" if row["work"] in HASHING else "bare")
    assert {row["work"] for row in rows if row.get("per_second")} == {*works}
    options = next(row for row in rows if row["work"] == "options")
    assert options["queries"] > 3
    assert options["bytes"] > options["compressed"] > 1000


@pytest.mark.parametrize(
    ("at_least", "measured", "is_met"),
    [(False, 1.1, True), (False, 1.11, False), (True, 1.1, True), (True, 1.09, False)],
)
def test_a_target_is_the_most_or_the_least(at_least, measured, is_met):
    assert Verdict("", "", measured, 1.1, "×", at_least).is_met == is_met


def test_it_measures_the_server_that_make_serve_starts():
    assert COMMAND[1:] == GUNICORN
