"""Read a file of users. No file is trusted.

No more than the rows is held in memory. A flaw of one cell does not refuse the file: the row
holds the flaw, and the plan shows it.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from itertools import chain, islice

from django.conf import settings
from django.views.decorators.debug import sensitive_variables
from openpyxl.utils import get_column_letter

from profiles.load import values
from profiles.load.columns import COLUMNS, TITLES, are_both_surnames
from profiles.spreadsheet import as_typed
from profiles.tables import letters
from profiles.tables.opening import lines_of
from profiles.tables.rows import TITLES_WITHIN, Cell, FileError, Row, Sheet, too_many_rows
from profiles.tables.titles import Column, is_numbering
from users.validators import DocumentType

LONGEST_NOTED = 100
KNOWN = ", ".join(column.heading for column in COLUMNS.values())


@sensitive_variables()
def read(file) -> Sheet:
    """Read the rows of a seekable binary file; raises FileError.

    The kind of the file is read from its content, not from its name.
    """
    notes: list[str] = []
    with closing(lines_of(file, TITLES, notes)) as lines:
        columns, rows = _table(lines, notes)
    return Sheet(columns, rows, tuple(notes))


_UNTITLED = "Esta celda está en una columna sin un título que se conozca. Póngalo o borre la celda"
_NUMBER = "La celda es un número y Excel pudo quitarle ceros. Dele formato de texto y escríbala otra vez"  # fmt: skip
_DIGITS = "Es un número: si empezaba con ceros, Excel los quitó. Compruébelo"
_FORMULA = "Está escrita como fórmula. Quítele el signo = y las comillas"
_APOSTROPHE = "Empieza con un apóstrofo, que es parte de la clave"
_DAY = "Excel la convirtió en fecha u hora. Dele formato de texto y escríbala otra vez"
# Not the number of a document: no list of users has so many rows.
_NUMBER_OF_A_ROW = re.compile(r"\d{1,5}")
_UNPROVED = "Tiene una letra que otro programa pudo cambiar. Escriba otra sin tildes, eñes ni signos raros, o guarde el archivo de origen como «CSV UTF-8»"
_NAMES = ("first_name", "last_name")
# Columns where a number that lost a zero is another value.
_NEVER_NUMBERS = ("password", "options", "roles")
# Columns where Excel's days are days; elsewhere it made one of what was typed: ENE26 is 2026-01-01.
_DAYS = ("valid_from", "valid_until")
# Columns where a value can begin with an apostrophe; elsewhere it is Excel's mark of a text.
_APOSTROPHES = ("first_name", "last_name", "email", "password", "template")
# A text as a formula, which keeps its zeros: ="00123456".
_TEXT_FORMULA = re.compile(r'="([^"]*)"')


@sensitive_variables()
def _table(lines: Iterator[list[Cell]], notes: list[str]) -> tuple[tuple[str, ...], list[Row]]:
    """Return the names of the columns, and the rows below the titles; raises FileError."""
    first = list(islice(lines, TITLES_WITHIN))
    texts = [[cell.text for cell in line] for line in first]
    above = TITLES.row(texts)
    if above is None:
        # So that the refusal is about the row that was meant to be the titles.
        above = next((index for index, row in enumerate(texts) if any(map(str.strip, row))), 0)
    titles = texts[above] if texts else []
    for title in titles:
        if found := letters.garbled(title, is_name=True):
            raise _garbled(f"del título «{title.strip()[:40]}»", above + 1, found)
    columns = _columns(titles)
    if any(cell.text.strip() for line in first[:above] for cell in line):
        notes.append(f"Los títulos están en la fila {above + 1}; lo que está encima no se lee.")
    rows = []
    for number, line in enumerate(chain(first[above + 1 :], lines), start=above + 2):
        if number - above - 1 > settings.LOAD_MAX_ROWS:
            raise too_many_rows()
        if row := _row(number, line, columns):
            rows.append(row)
    _note_doubtful_names(rows, notes)
    _leave_out_numbering(rows, titles, columns, notes)
    if not rows:
        raise FileError("El archivo no tiene filas debajo de los títulos.")
    return tuple(column.name for column in columns if column), rows


def _garbled(place: str, number: int, found: str) -> FileError:
    """Return the refusal of a file: one garbled text is enough to doubt all its letters."""
    read = f": se lee «{found}»" if found else ""
    return FileError(
        f"Otro programa cambió las letras {place}, en la fila {number}{read}. Revise las de todo "
        "el archivo, o vuelva al archivo de origen y guárdelo como «CSV UTF-8»."
    )


def _note_doubtful_names(rows: list[Row], notes: list[str]) -> None:
    doubtful = [
        f"{row.number} ({row.cells[name][:LONGEST_NOTED]})"
        for row in rows
        for name in _NAMES
        if letters.is_doubtful(row.cells.get(name, ""))
    ]
    if doubtful:
        more = f" y {len(doubtful) - 3} más" if len(doubtful) > 3 else ""
        notes.append(
            "Compruebe las tildes y las eñes de todo el archivo: otro programa pudo cambiar las "
            f"letras de la fila {'; '.join(doubtful[:3])}{more}."
        )


def _leave_out_numbering(rows: list[Row], titles, columns, notes: list[str]) -> None:
    """Take no notice of a column that only numbers the rows; any other text without a title is a flaw.

    Its title says so and its numbers are short; or it has no title, stands before the first column
    and counts from 0 or 1: pandas writes one like that.
    """
    before = next(index for index, column in enumerate(columns) if column) - 1
    for index, title in enumerate(titles):
        letter = get_column_letter(index + 1)
        texts = [row.untitled.get(letter, "") for row in rows] if not columns[index] else []
        is_counting = any(texts == [*map(str, range(n, n + len(rows)))] for n in (0, 1))
        if (is_numbering(title) and all(map(_NUMBER_OF_A_ROW.fullmatch, filter(None, texts)))) or (
            index == before and not title.strip() and is_counting
        ):
            notes.append(f"La columna {letter} solo numera las filas: no se lee.")
            for row in rows:
                row.untitled.pop(letter, None)
    for row in rows:
        row.flaws |= dict.fromkeys(row.untitled, _UNTITLED)
    rows[:] = [row for row in rows if row.cells or row.flaws]


def _columns(titles: list[str]) -> list[Column | None]:
    """Return the column of each title; None for a column that is not read.

    Raises FileError for wrong titles.
    """
    columns = [TITLES.column(title) for title in titles]
    named = [column for column in columns if column]
    unknown = [
        f"«{title.strip()[:40]}»"
        for title, column in zip(titles, columns, strict=True)
        if title.strip() and not column and not is_numbering(title)
    ]
    if unknown or not named:
        said = f"No se conoce {', '.join(unknown[:5])}. " if unknown and named else ""
        raise FileError(
            f"{said}La primera fila debe llevar los títulos de las columnas. Los que se conocen: "
            f"{KNOWN}. Cambie el título o borre la columna."
        )
    twice = next((column for column in named if named.count(column) > 1), None)
    if twice and not are_both_surnames(titles):
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
            row.untitled[get_column_letter(index + 1)] = cell.text
        else:
            _take(row, column.name, cell)
    if values.document_type(row.cells.get("document_type", "")) == DocumentType.DNI:
        # The missing zeros of a DNI can be counted.
        row.notes = [note for note in row.notes if note[2] != _DIGITS]
    return row if row.cells or row.flaws or row.untitled else None


@sensitive_variables()
def _take(row: Row, name: str, cell: Cell) -> None:
    """Put the text of the cell into the row, with its flaw; raises FileError for a garbled text."""
    text = cell.text
    is_password = name == "password"
    if not is_password and (text := as_typed(text)) == cell.text:
        if formula := _TEXT_FORMULA.fullmatch(text.strip()):
            text = formula[1]
        elif name not in _APOSTROPHES:
            text = re.sub(r"^\s*'", "", text)
    if found := letters.garbled(text, is_name=name in _NAMES):
        # Of a password no letter is quoted.
        raise _garbled(f"de «{COLUMNS[name].heading}»", row.number, "" if is_password else found)
    if is_password and text.startswith("'"):
        row.notes.append([name, "", _APOSTROPHE, ""])
    if flaw := cell.flaw or _flaw(name, text, cell):
        row.flaws[name] = flaw
    else:
        # Two columns hold the surnames.
        row.cells[name] = f"{row.cells[name]} {text}" if name in row.cells else text
    if name == "document_number" and cell.is_number:
        row.notes.append([name, text, _DIGITS, ""])


def _flaw(name: str, text: str, cell: Cell) -> str:
    if cell.is_number and name in _NEVER_NUMBERS:
        return _NUMBER
    if cell.is_day_or_time and name not in _DAYS:
        return _DAY
    if name == "password" and _has_unproved_letter(text, cell):
        return _UNPROVED
    return _FORMULA if name == "password" and _TEXT_FORMULA.fullmatch(text.strip()) else ""


def _has_unproved_letter(password: str, cell: Cell) -> bool:
    """Return whether a letter of the password may be another one than was typed."""
    if cell.is_unproved:
        return not password.isascii()
    return bool(letters.garbled(password, is_name=True))
