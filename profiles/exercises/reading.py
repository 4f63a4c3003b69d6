"""Read a file of exercises (its form: profiles/exercises/exercises.toml); every problem is named."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ValidationError

from operators.models import Operator
from profiles.access import expectations
from profiles.access.expectations import (
    Catalogue,
    ExpectationsError,
    ExpectedUser,
    Problem,
    Reading,
    toml_table,
)
from profiles.models import Exercise, Person
from profiles.tables import toml_text
from profiles.tables.rows import FileError
from users.history.wording import ACTION_LABELS

EXERCISES_FILE = Path(__file__).with_name("exercises.toml")
KEYS = tuple(Exercise().facts())
TEXTS = ("document_number", "first_name", "last_name")
# What an account has not that is only checked.
UNSAVED = ("password", "operator")
# The keys that are tables of their own.
ROWS = ("people", "goal")
ABOUT_A_USER = ("user.", "options.", "roles.", "grants.")
ACTIONS = {action: action for action in ACTION_LABELS if action.startswith(ABOUT_A_USER)}


def read_file(file: BinaryIO, catalogue: Catalogue) -> tuple[dict[str, Exercise], list[Problem]]:
    """Read a TOML file; return the exercises without a problem, by their place, and the problems.

    Raises ExpectationsError for what is no TOML file.
    """
    try:
        document = toml_text.read_file(file)
    except FileError as error:
        raise ExpectationsError([Problem(str(error))]) from error
    reading = _Reading(catalogue)
    return reading.exercises(document), reading.problems


def goal_of(exercise: Exercise, catalogue: Catalogue) -> tuple[ExpectedUser, ...]:
    """Return what shall be true at the end of an exercise that was read before."""
    return expectations.read({"users": exercise.goal}, catalogue)


def toml_of(exercises: Iterable[Exercise]) -> str:
    """Return exercises as the text of a file that can be read again, with what its keys mean."""
    lines = EXERCISES_FILE.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(takewhile(lambda line: line.startswith("#"), lines))
    for exercise in exercises:
        stated = {key: value for key, value in exercise.facts().items() if value}
        rows = [(f"exercises.{key}", row) for key in ROWS for row in stated.pop(key, ())]
        text += "\n" + "".join(toml_table(*part) for part in [("exercises", stated), *rows])
    return text


class _Reading(Reading):
    def exercises(self, document: object) -> dict[str, Exercise]:
        table = self._table("", document, ("exercises",))
        rows = self._part("", table, "exercises", self._list) or []
        if not rows and not self.problems:
            self._add("exercises", "La lista está vacía.")
        exercises: dict[str, Exercise] = {}
        places: dict[str, str] = {}
        for place, row in self._items("exercises", rows):
            known = len(self.problems)
            exercise = self.exercise(place, row)
            first = places.setdefault(exercise.code or place, place)
            if first != place:
                self._add(place, f"El código {exercise.code} ya está en {first}.")
            if len(self.problems) == known:
                exercises[place] = exercise
        return exercises

    def exercise(self, path: str, row: object) -> Exercise:
        # The field of a key checks its value, but takes values of other types: readers refuse those.
        readers = dict.fromkeys(KEYS, self._number) | {
            "code": self._line,
            "title": self._line,
            "brief": self._text,
            "is_retired": self._flag,
            "operator_types": partial(self._each_once, read=self._type),
            "hints": partial(self._each_once, read=self._line),
            "people": self._people,
            "goal": self._goal,
            "happened": self._happened,
            "untouched": partial(self._each_once, read=self._username),
        }
        values = self._read(path, row, readers)
        wrong = {*row} - values.keys() if isinstance(row, dict) else KEYS
        exercise = Exercise(**values)
        self._check(path, partial(exercise.clean_fields, {"position", *wrong}))
        return exercise

    def _read(self, path: str, row: object, readers: dict[str, Callable]) -> dict:
        """Return what the readers return of a table; nothing where there is a problem."""
        table = self._table(path, row, tuple(readers))
        values = {key: self._part(path, table, key, read) for key, read in readers.items()}
        return {
            # As the database returns it.
            key: [*value] if isinstance(value, tuple) else value
            for key, value in values.items()
            if value is not None
        }

    def _check(self, path: str, clean: Callable) -> None:
        """Keep the problems of a row of the database that is not saved."""
        try:
            clean()
        except ValidationError as error:
            for field, sentences in error.message_dict.items():
                for sentence in sentences:
                    self._add(f"{path}.{field}", sentence)

    def _people(self, path: str, value: object) -> list[dict]:
        readers = {
            "username": self._username,
            **dict.fromkeys(TEXTS, self._text),
            "options": self._options,
            "state": self._state,
            **dict.fromkeys(("with_roles", "is_new"), self._flag),
        }
        people = []
        for place, row in self._items(path, value):
            people.append(person := self._read(place, row, readers))
            self.username = person.get("username", "")
            user = Person(**person).user(operator=Operator(pk=0))
            self._check(place, partial(user.full_clean, UNSAVED, validate_constraints=False))
            person |= {key: getattr(user, key) for key in TEXTS}
        self.username = ""
        return people

    def _goal(self, path: str, value: object) -> list:
        for place, user in enumerate(self._users(path, value)):
            self.username = user.username
            if user.state is None:
                # Else who is eliminated could have what is asked for.
                self._add(f"{path}[{place}]", "Falta «state».")
            if any(each.reason for each in user.verdicts):
                self._add(f"{path}[{place}]", "Aquí «cannot» no lleva motivo.")
            # Hours would end today or tomorrow, by the hour of the start.
            if any(lead % timedelta(days=1) for lead in user.leads):
                self._add(f"{path}[{place}]", "Aquí «at» va en días enteros.")
        self.username = ""
        return value

    def _happened(self, path: str, value: object) -> dict[str, str]:
        rows = value if isinstance(value, dict) else self._table(path, value, ("usuario",))
        actions = {
            self._username(path, name): self._known(f"{path}.{name}", action, ACTIONS, "la acción")
            for name, action in rows.items()
        }
        return {name: action for name, action in actions.items() if name and action}

    def _type(self, path: str, value: object) -> str | None:
        known = {code: code for code in self.catalogue.operator_types}
        return self._known(path, value, known, "el tipo de operador")

    def _line(self, path: str, value: object) -> str | None:
        text = self._text(path, value)
        if text is None or (text.strip() and text.isprintable()):
            return text
        return self._add(path, "Está vacío o tiene caracteres que no se ven.")

    def _number(self, path: str, value: object) -> int | None:
        return value if type(value) is int else self._add(path, "Debe ser un número entero.")

    def _flag(self, path: str, value: object) -> bool | None:
        return value if isinstance(value, bool) else self._add(path, "Debe ser true o false.")
