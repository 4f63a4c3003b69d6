"""Whoever is killed while a plan is applied has done nothing, and going on ends in the same state."""

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def crashes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crashes")
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'start.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DEMO": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.profiles.load.crashing"],
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def test_it_is_killed_at_many_points_before_and_while_it_writes(crashes):
    assert len(crashes["attempts"]) >= 20
    assert crashes["undisturbed"]["state"] == "applied"
    assert crashes["undisturbed"]["claves given"] == ["NUEVO002", "NUEVO003"]
    assert crashes["undisturbed"]["claves generated"] == [["NUEVO001", True]]


def test_the_killed_one_has_made_everybody_or_nobody(crashes):
    assert {attempt["new users"] for attempt in crashes["attempts"]} <= {0, 3}
    assert crashes["attempts"][0]["new users"] == 0


def test_going_on_ends_as_an_undisturbed_run(crashes):
    for attempt in crashes["attempts"]:
        assert attempt["after"] == crashes["undisturbed"]
