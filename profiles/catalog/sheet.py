"""The catalogue as one table, which a spreadsheet opens: CSV or XLSX.

Each row says what it is (``KINDS``), so one table holds the five lists of the catalogue. The rules
are those of ``reading``; here is only where in the table each value stands.
"""

from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice
from typing import BinaryIO

from openpyxl.utils import get_column_letter

from profiles.catalog import reading
from profiles.catalog.reading import Catalog, CatalogError, Problem
from profiles.spreadsheet import as_typed
from profiles.tables import letters
from profiles.tables.opening import lines_of
from profiles.tables.rows import TITLES_WITHIN, Cell, FileError
from profiles.tables.titles import Column, Titles, bare

COLUMNS = [
    Column("kind", "Qué es", "Tipo de operador, Perfil, Rol, Carpeta, Opción o Plantilla."),
    Column("code", "Código", "Identifica la fila. No se cambia: con otro código es otra fila."),
    Column("name", "Nombre", "Lo que se lee en pantalla."),
    Column("profile", "Perfil", "Código del perfil de una carpeta u opción."),
    Column("parent", "Carpeta", "Código de la carpeta en la que está, de una fila de más arriba."),
    Column("text", "Para qué sirve", "Qué se haría en la opción, o qué permite el rol."),
    Column(
        "operator_types",
        "Tipos de operador",
        "A quiénes se ofrece la opción, o de quién es el rol o la plantilla. Códigos separados por "
        "espacios.",
        also=("Tipo de operador",),
    ),
    Column("roles", "Roles", "Códigos de los roles que permiten la opción, o que da la plantilla."),
    Column("options", "Opciones", "Códigos de las opciones que da la plantilla."),
    Column("source", "Fuente", "De dónde sale la fila, o «supuesto»."),
]
TITLES = Titles(COLUMNS, key="kind")
HEADINGS = {column.name: column.heading for column in COLUMNS}
FOLDER, OPTION = "Carpeta", "Opción"
# By what a row is: its list, and the column of the list that each column of the table is.
KINDS = {
    "Tipo de operador": ("operator_types", {}),
    "Perfil": ("profiles", {}),
    "Rol": ("roles", {"text": "permits", "operator_types": "operator_type"}),
    FOLDER: ("options", {"text": "purpose"}),
    OPTION: ("options", {"text": "purpose"}),
    "Plantilla": ("templates", {"operator_types": "operator_type"}),
}
_BY_NAME = {bare(name): name for name in KINDS}
NUMBER = "Es un número y Excel pudo quitarle ceros. Dele formato de texto y escríbalo otra vez."
DAY = "Excel lo convirtió en fecha u hora. Dele formato de texto y escríbalo otra vez."
GARBLED = "Otro programa cambió sus letras. Escríbalo otra vez."


def rows_of(catalog: Catalog) -> Iterator[list[str]]:
    """Yield the titles and the rows of the catalogue. Reading them gives the same catalogue."""
    yield [column.heading for column in COLUMNS]
    for kind, rows in catalog.lists().items():
        for row in rows:
            name = next(name for name, (of, _) in KINDS.items() if of == kind)
            if kind == "options":
                name = FOLDER if reading.is_folder(row) else OPTION
            columns = KINDS[name][1]
            values = [row.get(columns.get(column.name, column.name), "") for column in COLUMNS[1:]]
            yield [name, *(" ".join(v) if isinstance(v, list) else v for v in values)]


def read_file(file: BinaryIO) -> Catalog:
    """Read a file of at most toml_text.MAX_BYTES. Raises CatalogError, each problem at its cell."""
    notes: list[str] = []
    try:
        with closing(lines_of(file, TITLES, notes)) as lines:
            table = _Table(lines)
    except FileError as error:
        raise CatalogError([Problem(str(error))]) from error
    # What cannot be read would only be missed again.
    if problems := table.problems or [*table.broken_rules()]:
        raise CatalogError(problems, table.place)
    return reading.catalog_of(table.lists, place=table.place, notes=tuple(notes))


