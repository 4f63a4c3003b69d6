"""What is expected of the access of an operator's users, read from a file or from JSON.

    [[users]]
    username = "CVALDEZ1"
    state = "active"
    options = ["90.1.1.1.1"]                      # these and no other
    roles = ["NSIGAD.AGENTEADUANA.DESPACHO"]      # these and no other
    can = ["90.1.1.1.1"]                          # now
    cannot = [
      { option = "11.9.1.1.1", reason = "option_not_granted" },
      { option = "90.1.1.1.1", at = "30d" },      # 30 days ahead of the operator's clock
    ]

Only ``username`` is required: nothing is expected of what is left out. ``profiles/access/judge.py``
compares the expectations with what stands.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, BinaryIO, NamedTuple, Self

from django.core.exceptions import ValidationError

from operators.models import Operator, OperatorType
from profiles.access.reasons import Reason
from profiles.access.verdict import Verdict
from profiles.models import Option, Role
from profiles.tables import toml_text
from profiles.tables.rows import FileError
from users.models import User
from users.validators import normalise_username, parse_lead

MAX_USERS = 1000
LONGEST_QUOTED = 60
USER_KEYS = ("username", "state", "options", "roles", "can", "cannot")
VERDICT_KEYS = {"can": ("option", "at"), "cannot": ("option", "at", "reason")}
REASONS = {reason.code: reason for reason in Reason}


class Row(NamedTuple):
    """What is read of an option, of a folder or of a role of the catalogue."""

    code: str
    name: str
    is_folder: bool = False


@dataclass(frozen=True)
class Catalogue:
    """What a document may name: the options, with their folders, and the roles; retired ones too."""

    options: Mapping[str, Row]
    roles: Mapping[str, Row]

    @classmethod
    def current(cls) -> Self:
        """Read the catalogue of the portal."""
        options = Option.objects.values_list("code", "name", "is_folder")
        roles = Role.objects.values_list("code", "name")
        return cls(
            {code: Row(code, *facts) for code, *facts in options},
            {code: Row(code, name) for code, name in roles},
        )

    @cached_property
    def operator_types(self) -> list[str]:
        """The codes of all types: read when they are first asked for, for only exercises name them."""
        return [*OperatorType.objects.values_list("code", flat=True)]


@dataclass(frozen=True)
class ExpectedVerdict:
    """That an option can be opened, or cannot: for the reason, if there is one, among others."""

    option: str
    is_permitted: bool
    # How far ahead of the operator's clock, as written: 24h, 7d; empty for now.
    at: str = ""
    reason: Reason | None = None

    @property
    def lead(self) -> timedelta:
        return parse_lead(self.at) if self.at else timedelta()

    def is_met_by(self, decision: Verdict) -> bool:
        """Return whether the verdict on the option is the expected one."""
        if self.is_permitted or decision.permitted:
            return self.is_permitted == decision.permitted
        return self.reason is None or self.reason in decision.reasons


@dataclass(frozen=True)
class ExpectedUser:
    """What is expected of one user. Nothing is expected of what is None."""

    username: str
    state: User.State | None = None
    options: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    verdicts: tuple[ExpectedVerdict, ...] = ()

    @property
    def leads(self) -> set[timedelta]:
        """How far ahead of the operator's clock the verdicts are made."""
        return {each.lead for each in self.verdicts}


@dataclass(frozen=True)
class Problem:
    """A problem of a document, and where: ``users[0].can[2]``, with the usuario if it is known."""

    sentence: str
    path: str = ""
    username: str = ""

    def __str__(self) -> str:
        about = f" ({self.username})" if self.username else ""
        return f"{self.path}{about}: {self.sentence}" if self.path else self.sentence


