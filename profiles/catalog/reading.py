"""Read a catalogue file and check it: limits, shape, then the references between rows.

The catalogue of a site is trusted no more than any other file: reading or refusing it takes less
than a second, whatever it holds.
"""

import re
import tomllib
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from operators.validators import normalised

CATALOG_FILE = Path(__file__).with_name("catalog.toml")
# The file that comes with the portal has 70 KB, and no dot in any key.
MAX_BYTES = 200 * 1024
MOST_DOTS = 4
# A file of another shape can break the same rule in each row.
MAX_PROBLEMS, LONGEST_PROBLEM = 50, 300
# Strings and comments of TOML. One that never ends goes on to the end, where the parser stops too.
# No alternative fails after its quotes, or each quote would cost a search to the end.
QUOTED = re.compile(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)|"(?:\\.|[^"\\\n])*"?'''
    r"""|'''.*?(?:'{3,5}|\Z)|'[^'\n]*'?|#[^\n]*""",
    re.DOTALL,
)
# For each kind of row: the required columns and the optional columns.
COLUMNS = {
    "operator_types": ({"code", "name", "source"}, set()),
    "profiles": ({"code", "name", "source"}, set()),
    "roles": ({"code", "name", "operator_type", "permits", "source"}, set()),
    "options": (
        {"code", "profile", "name", "source"},
        {"parent", "purpose", "operator_types", "roles"},
    ),
    "templates": ({"operator_type", "name", "options", "roles", "source"}, set()),
}
# A catalogue may have no ready-made template.
MAY_BE_MISSING = {"templates"}
# The column that identifies a row, if not ``code``; and the columns that are lists of codes.
IDENTITY = {"templates": "operator_type"}
LISTS = {"options": {"operator_types", "roles"}, "templates": {"options", "roles"}}


class CatalogError(Exception):
    """The problems of a catalogue file, one sentence each: the first MAX_PROBLEMS."""

    def __init__(self, problems: list[str]) -> None:
        more = len(problems) - MAX_PROBLEMS
        self.problems = [problem[:LONGEST_PROBLEM] for problem in problems[:MAX_PROBLEMS]]
        if more > 0:
            self.problems.append(f"Y {more} problemas más.")
        super().__init__(" · ".join(self.problems))


@dataclass(frozen=True)
class Catalog:
    operator_types: list[dict]
    profiles: list[dict]
    roles: list[dict]
    options: list[dict]
    templates: list[dict]


def read_file(file: BinaryIO) -> Catalog:
    """Read a file of at most MAX_BYTES. Raises CatalogError."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise CatalogError([f"El archivo pesa más de {MAX_BYTES // 1024} KB."])
    try:
        # Windows programs put a byte order mark before the text.
        return read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CatalogError(
            ["El archivo no está en UTF-8. Guárdelo con esa codificación."]
        ) from error


def read(text: str) -> Catalog:
    """Parse and check a catalogue. Raises CatalogError with every problem found."""
    # Some editors write an accent as a character of its own.
    text = "\n".join(normalised("NFC", line) for line in text.split("\n"))
    # The parser takes the square of the dots of a key, and of a table for each key below it.
    if any(line.count(".") > MOST_DOTS for line in QUOTED.sub("", text).split("\n")):
        raise CatalogError(
            [
                "El archivo tiene claves con puntos. En el catálogo ninguna los lleva: póngalas solas."
            ]
        )
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides TOMLDecodeError: numbers of thousands of digits, too deep brackets.
        raise CatalogError([f"El archivo no es TOML válido{_place(error)}."]) from error
    if problems := [problem for kind in COLUMNS for problem in _shape_problems(kind, tables)]:
        raise CatalogError(problems)
    catalog = Catalog(**{kind: tables.get(kind, []) for kind in COLUMNS})
    if problems := _reference_problems(catalog):
        raise CatalogError(problems)
    return catalog


def _place(error: Exception) -> str:
    """Return the line and the column, read from the parser's English sentence."""
    place = re.search(r"line (\d+), column (\d+)", str(error))
    return ": revise la línea {}, columna {}".format(*place.groups()) if place else ""


