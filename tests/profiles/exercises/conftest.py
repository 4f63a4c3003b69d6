"""Companies that do exercises: the shipped ones, in the shipped catalogue."""

import pytest

from profiles.actions.exercises import load_exercises
from profiles.catalog.loading import load_catalog
from profiles.catalog.reading import CATALOG_FILE
from profiles.catalog.reading import read as read_catalog
from profiles.exercises import reading
from users.actions import practice
from users.history.recording import Actor


@pytest.fixture
def shipped(db, staff) -> None:
    """The catalogue and the exercises that come with the portal."""
    load_catalog(read_catalog(CATALOG_FILE.read_text(encoding="utf-8")), actor=Actor.server())
    with reading.EXERCISES_FILE.open("rb") as file:
        load_exercises(actor=Actor.server(), file=file)


@pytest.fixture
def company(shipped):
    """company(type) opens a practice company of that type."""

    def make(kind: str = "AGENTE_ADUANA") -> practice.PracticeCompany:
        return practice.create(actor=Actor.server(), operator_types=[kind])

    return make