class ExpectationsError(Exception):
    """Every problem of a document; as a text, one line for each of the first problems."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(toml_text.first_problems([*map(str, problems)])))


def read_file(file: BinaryIO, catalogue: Catalogue) -> tuple[ExpectedUser, ...]:
    """Read a TOML file. Raises ExpectationsError with every problem found."""
    try:
        document = toml_text.read_file(file)
    except FileError as error:
        raise ExpectationsError([Problem(str(error))]) from error
    return read(document, catalogue)


def read(document: object, catalogue: Catalogue) -> tuple[ExpectedUser, ...]:
    """Read what a parser of TOML or JSON returned.

    Raises ExpectationsError with every problem found.
    """
    reading = Reading(catalogue)
    users = reading.users(document)
    if reading.problems:
        raise ExpectationsError(reading.problems)
    return users


def toml_of(document: dict) -> str:
    """Return a document as the text of a TOML file."""
    return "\n".join(toml_table("users", row) for row in document["users"])


def toml_table(heading: str, table: dict) -> str:
    """Return one of the tables of a heading as the text of a TOML file."""
    lines = (f"{key} = {_toml(value)}\n" for key, value in table.items())
    return "".join([f"[[{heading}]]\n", *lines])


def _toml(value: str | list | dict | bool | int) -> str:
    match value:
        case []:
            return "[]"
        case list():
            # One item in each line: versions of a file are compared line by line.
            return "".join(["[\n", *(f"  {_toml(item)},\n" for item in value), "]"])
        case dict():
            return f"{{ {', '.join(f'{key} = {_toml(item)}' for key, item in value.items())} }}"
        case str() if "\n" in value:
            lines = (json.dumps(line, ensure_ascii=False)[1:-1] for line in value.split("\n"))
            return '"""\n{}"""'.format("\n".join(lines))
        case _:
            # A string of JSON is one of TOML too.
            return json.dumps(value, ensure_ascii=False)


@dataclass
class Reading:
    """Reads the parts of a document. What has a problem is left out, and the problem is kept."""

    catalogue: Catalogue
    problems: list[Problem] = field(default_factory=list)
    # Of the user whose part is being read.
    username: str = ""

    def users(self, document: object) -> tuple[ExpectedUser, ...]:
        rows = self._part("", self._table("", document, ("users",)), "users", self._list) or []
        if not rows and not self.problems:
            self._add("users", "La lista está vacía: no se espera nada.")
        return self._users("users", rows)

    def _users(self, path: str, rows: object) -> tuple[ExpectedUser, ...]:
        items = self._items(path, rows)
        if len(items) > MAX_USERS:
            self._add(path, f"Tiene más de {MAX_USERS} usuarios. Divida el archivo.")
            return ()
        places: dict[str, str] = {}
        users = []
        for place, row in items:
            users.append(user := self._user(place, row))
            first = places.setdefault(user.username or place, place)
            if first != place:
                self._add(place, f"El usuario ya está en {first}.")
        return tuple(users)

    def _user(self, path: str, row: object) -> ExpectedUser:
        self.username = ""
        if isinstance(row, dict):
            self.username = self._part(path, row, "username", self._username) or ""
        row = self._table(path, row, USER_KEYS)
        return ExpectedUser(
            username=self.username,
            state=self._part(path, row, "state", self._state),
            options=self._part(path, row, "options", self._options),
            roles=self._part(path, row, "roles", self._roles),
            verdicts=self._verdicts(path, row),
        )

    def _verdicts(self, path: str, row: dict) -> tuple[ExpectedVerdict, ...]:
        found: dict[tuple[str, timedelta], str] = {}
        verdicts = []
        for key, keys in VERDICT_KEYS.items():
            for place, item in self._items(f"{path}.{key}", row.get(key, [])):
                if isinstance(item, dict):
                    table = self._table(place, item, keys)
                    option = self._part(place, table, "option", self._option)
                else:
                    table, option = {}, self._option(place, item)
                at = self._part(place, table, "at", self._at)
                reason = self._part(place, table, "reason", self._reason)
                if option is None or ("at" in table and at is None):
                    continue
                verdict = ExpectedVerdict(option, key == "can", at or "", reason)
                verdicts.append(verdict)
                first = found.setdefault((option, verdict.lead), place)
                if first != place:
                    self._add(place, f"De {option} a la misma hora ya se dice algo en {first}.")
        return tuple(verdicts)

    def _options(self, path: str, value: object) -> tuple[str, ...]:
        return self._each_once(path, value, self._option)

    def _roles(self, path: str, value: object) -> tuple[str, ...]:
        return self._each_once(path, value, self._role)

    def _each_once(self, path: str, value: object, read: Callable) -> tuple[str, ...]:
        codes: dict[str, None] = {}
        for place, item in self._items(path, value):
            code = read(place, item)
            if code in codes:
                self._add(place, f"{code} está dos veces. Deje una.")
            elif code is not None:
                codes[code] = None
        return tuple(codes)

    # Single values: each returns None, and keeps the problem, if the value is wrong.

    def _username(self, path: str, value: object) -> str | None:
        text = self._text(path, value)
        if text is None:
            return None
        username = normalise_username(text)
        if username.isascii() and username.isalnum():
            return username
        return self._add(path, f"«{_quoted(text)}» no es un usuario: solo lleva letras y números.")

    def _state(self, path: str, value: object) -> User.State | None:
        states = {state.value: state for state in User.State}
        return self._known(path, value, states, "el estado", choices=True)

    def _reason(self, path: str, value: object) -> Reason | None:
        return self._known(path, value, REASONS, "el motivo", choices=True)

    def _option(self, path: str, value: object) -> str | None:
        option = self._known(path, value, self.catalogue.options, "la opción")
        if option and option.is_folder:
            return self._add(path, f"{option.code} es una carpeta. Nombre sus opciones.")
        return option and option.code

    def _role(self, path: str, value: object) -> str | None:
        role = self._known(path, value, self.catalogue.roles, "el rol")
        return role and role.code

    def _at(self, path: str, value: object) -> str | None:
        text = self._text(path, value)
        if text is None:
            return None
        try:
            lead = parse_lead(text)
        except ValidationError as error:
            return self._add(path, error.message)
        if lead > Operator.MAX_CLOCK_OFFSET:
            return self._add(path, f"El reloj llega a {Operator.MAX_CLOCK_OFFSET.days} días.")
        return text.strip()

    def _known(
        self, path: str, value: object, known: Mapping[str, Any], what: str, *, choices=False
    ) -> Any:
        """Return what is known by the text."""
        text = self._text(path, value)
        if text is None:
            return None
        if text.strip() in known:
            return known[text.strip()]
        others = f" Los que hay: {', '.join(known)}." if choices else ""
        return self._add(path, f"No existe {what} «{_quoted(text)}».{others}")

    def _text(self, path: str, value: object) -> str | None:
        return value if isinstance(value, str) else self._add(path, "Debe ser un texto.")

    # Lists and tables: each is empty, and the problem is kept, if the value is of another type.

    def _items(self, path: str, value: object) -> list[tuple[str, object]]:
        """Return each item of a list with its path."""
        return [(f"{path}[{index}]", item) for index, item in enumerate(self._list(path, value))]

    def _list(self, path: str, value: object) -> list:
        if isinstance(value, list):
            return value
        self._add(path, "Debe ser una lista.")
        return []

    def _table(self, path: str, value: object, keys: tuple[str, ...]) -> dict:
        """Return a table. It has no other keys than these, of which the first is required."""
        if not isinstance(value, dict):
            self._add(path, f"Debe ser una tabla con «{keys[0]}».")
            return {}
        for key in value:
            if key not in keys:
                known = ", ".join(keys)
                self._add(path, f"No se conoce «{_quoted(key)}». Puede llevar: {known}.")
        if keys[0] not in value:
            self._add(path, f"Falta «{keys[0]}».")
        return value

    def _part(self, path: str, table: dict, key: str, read: Callable) -> Any:
        """Return what is read under the key; None if the table has no such key."""
        return read(f"{path}.{key}".lstrip("."), table[key]) if key in table else None

    def _add(self, path: str, sentence: str) -> None:
        self.problems.append(Problem(sentence, path, self.username))


def _quoted(text: str) -> str:
    """Return the beginning of a text of a document, without characters that a terminal obeys."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:LONGEST_QUOTED])