def _shape_problems(kind: str, tables: dict) -> list[str]:
    rows = tables.get(kind, [] if kind in MAY_BE_MISSING else None)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [f"Falta la lista «{kind}»."]
    required, optional = COLUMNS[kind]
    identity = IDENTITY.get(kind, "code")
    problems, seen = [], set()
    for number, row in enumerate(rows, start=1):
        code = row.get(identity) if isinstance(row.get(identity), str) else None
        label = f"{kind}, fila {number} ({code or 'sin código'})"
        if missing := required - row.keys():
            problems.append(f"{label}: falta {', '.join(sorted(missing))}.")
        if unknown := row.keys() - required - optional:
            problems.append(f"{label}: columna desconocida {', '.join(sorted(unknown))}.")
        for column, value in row.items():
            if column in LISTS.get(kind, ()):
                right = isinstance(value, list) and all(isinstance(item, str) for item in value)
            else:
                # Printable: no database column takes every control character.
                right = isinstance(value, str) and value == value.strip() != ""
                right = right and value.isprintable()
            if not right:
                problems.append(f"{label}: el valor de «{column}» no es válido.")
        if code:
            if code in seen:
                problems.append(f"{label}: el código está repetido.")
            seen.add(code)
    return problems


def _reference_problems(catalog: Catalog) -> list[str]:
    problems = [
        f"La lista «{kind}» está vacía."
        for kind, rows in vars(catalog).items()
        if not rows and kind not in MAY_BE_MISSING
    ]
    types = {row["code"] for row in catalog.operator_types}
    profiles = {row["code"] for row in catalog.profiles}
    roles = {row["code"]: row["operator_type"] for row in catalog.roles}
    problems += [
        f"Rol {code}: el tipo de operador {operator_type} no existe."
        for code, operator_type in roles.items()
        if operator_type not in types
    ]
    above: dict[str, dict] = {}
    for row in catalog.options:
        label = f"Opción {row['code']}"
        if row["profile"] not in profiles:
            problems.append(f"{label}: el perfil {row['profile']} no existe.")
        if parent := row.get("parent"):
            # Parents come first, so no folder can be inside itself.
            if parent not in above:
                problems.append(f"{label}: su carpeta {parent} no está antes que ella.")
            elif above[parent]["profile"] != row["profile"]:
                problems.append(f"{label}: su carpeta {parent} es de otro perfil.")
            elif not is_folder(above[parent]):
                problems.append(f"{label}: {parent} no es una carpeta.")
        above[row["code"]] = row
        offered = set(row.get("operator_types", []))
        acting = set(row.get("roles", []))
        if unknown := offered - types:
            problems.append(f"{label}: tipo de operador desconocido {', '.join(sorted(unknown))}.")
        if unknown := acting - roles.keys():
            problems.append(f"{label}: rol desconocido {', '.join(sorted(unknown))}.")
        found = option_problems(
            is_folder=is_folder(row),
            purpose=row.get("purpose", ""),
            operator_types=offered,
            types_of_roles={roles[role] for role in acting & roles.keys()},
        )
        problems += [f"{label}, «{column}»: {problem}" for column, problem in found.items()]
    for row in catalog.templates:
        operator_type = row["operator_type"]
        label = f"Plantilla «{row['name']}»"
        if operator_type not in types:
            problems.append(f"{label}: el tipo de operador {operator_type} no existe.")
        for code in row["options"]:
            if operator_type not in above.get(code, {}).get("operator_types", []):
                problems.append(f"{label}: la opción {code} no se ofrece a {operator_type}.")
        for code in row["roles"]:
            if roles.get(code) != operator_type:
                problems.append(f"{label}: el rol {code} no es de {operator_type}.")
    return problems


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
