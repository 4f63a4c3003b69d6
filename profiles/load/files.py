"""Read a file of users: CSV with Python's own reader, XLSX with openpyxl. No file is trusted.

A file is refused before it costs much: the parts of an XLSX are measured before they are parsed,
and no more than the rows is held in memory. A flaw of one cell does not refuse the file: the row
holds the flaw, and the plan shows it.
"""

import io
from collections.abc import Iterator
from contextlib import closing

from django.conf import settings
from django.views.decorators.debug import sensitive_variables
from openpyxl.utils import get_column_letter

from profiles.load.columns import COLUMNS, Column, column_titled
from profiles.load.csv_text import rows_of_csv
from profiles.load.rows import Cell, FileError, Row, Sheet, too_many_rows
from profiles.load.workbook import rows_of_workbook
from profiles.spreadsheet import as_typed

KNOWN = ", ".join(column.heading for column in COLUMNS.values())


@sensitive_variables()
def read(file) -> Sheet:
    """Read the rows of a seekable binary file; raises FileError.

    The kind of the file is read from its content, not from its name.
    """
    if file.seek(0, io.SEEK_END) > settings.LOAD_MAX_BYTES:
        raise FileError(
            f"El archivo pesa más de {settings.LOAD_MAX_BYTES // 1024**2} MB. Divídalo en varios."
        )
    file.seek(0)
    start = file.read(8)
    file.seek(0)
    if not start:
        raise FileError("El archivo está vacío. Elija otro.")
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise FileError("Es un libro de Excel antiguo o con contraseña. Guárdelo como .xlsx.")
    rows_of = rows_of_workbook if start.startswith(b"PK") else rows_of_csv
    with closing(rows_of(file)) as lines:
        return _sheet(lines)


_UNTITLED = "Esta celda está en una columna sin título. Póngale título o bórrela"
_NUMBER = "La celda es un número y Excel pudo quitarle ceros. Dele formato de texto y escríbala otra vez"  # fmt: skip


@sensitive_variables()
def _sheet(lines: Iterator[list[Cell]]) -> Sheet:
    columns = _columns([cell.text for cell in next(lines, [])])
    rows = []
    for number, line in enumerate(lines, start=2):
        if number - 1 > settings.LOAD_MAX_ROWS:
            raise too_many_rows()
        if row := _row(number, line, columns):
            rows.append(row)
    if not rows:
        raise FileError("El archivo no tiene filas debajo de los títulos.")
    return Sheet(tuple(column.name for column in columns if column), rows)


def _columns(titles: list[str]) -> list[Column | None]:
    """Return the column of each title; None for an empty title. Raises FileError for wrong titles."""
    columns = [column_titled(title) for title in titles]
    named = [column for column in columns if column]
    unknown = [
        f"«{title.strip()[:40]}»"
        for title, column in zip(titles, columns, strict=True)
        if title.strip() and not column
    ]
    if unknown or not named:
        said = f"No se conoce {', '.join(unknown[:5])}. " if unknown and named else ""
        raise FileError(
            f"{said}La primera fila debe llevar los títulos de las columnas. Los que se conocen: "
            f"{KNOWN}."
        )
    if twice := next((column for column in named if named.count(column) > 1), None):
        raise FileError(f"La columna «{twice.heading}» está dos veces. Deje una.")
    if COLUMNS["username"] not in named:
        raise FileError(f"Falta la columna «{COLUMNS['username'].heading}».")
    return columns


@sensitive_variables()
def _row(number: int, line: list[Cell], columns: list[Column | None]) -> Row | None:
    """Return the row; None for an empty one."""
    row = Row(number, {})
    for index, cell in enumerate(line):
        if not cell.text.strip() and not cell.flaw:
            continue
        column = columns[index] if index < len(columns) else None
        if column is None:
            row.flaws[get_column_letter(index + 1)] = _UNTITLED
            continue
        # A password is taken as typed, spaces included.
        row.cells[column.name] = cell.text if column.name == "password" else as_typed(cell.text)
        if flaw := cell.flaw or (_NUMBER if cell.is_number and column.name == "password" else ""):
            row.flaws[column.name] = flaw
    return row if row.cells or row.flaws else None
