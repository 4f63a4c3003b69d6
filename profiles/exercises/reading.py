"""Read a file of exercises (its form: profiles/exercises/exercises.toml); every problem is named."""

import re
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from functools import partial, partialmethod
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO

from operators.models import DELAYS
from profiles.access.expectations import (
    USER_KEYS,
    Catalogue,
    ExpectationsError,
    ExpectedUser,
    Problem,
    Reading,
    toml_table,
)
from profiles.tables import toml_text
from profiles.tables.rows import FileError
from users.history.wording import ACTION_LABELS
from users.models import User
from users.validators import DocumentType

EXERCISES_FILE = Path(__file__).with_name("exercises.toml")
# The clave of every user that the portal prepares: public, as the exercise says it.
CLAVE = "Practica01"
PERSON_KEYS = ("document_number", "first_name", "last_name")
# In a brief: the day of the start, and so many days later.
DAY = re.compile(r"\{(?:hoy|dia:([0-9]{1,3}))\}")


def part(reader: str, default: Any = MISSING) -> Any:
    """Return a field that the method of that name reads; without a default, it is required."""
    return field(default=default, metadata={"reader": reader})


@dataclass(frozen=True)
class Person:
    """A user whom the portal prepares; ``with_roles``: with the fewest roles by which the options work."""

    username: str = part("_username")
    document_number: str = part("_line")
    first_name: str = part("_line")
    last_name: str = part("_line")
    options: tuple[str, ...] = part("_options", ())
    with_roles: bool = part("_flag", False)
    state: str = part("_state", "active")

    def user(self, **facts) -> User:
        """Return the unsaved account."""
        facts |= {key: getattr(self, key) for key in ("username", "state", *PERSON_KEYS)}
        return User(document_type=DocumentType.DNI, **facts)


