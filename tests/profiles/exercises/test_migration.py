"""An exercise that was loaded as one document is the same exercise as columns, and back."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from profiles.models import Exercise
from tests.profiles.exercises.conftest import FREE

DOCUMENT, COLUMNS = "0008_exercises", "0009_exercises_as_rows"
ANA = {"document_number": "90000080", "first_name": "Ana", "last_name": "Nueva"}
# As a person may have written it: the reader stripped spaces and knew usuarios by capitals.
DEFINITION = {
    "code": "una",
    "title": "Una",
    "brief": "Haga.",
    "points": 10,
    "hints": ["Una."],
    "activation_delay": 24,
    "people": [{"username": " anueva01", "options": [f"{FREE} "], **ANA}],
    "goal": [
        {"username": "otra0001", "person": ANA, "state": "active"},
        {"username": "mas00001", "person": {"document_number": "90000081"}, "options": []},
        {"username": "anueva01", "person": ANA, "state": "suspended"},
    ],
    "happened": [{"action": "user.suspended", "username": "anueva01"}],
    "untouched": ["anueva01 "],
}


@pytest.fixture
def migrate(transactional_db):
    """migrate(name) returns the class of exercises of that migration."""

    def call(name: str) -> Callable:
        MigrationExecutor(connection).migrate([("profiles", name)])
        apps = MigrationExecutor(connection).loader.project_state([("profiles", name)]).apps
        return apps.get_model("profiles", "Exercise")

    yield call
    call(COLUMNS)


def test_an_exercise_stays_the_same_as_columns_and_back(migrate):
    old = migrate(DOCUMENT)
    old.objects.create(code="una", title="Una", position=3, definition=DEFINITION)
    migrate(COLUMNS)
    row = Exercise.objects.get()
    ana, other = row.persons().values()
    assert (ana.username, ana.is_new, ana.options, ana.last_name) == (
        "ANUEVA01",
        False,
        [FREE],
        "Nueva",
    )
    assert (other.username, other.is_new, other.first_name) == ("OTRA0001", True, "Ana")
    assert row.goal == [
        {"username": "OTRA0001", "state": "active"},
        {"username": "MAS00001", "options": []},
        {"username": "ANUEVA01", "state": "suspended"},
    ]
    assert (row.happened, row.untouched) == ({"ANUEVA01": "user.suspended"}, ["ANUEVA01"])
    assert (row.points, row.hints, row.activation_delay, row.position) == (10, ["Una."], 24, 3)
    back = migrate(DOCUMENT).objects.get().definition
    assert back["goal"][0]["person"] == ANA
    assert [person["username"] for person in back["people"]] == ["ANUEVA01"]
    assert back["happened"] == [{"action": "user.suspended", "username": "ANUEVA01"}]
