"""Read a file of exercises (its form: profiles/exercises/exercises.toml); every problem is named."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import BinaryIO

from django.utils.formats import date_format

from operators.models import DELAYS
from profiles.access.expectations import (
    USER_KEYS,
    Catalogue,
    ExpectationsError,
    ExpectedUser,
    Problem,
    Reading,
)
from profiles.tables import toml_text
from profiles.tables.rows import FileError
from users.history.wording import ACTION_LABELS
from users.models import User

EXERCISES_FILE = Path(__file__).with_name("exercises.toml")
# The clave of every user that the portal prepares: public, as the exercise says it.
CLAVE = "Practica01"
MAX_EXERCISES, MAX_HINTS, MAX_POINTS = 100, 5, 100
REQUIRED = ("title", "brief", "points", "goal")
KEYS = (
    "code",
    *REQUIRED,
    *("minutes", "operator_types", "hints", "extra_cost", "activation_delay", "retired"),
    *("people", "happened", "untouched"),
)
PERSON_KEYS = ("document_number", "first_name", "last_name")
PEOPLE_KEYS = ("username", *PERSON_KEYS, "options", "with_roles", "state")
# In a brief: the day of the start, and so many days later.
DAY = re.compile(r"\{(?:hoy|dia:([0-9]{1,3}))\}")


class ExercisesError(ExpectationsError):
    """Every problem of a file of exercises."""


@dataclass(frozen=True)
class Person:
    """A user whom the portal prepares."""

    username: str
    document_number: str
    first_name: str
    last_name: str
    options: tuple[str, ...] = ()
    # Whether the user has the fewest roles by which the options work.
    with_roles: bool = False
    state: User.State = User.State.ACTIVE


@dataclass(frozen=True)
class Goal:
    """What shall be true of a user; ``person`` holds what its data shall say, by field."""

    user: ExpectedUser
    person: dict[str, str]


@dataclass(frozen=True)
class Happened:
    """An action about a user that the history shall hold since the start."""

    action: str
    username: str


@dataclass(frozen=True)
class Definition:
    """What an exercise says; as a row it is ``profiles.models.Exercise``."""

    # As it was parsed, for the database and for downloads.
    table: dict
    code: str
    title: str
    brief: str
    points: int
    goal: tuple[Goal, ...]
    # In how many minutes most get on: who takes longer is stuck.
    minutes: int = 5
    operator_types: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    # What each option or role beyond the goal costs; None if none may be there.
    extra_cost: int | None = None
    activation_delay: timedelta = timedelta()
    retired: bool = False
    people: tuple[Person, ...] = ()
    happened: tuple[Happened, ...] = ()
    untouched: tuple[str, ...] = ()

    @property
    def expected(self) -> list[ExpectedUser]:
        return [goal.user for goal in self.goal]

    def paragraphs(self, today: date) -> list[str]:
        """Return the brief with its days counted from the day of the start."""

        def day(found: re.Match) -> str:
            return date_format(today + timedelta(days=int(found[1] or 0)), "DATE_FORMAT")

        return [" ".join(text.split()) for text in DAY.sub(day, self.brief).split("\n\n")]


def read_file(file: BinaryIO, catalogue: Catalogue) -> tuple[Definition, ...]:
    """Read a TOML file. Raises ExercisesError with every problem found."""
    try:
        document = toml_text.read_file(file)
    except FileError as error:
        raise ExercisesError([Problem(str(error))]) from error
    reading = _Reading(catalogue)
    definitions = reading.exercises(document)
    if reading.problems:
        raise ExercisesError(reading.problems)
    return definitions


def read(table: dict, catalogue: Catalogue) -> Definition:
    """Return the exercise of a table that was read before, as the database holds it."""
    return _Reading(catalogue).exercise("", table)


class _Reading(Reading):
    user_keys = (*USER_KEYS, "person")

    def exercises(self, document: object) -> tuple[Definition, ...]:
        table = self._table("", document, ("exercises",))
        rows = self._part("", table, "exercises", self._list) or []
        if not 0 < len(rows) <= MAX_EXERCISES and not self.problems:
            self._add("exercises", f"Debe tener de 1 a {MAX_EXERCISES} prácticas.")
            return ()
        places: dict[str, str] = {}
        definitions = []
        for place, row in self._items("exercises", rows):
            self.username = ""
            definitions.append(definition := self.exercise(place, row))
            first = places.setdefault(definition.code or place, place)
            if first != place:
                self._add(place, f"El código {definition.code} ya está en {first}.")
        return tuple(definitions)

    def exercise(self, path: str, row: object) -> Definition:
        table = self._table(path, row, KEYS)
        self._require(path, table, REQUIRED)
        part = partial(self._part, path, table)
        untouched = self._each_once(f"{path}.untouched", table.get("untouched", []), self._username)
        return Definition(
            table=table,
            code=part("code", self._code) or "",
            title=part("title", partial(self._said, most=100)) or "",
            brief=part("brief", self._brief) or "",
            points=part("points", partial(self._number, most=MAX_POINTS)) or 1,
            minutes=part("minutes", partial(self._number, most=600)) or 5,
            operator_types=part("operator_types", self._types) or (),
            hints=part("hints", self._hints) or (),
            extra_cost=part("extra_cost", partial(self._number, most=MAX_POINTS)),
            activation_delay=part("activation_delay", self._delay) or timedelta(),
            retired=part("retired", self._flag) or False,
            people=self._rows(path, table, "people", self._person),
            goal=self._rows(path, table, "goal", self._goal),
            happened=self._rows(path, table, "happened", self._happened),
            untouched=untouched,
        )

    def _rows(self, path: str, table: dict, key: str, read) -> tuple:
        rows = self._items(f"{path}.{key}", table.get(key, []))
        found = [read(place, row) for place, row in rows]
        self.username = ""
        return tuple(found)

    def _person(self, path: str, row: object) -> Person:
        table = self._table(path, row, PEOPLE_KEYS)
        self._require(path, table, PERSON_KEYS)
        part = partial(self._part, path, table)
        self.username = part("username", self._username) or ""
        return Person(
            username=self.username,
            **{key: part(key, partial(self._said, most=150)) or "" for key in PERSON_KEYS},
            options=part("options", self._options) or (),
            with_roles=part("with_roles", self._flag) or False,
            state=part("state", self._state) or User.State.ACTIVE,
        )

    def _goal(self, path: str, row: object) -> Goal:
        user = self._user(path, row)
        person = row.get("person", {}) if isinstance(row, dict) else {}
        place = f"{path}.person"
        for key in self._table(place, person, PERSON_KEYS) if person else ():
            self._part(place, person, key, partial(self._said, most=150))
        return Goal(user, person)

    def _happened(self, path: str, row: object) -> Happened:
        table = self._table(path, row, ("action", "username"))
        self._require(path, table, ("username",))
        action = self._part(path, table, "action", self._action) or ""
        return Happened(action, self._part(path, table, "username", self._username) or "")

    def _require(self, path: str, table: dict, keys: tuple[str, ...]) -> None:
        for key in keys:
            if table and key not in table:
                self._add(path, f"Falta «{key}».")

    # Single values, as in Reading.

    def _code(self, path: str, value: object) -> str | None:
        text = self._text(path, value)
        if text is None or re.fullmatch(r"[a-z0-9-]{1,40}", text):
            return text
        return self._add(path, "Solo lleva minúsculas sin tilde, números y guiones, hasta 40.")

    def _said(self, path: str, value: object, *, most: int) -> str | None:
        text = self._text(path, value)
        if text is None or (text.strip() and text.replace("\n", "").isprintable()):
            if text is None or len(text) <= most:
                return text and text.strip()
            return self._add(path, f"Tiene más de {most} caracteres.")
        return self._add(path, "Está vacío o tiene caracteres que no se ven.")

    def _brief(self, path: str, value: object) -> str | None:
        text = self._said(path, value, most=1200)
        if text and {*"{}"} & {*DAY.sub("", text)}:
            return self._add(path, "Entre llaves solo va {hoy} o un día como {dia:7}.")
        return text

    def _hints(self, path: str, value: object) -> tuple[str, ...]:
        hints = self._each_once(path, value, partial(self._said, most=300))
        if len(hints) > MAX_HINTS:
            self._add(path, f"Son más de {MAX_HINTS}.")
        return hints

    def _types(self, path: str, value: object) -> tuple[str, ...]:
        known = {
            code: code for role in self.catalogue.roles.values() for code in [role.operator_type_id]
        }
        read = partial(self._known, known=known, what="el tipo de operador", choices=True)
        return self._each_once(path, value, read)

    def _action(self, path: str, value: object) -> str | None:
        known = {action: action for action in ACTION_LABELS}
        return self._known(path, value, known, "la acción")

    def _delay(self, path: str, value: object) -> timedelta | None:
        if not isinstance(value, bool) and value in [*DELAYS]:
            return timedelta(hours=value)
        return self._add(path, f"Las demoras que hay, en horas: {', '.join(map(str, DELAYS))}.")

    def _number(self, path: str, value: object, *, most: int) -> int | None:
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
            return value
        return self._add(path, f"Debe ser un número de 1 a {most}.")

    def _flag(self, path: str, value: object) -> bool | None:
        return value if isinstance(value, bool) else self._add(path, "Debe ser true o false.")