@dataclass(frozen=True)
class Goal(ExpectedUser):
    """What shall be true of a user; ``person`` holds what its data shall say, by field."""

    person: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Happened:
    """An action about a user that the history shall hold since the start."""

    action: str = part("_action")
    username: str = part("_username")


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What an exercise says; as a row it is ``profiles.models.Exercise``."""

    code: str = part("_code")
    title: str = part("_line")
    brief: str = part("_brief")
    points: int = part("_number")
    # A trainee without progress for so many minutes is stuck.
    minutes: int = part("_number", 5)
    operator_types: tuple[str, ...] = part("_types", ())
    hints: tuple[str, ...] = part("_hints", ())
    # What each option or role beyond the goal costs; None if none may be there.
    extra_cost: int | None = part("_number", None)
    activation_delay: int = part("_hours", 0)
    retired: bool = part("_flag", False)
    untouched: tuple[str, ...] = part("_usernames", ())
    people: tuple[Person, ...] = part("_people", ())
    happened: tuple[Happened, ...] = part("_all_happened", ())
    goal: tuple[Goal, ...] = part("_goals")


def read_file(file: BinaryIO, catalogue: Catalogue) -> list[tuple[Definition, dict]]:
    """Read a TOML file; return each exercise with its table, which the database keeps.

    Raises ExpectationsError with every problem found.
    """
    try:
        document = toml_text.read_file(file)
    except FileError as error:
        raise ExpectationsError([Problem(str(error))]) from error
    reading = _Reading(catalogue)
    definitions = reading.exercises(document)
    if reading.problems:
        raise ExpectationsError(reading.problems)
    return [*zip(definitions, document["exercises"], strict=True)]


def read(table: dict, catalogue: Catalogue) -> Definition:
    """Return the exercise of a table that was read before, as the database holds it."""
    return _Reading(catalogue).record("", table, Definition)


def toml_of(tables: Iterable[dict]) -> str:
    """Return exercises as the text of a file that can be read again, with what its keys mean."""
    lines = EXERCISES_FILE.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(takewhile(lambda line: line.startswith("#"), lines))
    for table in tables:
        rows = {key: table[key] for key in ("people", "goal", "happened") if key in table}
        plain = {key: value for key, value in table.items() if key not in rows}
        parts = [(f"exercises.{key}", row) for key, value in rows.items() for row in value]
        text += "\n" + "".join(toml_table(*part) for part in [("exercises", plain), *parts])
    return text


class _Reading(Reading):
    user_keys = (*USER_KEYS, "person")

    def exercises(self, document: object) -> list[Definition]:
        table = self._table("", document, ("exercises",))
        rows = self._part("", table, "exercises", self._list) or []
        if not rows and not self.problems:
            self._add("exercises", "La lista está vacía.")
        places: dict[str, str] = {}
        definitions = []
        for place, row in self._items("exercises", rows):
            definitions.append(definition := self.record(place, row, Definition))
            first = places.setdefault(definition.code or place, place)
            if first != place:
                self._add(place, f"El código {definition.code} ya está en {first}.")
        return definitions

    def record(self, path: str, row: object, kind: type) -> Any:
        """Read a table as a dataclass of parts."""
        self.username = ""
        parts = {each.name: each for each in fields(kind)}
        table, values = self._table(path, row, tuple(parts)), {}
        for name, each in parts.items():
            value = self._part(path, table, name, getattr(self, each.metadata["reader"]))
            if value is None and each.default is not MISSING:
                value = each.default
            elif name not in table and name != next(iter(parts)) and table:
                self._add(path, f"Falta «{name}».")
            values[name] = value
            if name == "username":
                self.username = value or ""
        return kind(**values)

    def _records(self, path: str, value: object, *, kind: type) -> tuple:
        return tuple([self.record(place, row, kind) for place, row in self._items(path, value)])

    _people = partialmethod(_records, kind=Person)
    _all_happened = partialmethod(_records, kind=Happened)

    def _goals(self, path: str, value: object) -> tuple[Goal, ...]:
        goals = []
        for place, row in self._items(path, value):
            user, table = self._user(place, row), row if isinstance(row, dict) else {}
            person = self._part(place, table, "person", self._data) or {}
            goals.append(Goal(**vars(user), person=person))
        self.username = ""
        return tuple(goals) if goals else self._add(path, "La lista está vacía.")

    def _data(self, path: str, value: object) -> dict[str, str]:
        table = self._table(path, value, PERSON_KEYS)
        # In the order of a form: PostgreSQL keeps no order of the keys of a table.
        keys = [key for key in PERSON_KEYS if key in table]
        return {key: self._part(path, table, key, self._line) or "" for key in keys}

    def _usernames(self, path: str, value: object) -> tuple[str, ...]:
        return self._each_once(path, value, self._username)

    def _hints(self, path: str, value: object) -> tuple[str, ...]:
        return self._each_once(path, value, partial(self._line, most=300))

    def _types(self, path: str, value: object) -> tuple[str, ...]:
        known = {code: code for code in self.catalogue.operator_types}
        what = "el tipo de operador"
        return self._each_once(path, value, partial(self._known, known=known, what=what))

    # Single values, as in Reading.

    def _code(self, path: str, value: object) -> str | None:
        text = self._text(path, value)
        if text is None or re.fullmatch(r"[a-z0-9-]{1,50}", text):
            return text
        return self._add(path, "Solo lleva minúsculas sin tilde, números y guiones, hasta 50.")

    def _line(self, path: str, value: object, *, most: int = 100) -> str | None:
        text = self._text(path, value)
        if text is None or (text.strip() and text.isprintable() and len(text) <= most):
            return text and text.strip()
        return self._add(path, f"Debe tener de 1 a {most} caracteres que se vean.")

    def _brief(self, path: str, value: object) -> str | None:
        text = self._text(path, value)
        if text is None or self._line(path, text.replace("\n", " "), most=1200) is None:
            return None
        if {*"{}"} & {*DAY.sub("", text)}:
            return self._add(path, "Entre llaves solo va {hoy} o un día como {dia:7}.")
        return text.strip()

    def _action(self, path: str, value: object) -> str | None:
        about = ("user.", "options.", "roles.", "grants.")
        known = {action: action for action in ACTION_LABELS if action.startswith(about)}
        return self._known(path, value, known, "la acción")

    def _hours(self, path: str, value: object) -> int | None:
        if type(value) is int and value in DELAYS:
            return value
        return self._add(path, f"Las demoras que hay, en horas: {', '.join(map(str, DELAYS))}.")

    def _number(self, path: str, value: object) -> int | None:
        if type(value) is int and 1 <= value <= 100:
            return value
        return self._add(path, "Debe ser un número de 1 a 100.")

    def _flag(self, path: str, value: object) -> bool | None:
        return value if isinstance(value, bool) else self._add(path, "Debe ser true o false.")
