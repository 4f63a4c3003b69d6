"""Reads a file of users: CSV by Python's own reader, XLSX by openpyxl, neither trusted.

What is refused here is refused before it costs anything: the parts of an XLSX are measured before
they are parsed, and no file makes this hold more than its rows. What is wrong with one cell does
not refuse the file: the row says so, and the plan shows it.
"""

import codecs
import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, time
from xml.parsers import expat

from django.conf import settings
from django.utils.formats import number_format
from django.views.decorators.debug import sensitive_variables
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import SHEET_MAIN_NS

from profiles.load.columns import COLUMNS, Column, column_titled
from profiles.spreadsheet import as_typed

KNOWN = ", ".join(column.heading for column in COLUMNS.values())
CHUNK = 64 * 1024

LONGEST_ROW = 1024 * 1024
MOST_PARTS = 1000
# Real sheets shrink some tenfold.
UNZIPPED = 8 * settings.LOAD_MAX_BYTES
# Further to the right nothing is read: a sheet can have 16384 columns, in every row.
MOST_COLUMNS = 50
# Elements of one row: all of those columns, each with its text.
WIDEST_ROW = 1000 * MOST_COLUMNS
# Elements of a whole book: a cell with its text is four, and not every cell has one.
MOST_ELEMENTS = 5 * settings.LOAD_MAX_ROWS * len(COLUMNS)
# Other sheets have texts too.
MOST_TEXTS = 2 * settings.LOAD_MAX_ROWS * len(COLUMNS)


class FileError(Exception):
    """The file cannot be read at all; says, to a person, what to do."""


@dataclass(slots=True)
class Row:
    """A row of the file by its number there: what is said of each column, and what of it is wrong."""

    number: int
    # Among them a clave: no report of a failure shows it.
    cells: dict[str, str] = field(repr=False)
    flaws: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    columns: tuple[str, ...]
    rows: list[Row] = field(repr=False)


@sensitive_variables()
def read(file) -> Sheet:
    """The rows of a binary file that can be sought in; raises FileError.

    What kind of file it is, its content says, whatever it is called.
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
    rows_of = _rows_of_xlsx if start.startswith(b"PK") else _rows_of_csv
    with closing(rows_of(file)) as lines:
        return _sheet(lines)


@dataclass(slots=True)
class _Cell:
    text: str = field(repr=False)
    flaw: str = ""
    is_number: bool = False


_FORMULA = "Es una fórmula. Cópiela y péguela como valor"
_EXCEL_ERROR = "La celda muestra un error de Excel. Escriba el valor"
_UNTITLED = "Esta celda está en una columna sin título. Póngale título o bórrela"
_NUMBER = "La celda es un número y Excel pudo quitarle ceros. Dele formato de texto y escríbala otra vez"  # fmt: skip


@sensitive_variables()
def _sheet(lines: Iterator[list[_Cell]]) -> Sheet:
    columns = _columns([cell.text for cell in next(lines, [])])
    rows = []
    for number, line in enumerate(lines, start=2):
        if number - 1 > settings.LOAD_MAX_ROWS:
            raise _too_many_rows()
        if row := _row(number, line, columns):
            rows.append(row)
    if not rows:
        raise FileError("El archivo no tiene filas debajo de los títulos.")
    return Sheet(tuple(column.name for column in columns if column), rows)


def _columns(titles: list[str]) -> list[Column | None]:
    """The column under each title; None where there is no title."""
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
def _row(number: int, line: list[_Cell], columns: list[Column | None]) -> Row | None:
    """None for a row with nothing in it."""
    row = Row(number, {})
    for index, cell in enumerate(line):
        if not cell.text.strip() and not cell.flaw:
            continue
        column = columns[index] if index < len(columns) else None
        if column is None:
            row.flaws[get_column_letter(index + 1)] = _UNTITLED
            continue
        # A clave is as it was typed, to the last space.
        row.cells[column.name] = cell.text if column.name == "password" else as_typed(cell.text)
        if flaw := cell.flaw or (_NUMBER if cell.is_number and column.name == "password" else ""):
            row.flaws[column.name] = flaw
    return row if row.cells or row.flaws else None


def _too_many_rows() -> FileError:
    return FileError(
        f"El archivo tiene más de {number_format(settings.LOAD_MAX_ROWS, force_grouping=True)} "
        "filas. Divídalo en varios; si las del final están vacías, elimínelas."
    )


# CSV --------------------------------------------------------------------------------------------


def _rows_of_csv(file) -> Iterator[list[_Cell]]:
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        titles = text.readline(LONGEST_ROW)
        text.seek(0)
        # Excel in Peru separates by semicolons.
        delimiter = ";" if titles.count(";") > titles.count(",") else ","
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for values in reader:
            lines.of_record = 0
            yield [_Cell(value) for value in values[:MOST_COLUMNS]]
    except csv.Error as error:
        raise FileError(
            f"No se entiende la línea {reader.line_num}: revise sus comillas, y que ninguna celda "
            f"pase de {csv.field_size_limit()} caracteres."
        ) from error
    finally:
        # The file is of whoever gave it.
        text.detach()


class _Lines:
    """The lines of a text, as long as those of one record are no longer than a row may be."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.of_record = text, 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LONGEST_ROW):
            self.of_record += len(line)
            if self.of_record >= LONGEST_ROW:
                raise FileError("El archivo tiene una fila demasiado larga. Revíselo en Excel.")
            yield line


