"""Read a catalogue file and check it: limits, shape, then the references between rows.

The catalogue of a site is trusted no more than any other file.
"""

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from profiles.tables import toml_text
from profiles.tables.rows import FileError

CATALOG_FILE = Path(__file__).with_name("catalog.toml")
# For each kind of row: the required columns and the optional columns.
COLUMNS = {
    "operator_types": ({"code", "name", "source"}, set()),
    "profiles": ({"code", "name", "source"}, set()),
    "roles": ({"code", "name", "operator_type", "permits", "source"}, set()),
    "options": (
        {"code", "profile", "name", "source"},
        {"parent", "purpose", "operator_types", "roles"},
    ),
    "templates": ({"operator_type", "name", "options", "roles"}, {"source"}),
}
# A catalogue may have no ready-made template.
MAY_BE_MISSING = {"templates"}
# The column that identifies a row, if not ``code``; and the columns that are lists of codes.
IDENTITY = {"templates": "operator_type"}
LISTS = {"options": {"operator_types", "roles"}, "templates": {"options", "roles"}}


@dataclass(frozen=True)
class Problem:
    """A problem of a catalogue, and where: the list, the index of the row in it, the column."""

    sentence: str
    kind: str = ""
    index: int | None = None
    column: str = ""
    code: str = ""


def place_in_toml(problem: Problem) -> str:
    """Return where in a TOML file the problem is."""
    if problem.index is None:
        return ""
    row = f"{problem.kind}, fila {problem.index + 1} ({problem.code or 'sin código'})"
    return f"{row}, «{problem.column}»" if problem.column else row


class CatalogError(Exception):
    """The problems of a catalogue, one sentence each, with its place: the first of them."""

    def __init__(
        self, found: list[Problem], place: Callable[[Problem], str] = place_in_toml
    ) -> None:
        self.problems = toml_text.first_problems(
            [": ".join(filter(None, [place(problem), problem.sentence])) for problem in found]
        )
        super().__init__(" · ".join(self.problems))


@dataclass(frozen=True)
class Catalog:
    operator_types: list[dict]
    profiles: list[dict]
    roles: list[dict]
    options: list[dict]
    templates: list[dict]
    # Where in its file a problem is that only loading finds.
    place: Callable[[Problem], str] = place_in_toml
    # What of the file was not read.
    notes: tuple[str, ...] = ()

    def lists(self) -> dict[str, list[dict]]:
        """Return the rows of each kind."""
        return {kind: getattr(self, kind) for kind in COLUMNS}


def read_file(file: BinaryIO) -> Catalog:
    """Read a file of at most toml_text.MAX_BYTES. Raises CatalogError."""
    return _parsed(toml_text.read_file, file)


def read(text: str) -> Catalog:
    """Parse and check a catalogue. Raises CatalogError with every problem found."""
    return _parsed(toml_text.read, text)


def _parsed(parse: Callable[..., dict], source: BinaryIO | str) -> Catalog:
    try:
        tables = parse(source)
    except FileError as error:
        raise CatalogError([Problem(str(error))]) from error
    return checked(tables)


def checked(tables: dict) -> Catalog:
    """Return the catalogue of these lists of rows. Raises CatalogError with every problem found."""
    if problems := problems_of(tables):
        raise CatalogError(problems)
    return catalog_of(tables)


def catalog_of(tables: dict, **about) -> Catalog:
    """Return the catalogue of lists that have no problem."""
    return Catalog(**{kind: tables.get(kind, []) for kind in COLUMNS}, **about)


def problems_of(tables: dict) -> list[Problem]:
    """Return the problems of the rows; those between rows only when each row is right."""
    return [problem for kind in COLUMNS for problem in _shape_problems(kind, tables)] or list(
        _reference_problems(catalog_of(tables))
    )


