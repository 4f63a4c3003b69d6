"""A process that is killed while it applies a plan writes nothing; a resumed one ends in the same state."""

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


def test_the_process_is_killed_at_many_points_before_and_during_the_writing(crashes):
    assert len(crashes["attempts"]) >= 20
    assert crashes["undisturbed"]["state"] == "applied"
    assert crashes["undisturbed"]["claves given"] == ["NUEVO002", "NUEVO003"]
    assert crashes["undisturbed"]["claves generated"] == [["NUEVO001", True]]


def test_a_killed_load_has_written_all_users_or_none(crashes):
    assert {attempt["new users"] for attempt in crashes["attempts"]} <= {0, 3}
    assert crashes["attempts"][0]["new users"] == 0


def test_a_resumed_load_ends_like_an_uninterrupted_one(crashes):
    for attempt in crashes["attempts"]:
        assert attempt["after"] == crashes["undisturbed"]