def _encoding(file) -> str:
    """UTF-8 if all of it is; else the one in which Excel saves here. Leaves the file at its start."""
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        try:
            while chunk := file.read(CHUNK):
                if b"\0" in chunk:
                    raise FileError(
                        "No es un archivo CSV ni XLSX. En Excel elija Guardar como, «CSV UTF-8»."
                    )
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise FileError(
        "No se reconocen las letras del archivo. En Excel elija Guardar como, «CSV UTF-8»."
    )


# XLSX -------------------------------------------------------------------------------------------


def _rows_of_xlsx(file) -> Iterator[list[_Cell]]:
    try:
        with zipfile.ZipFile(file) as archive:
            _measure(archive)
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What a file says of its own size is not to be believed.
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(max_col=MOST_COLUMNS):
            yield [_cell(cell) for cell in cells]
    except (FileError, GeneratorExit):
        raise
    except Exception as error:
        # Of a broken or hostile book a library may raise anything at all.
        raise FileError("El libro de Excel está dañado o tiene contraseña. Ábralo en Excel y guárdelo otra vez.") from error  # fmt: skip


def _measure(archive: zipfile.ZipFile) -> None:
    """Refuse, before anything of it is parsed, a book that would cost too much.

    Its parts say what they are in other parts: so each is measured for the worst it could be,
    whatever it is called.
    """
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names:
        raise FileError("No es un libro de Excel. Suba un archivo CSV o XLSX.")
    if any("vbaproject" in name for name in names):
        raise FileError("El libro lleva macros. Guárdelo como .xlsx, sin macros.")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNZIPPED:
        raise _too_big()
    elements = 0
    for part in parts:
        # Of the other methods, what a few bytes unpack to is not limited.
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _too_big()
        meter = _Meter(MOST_ELEMENTS - elements)
        with archive.open(part) as stream:
            is_xml = meter.reads(stream)
        # A picture is hardly shrunk.
        if not is_xml and part.file_size > settings.LOAD_MAX_BYTES:
            raise _too_big()
        elements += meter.elements


def _too_big() -> FileError:
    return FileError("El libro de Excel es demasiado grande. Guárdelo como «CSV UTF-8».")


_ROW, _TEXT, _FORMULA_TAG = (f"{SHEET_MAIN_NS}}}{tag}" for tag in ("row", "si", "f"))


class _Meter:
    """Measures what openpyxl would hold of a part, by the parser with which openpyxl reads it.

    Of a sheet it lets each row go when it ends, of the texts each one; of all else, nothing.
    """

    # What is let go under which root, and how deep it stands there.
    LET_GO = {
        f"{SHEET_MAIN_NS}}}worksheet": (_ROW, 3),
        f"{SHEET_MAIN_NS}}}sst": (_TEXT, 2),
    }

    def __init__(self, most_elements: int) -> None:
        self.most_elements = most_elements
        self.elements = self.held = self.depth = self.let_go_at = 0
        self.let_go = None
        self.left = {_ROW: settings.LOAD_MAX_ROWS + 1, _TEXT: MOST_TEXTS}
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def reads(self, stream) -> bool:
        """Whether the part is XML to its end; raises FileError if it would cost too much."""
        done = 0
        try:
            while chunk := stream.read(CHUNK):
                self.parser.Parse(chunk)
                done += len(chunk)
                if done - self.let_go_at > LONGEST_ROW:
                    raise _too_big()
            self.parser.Parse(b"", True)
        except expat.ExpatError:
            return False
        return True

    def _start(self, name: str, attributes: dict) -> None:
        if not self.elements:
            self.let_go = self.LET_GO.get(name)
        self.depth += 1
        self.elements += 1
        self.held += 1
        if self.held > WIDEST_ROW or self.elements > self.most_elements:
            raise _too_big()
        if name == _FORMULA_TAG and attributes.get("t") == "shared":
            # Each cell that shares one costs as much as the formula is long.
            raise FileError("El libro tiene fórmulas. Cópielas y péguelas como valores.")

    def _end(self, name: str) -> None:
        if name in self.left:
            self.left[name] -= 1
            if self.left[name] < 0:
                raise _too_many_rows() if name == _ROW else _too_big()
            if (name, self.depth) == self.let_go:
                self.held, self.let_go_at = 0, self.parser.CurrentByteIndex
        self.depth -= 1

    def _refuse_doctype(self, *doctype) -> None:
        """It gives entities, and each element attributes that do not stand there."""
        raise _too_big()


def _cell(cell) -> _Cell:
    value = cell.value
    match cell.data_type:
        case "f":
            return _Cell("", _FORMULA)
        case "e":
            return _Cell(str(value), _EXCEL_ERROR)
        case "b":
            return _Cell("VERDADERO" if value else "FALSO")
    if value is None:
        return _Cell("")
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date):
        return _Cell(value.isoformat())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return _Cell(str(value).replace("\0", "\ufffd"), is_number=isinstance(value, int | float))