class _Table:
    """The rows of the table, in their lists, with the place of each.

    Raises FileError when there are no titles.
    """

    def __init__(self, lines: Iterator[list[Cell]]) -> None:
        first = list(islice(lines, TITLES_WITHIN))
        above = TITLES.row([[cell.text for cell in line] for line in first])
        if above is None:
            known = ", ".join(HEADINGS.values())
            raise FileError(f"No está la fila de los títulos. Son: {known}.")
        self.lists: dict[str, list[dict]] = {kind: [] for kind in reading.COLUMNS}
        self.problems: list[Problem] = []
        # The number of each row in the file, and what it is.
        self.numbers: dict[tuple[str, int], int] = {}
        self.names: dict[tuple[str, int], str] = {}
        titles = [cell.text.strip() for cell in first[above]]
        self.columns = [TITLES.column(title) for title in titles]
        self._check_titles(titles, above + 1)
        for number, line in enumerate(chain(first[above + 1 :], lines), start=above + 2):
            self._read(number, line)

    def place(self, problem: Problem) -> str:
        """Return the row, and the letter and the title of the column."""
        if problem.index is None:
            return ""
        key = problem.kind, problem.index
        name = self._in_table(problem, self.names.get(key, ""))
        number = self.numbers.get(key, problem.index)
        return f"Fila {number}{self._column_place(name)}"

    def _in_table(self, problem: Problem, name: str) -> str:
        columns = KINDS[name][1] if name else {}
        return next((own for own, of in columns.items() if of == problem.column), problem.column)

    def _column_place(self, name: str) -> str:
        if name not in HEADINGS:
            return ""
        indexes = [index for index, column in enumerate(self.columns) if column]
        letter = next(
            (f"{get_column_letter(i + 1)}, " for i in indexes if self.columns[i].name == name), ""
        )
        return f", columna {letter}«{HEADINGS[name]}»"

    def _check_titles(self, titles: list[str], number: int) -> None:
        named = [column.name for column in self.columns if column]
        missing = [heading for name, heading in HEADINGS.items() if name not in named]
        twice = [HEADINGS[name] for name in HEADINGS if named.count(name) > 1]
        unknown = [
            title[:40]
            for title, column in zip(titles, self.columns, strict=True)
            if title and not column
        ]
        for said, found in (
            ("Falta la columna", missing),
            ("Está dos veces la columna", twice),
            ("No se conoce la columna", unknown),
        ):
            self.problems += [Problem(f"{said} «{heading}».", index=number) for heading in found]

    def _read(self, number: int, line: list[Cell]) -> None:
        cells = {
            column.name: cell
            for column, cell in zip(self.columns, line, strict=False)
            if column and (cell.text.strip() or cell.flaw)
        }
        if not cells:
            return
        said = cells.pop("kind", Cell(""))
        name = _BY_NAME.get(bare(said.text))
        if name is None:
            kinds = ", ".join(KINDS)
            self.problems.append(Problem(f"Diga qué es la fila: {kinds}.", "", number, "kind"))
            return
        kind, columns = KINDS[name]
        index = len(self.lists[kind])
        self.numbers[kind, index], self.names[kind, index] = number, name
        row = {column: [] for column in reading.LISTS.get(kind, ())}
        for own, cell in cells.items():
            column = columns.get(own, own)
            if flaw := _flaw(own, cell):
                self.problems.append(Problem(flaw, kind, index, column))
            text = as_typed(cell.text).strip().replace("\r\n", " ").replace("\n", " ")
            is_list = column in row
            row[column] = text.replace(",", " ").replace(";", " ").split() if is_list else text
        self.lists[kind].append(row)

    def broken_rules(self) -> Iterator[Problem]:
        """Yield what is wrong with the rows that could be read."""
        mistaken = self._mistaken_kinds()
        yield from mistaken
        rows = {(problem.kind, problem.index) for problem in mistaken}
        for problem in reading.problems_of(self.lists):
            if (problem.kind, problem.index) not in rows:
                yield problem

    def _mistaken_kinds(self) -> list[Problem]:
        """Return the problems of an option without types, which would be read as a folder, and of a
        folder with types."""
        return [
            Problem(sentence, "options", index, column)
            for index, row in enumerate(self.lists["options"])
            if reading.is_folder(row) != (self.names["options", index] == FOLDER)
            for column, sentence in reading.option_problems(
                is_folder=self.names["options", index] == FOLDER,
                purpose=row.get("purpose", ""),
                operator_types={*row["operator_types"]},
                types_of_roles=set(),
            ).items()
        ]


def _flaw(name: str, cell: Cell) -> str:
    if cell.flaw:
        return f"{cell.flaw}."
    if cell.is_number and name in ("code", "parent", "options"):
        return NUMBER
    if cell.is_day_or_time:
        return DAY
    return GARBLED if letters.garbled(cell.text, is_name=False) else ""