def _shape_problems(kind: str, tables: dict) -> list[Problem]:
    rows = tables.get(kind, [] if kind in MAY_BE_MISSING else None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [Problem(f"Falta la lista «{kind}».")]
    required, optional = COLUMNS[kind]
    identity = IDENTITY.get(kind, "code")
    problems, seen = [], set()
    for index, row in enumerate(rows):
        code = row.get(identity) if isinstance(row.get(identity), str) else ""

        def add(sentence: str, column: str, index=index, code=code) -> None:
            problems.append(Problem(sentence, kind, index, column, code))

        for column in sorted(required - row.keys()):
            add("Falta el valor.", column)
        for column in sorted(row.keys() - required - optional):
            add("No se conoce esta columna.", column)
        for column, value in row.items():
            if column in LISTS.get(kind, ()):
                right = isinstance(value, list) and all(isinstance(item, str) for item in value)
            else:
                # Printable: no database column takes every control character.
                right = isinstance(value, str) and value == value.strip() != ""
                right = right and value.isprintable()
            if not right:
                add("El valor no es válido.", column)
        if code:
            if code in seen:
                add(f"{code} está repetido.", identity)
            seen.add(code)
    return problems


def _reference_problems(catalog: Catalog) -> Iterator[Problem]:
    for kind, rows in catalog.lists().items():
        if not rows and kind not in MAY_BE_MISSING:
            yield Problem(f"La lista «{kind}» está vacía.")
    types = {row["code"] for row in catalog.operator_types}
    profiles = {row["code"] for row in catalog.profiles}
    roles = {row["code"]: row["operator_type"] for row in catalog.roles}
    leaves = {row["code"]: {*row.get("operator_types", [])} for row in catalog.options}
    above: dict[str, dict] = {}
    for kind, rows in catalog.lists().items():
        for index, row in enumerate(rows):
            match kind:
                case "roles":
                    found = _unknown("operator_type", "el tipo de operador", row, types)
                case "options":
                    found = [*_option_problems(row, types, profiles, roles, above)]
                    above[row["code"]] = row
                case "templates":
                    found = [*_template_problems(row, types, roles, leaves)]
                case _:
                    found = []
            for column, sentence in found:
                yield Problem(sentence, kind, index, column, row[IDENTITY.get(kind, "code")])


def _unknown(column: str, what: str, row: dict, known: Set) -> list[tuple[str, str]]:
    code = row[column]
    return [] if code in known else [(column, f"No existe {what} {code}.")]


def _option_problems(row, types, profiles, roles, above) -> Iterator[tuple[str, str]]:
    """Yield the column and the sentence of each problem. ``above`` are the options before it."""
    yield from _unknown("profile", "el perfil", row, profiles)
    if parent := row.get("parent"):
        # Parents come first, so no folder can be inside itself.
        if parent not in above:
            yield "parent", f"La carpeta {parent} no está en una fila de más arriba."
        elif above[parent]["profile"] != row["profile"]:
            yield "parent", f"La carpeta {parent} es de otro perfil."
        elif not is_folder(above[parent]):
            yield "parent", f"{parent} no es una carpeta."
    offered, acting = {*row.get("operator_types", [])}, {*row.get("roles", [])}
    if unknown := offered - types:
        yield "operator_types", f"No existe el tipo de operador {', '.join(sorted(unknown))}."
    if unknown := acting - roles.keys():
        yield "roles", f"No existe el rol {', '.join(sorted(unknown))}."
    yield from option_problems(
        is_folder=is_folder(row),
        purpose=row.get("purpose", ""),
        operator_types=offered,
        types_of_roles={roles[role] for role in acting & roles.keys()},
    ).items()


def _template_problems(row, types, roles, leaves) -> Iterator[tuple[str, str]]:
    operator_type = row["operator_type"]
    yield from _unknown("operator_type", "el tipo de operador", row, types)
    for code in row["options"]:
        if operator_type not in leaves.get(code, ()):
            yield "options", f"La opción {code} no se ofrece a {operator_type}."
    for code in row["roles"]:
        if roles.get(code) != operator_type:
            yield "roles", f"El rol {code} no es de {operator_type}."


def option_problems(
    *, is_folder: bool, purpose: str, operator_types: Set, types_of_roles: Set
) -> dict[str, str]:
    """Return the problem of each column of an option, of a file or written by hand.

    ``types_of_roles`` are the types of operator to which its roles belong.
    """
    if is_folder:
        of_leaves = {"operator_types": operator_types, "roles": types_of_roles}
        sentence = "Una carpeta no se ofrece ni pide roles por sí misma."
        return {column: sentence for column, values in of_leaves.items() if values}
    problems = {}
    if not purpose:
        problems["purpose"] = "Diga qué se haría ahí."
    if not operator_types:
        problems["operator_types"] = "Elija al menos un tipo de operador."
    elif types_of_roles and types_of_roles != operator_types:
        problems["roles"] = "Cada tipo de operador al que se ofrece necesita un rol, y ninguno más."
    return problems


def is_folder(option_row: dict) -> bool:
    """Return whether the row is a folder: a row that is offered to no type of operator."""
    return not option_row.get("operator_types")
