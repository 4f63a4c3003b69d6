"""Read an XLSX workbook."""

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from xml.parsers import expat

from django.conf import settings
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.xml.constants import SHEET_MAIN_NS

from profiles.tables.foreign import SAVE_AS_XLSX
from profiles.tables.rows import (
    CHUNK,
    FAR,
    LONGEST_ROW,
    MOST_COLUMNS,
    MOST_TITLES,
    TITLES_WITHIN,
    Cell,
    FileError,
    too_many_rows,
)
from profiles.tables.titles import Titles

MOST_PARTS = 1000
# Sheets, rows or columns that one sentence names.
MOST_NAMED = 10
# Another namespace, which openpyxl does not read.
STRICT_NS = "http://purl.oclc.org/ooxml/spreadsheetml/"
# Compression makes real sheets about ten times smaller.
UNZIPPED = 8 * settings.LOAD_MAX_BYTES
# XML elements of one row: MOST_COLUMNS cells, with their texts.
WIDEST_ROW = 1000 * MOST_COLUMNS
# XML elements of a whole book: a cell with its text has four, and some cells are empty.
MOST_ELEMENTS = 5 * settings.LOAD_MAX_ROWS * MOST_TITLES
# The texts of all sheets are counted, not only those of the first.
MOST_TEXTS = 2 * settings.LOAD_MAX_ROWS * MOST_TITLES
MOST_ZEROS = 15
FORMULA = "Es una fórmula. Cópiela y péguela como valor"
EXCEL_ERROR = "La celda muestra un error de Excel. Escriba el valor"


def rows_of_workbook(file, titles: Titles, notes: list[str]) -> Iterator[list[Cell]]:
    """Yield the cells of each row of the sheet with the titles; raises FileError.

    It adds to ``notes`` which sheet that is, and what of it is hidden or was not read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            seen = _measure(archive)
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet, rows, titles_at = _sheet_with_titles(book, titles)
        if len(book.worksheets) > 1:
            notes.append(_which_sheet(book, sheet))
        # openpyxl does not tell what is hidden, the part of the sheet does.
        meter = seen[sheet._worksheet_path.lstrip("/")]
        hidden = _Hidden(meter)
        for number, cells in enumerate(rows, start=1):
            row = [_cell(cell) for cell in cells]
            hidden.look_at(number, row)
            yield row
        notes += hidden.notes()
        if merged := [area for first, area in sorted(meter.merged) if first > titles_at]:
            notes.append(
                f"Celdas combinadas: {_some(merged)}. Solo la primera de cada grupo tiene el valor; "
                "las otras se leen vacías. Descombínelas y cópielo en cada una."
            )
        if meter.is_far:
            notes.append(FAR)
    except (FileError, GeneratorExit):
        raise
    except Exception as error:
        # openpyxl may raise any exception on a broken or hostile book.
        raise FileError("El libro de Excel está dañado o tiene contraseña. Ábralo en Excel y guárdelo otra vez.") from error  # fmt: skip


def _sheet_with_titles(book, titles: Titles):
    """Return the first visible sheet with the titles, its rows, and the number of the titles.

    If none has the titles, it is the first visible one, and the number is 0.
    """
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    found = None
    for sheet in visible or book.worksheets:
        # The file's own statement of its size is not trusted.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(max_col=MOST_COLUMNS)
        first = list(islice(rows, TITLES_WITHIN))
        texts = [[str(cell.value or "") for cell in row] for row in first]
        above = titles.row(texts)
        if above is not None or found is None:
            found = sheet, chain(first, rows), 0 if above is None else above + 1
        if above is not None:
            break
    return found


def _which_sheet(book, sheet) -> str:
    others = [
        f"«{other.title[:40]}»" + ("" if other.sheet_state == "visible" else " (oculta)")
        for other in book.worksheets
        if other is not sheet
    ]
    return f"Se lee la hoja «{sheet.title[:40]}». No se lee: {_some(others)}."


def _some(names: list[str]) -> str:
    more = len(names) - MOST_NAMED
    return f"{', '.join(names[:MOST_NAMED])}{f' y {more} más' if more > 0 else ''}"


class _Hidden:
    """The rows and columns that are hidden in a sheet and hold something: they are read all the same."""

    def __init__(self, meter: "_Meter") -> None:
        self.meter = meter
        self.rows: list[int] = []
        self.columns: set[int] = set()

    def look_at(self, number: int, row: list[Cell]) -> None:
        filled = [index for index, cell in enumerate(row, start=1) if cell.text or cell.flaw]
        if filled and number in self.meter.hidden_rows:
            self.rows.append(number)
        self.columns.update(self.meter.hidden_columns.intersection(filled))

    def notes(self) -> Iterator[str]:
        for said, found in (
            ("Filas ocultas", [*map(str, self.rows)]),
            ("Columnas ocultas", [*map(get_column_letter, sorted(self.columns))]),
        ):
            if found:
                yield f"{said} en el libro, que también se leen: {_some(found)}."


def _measure(archive: zipfile.ZipFile) -> "dict[str, _Meter]":
    """Raise FileError for a book that would cost too much, before openpyxl parses it.

    Return what was seen of each part, by its name. What a part contains is declared in other parts, so each part is measured as the costliest
    kind, whatever its name.
    """
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "xl/workbook.xml" not in names:
        raise FileError("No es un libro de Excel. Suba un archivo CSV o XLSX.")
    if any("vbaproject" in name for name in names):
        raise FileError("El libro lleva macros. Guárdelo como .xlsx, sin macros.")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > UNZIPPED:
        raise _too_big()
    elements, seen = 0, {}
    for part in parts:
        # Other methods of compression have no limit on what a few bytes unpack to.
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _too_big()
        seen[part.filename] = meter = _Meter(MOST_ELEMENTS - elements)
        with archive.open(part) as stream:
            is_xml = meter.reads(stream)
        # A part that is not XML is a picture, which compression hardly makes smaller.
        if not is_xml and part.file_size > settings.LOAD_MAX_BYTES:
            raise _too_big()
        elements += meter.elements
    return seen


def _too_big() -> FileError:
    return FileError("El libro de Excel es demasiado grande. Guárdelo como «CSV UTF-8».")


_ROW, _TEXT, _FORMULA_TAG, _CELL, _VALUE, _INLINE, _COLUMN, _MERGED = (
    f"{SHEET_MAIN_NS}}}{tag}" for tag in ("row", "si", "f", "c", "v", "is", "col", "mergeCell")
)
_TRUE = ("1", "true")
_AREA = re.compile(r"[A-Z]{1,3}([0-9]{1,7}):[A-Z]{1,3}[0-9]{1,7}")


class _Meter:
    """Measures what openpyxl would hold in memory of a part, with the same parser as openpyxl.

    openpyxl releases each row of a sheet and each shared text when it ends, and nothing else.
    """

    # By root element: the element that is released, and its depth.
    RELEASED = {
        f"{SHEET_MAIN_NS}}}worksheet": (_ROW, 3),
        f"{SHEET_MAIN_NS}}}sst": (_TEXT, 2),
    }

    def __init__(self, most_elements: int) -> None:
        self.most_elements = most_elements
        self.elements = self.held = self.depth = self.released_at = 0
        self.released = None
        self.left = {_ROW: settings.LOAD_MAX_ROWS + TITLES_WITHIN, _TEXT: MOST_TEXTS}
        # What the sheet hides, and whether a cell right of MOST_COLUMNS has a value.
        self.hidden_rows: set[int] = set()
        self.hidden_columns: set[int] = set()
        self.is_far = False
        # The first row of each merged area, and the area.
        self.merged: list[tuple[int, str]] = []
        self.row = self.column = 0
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def reads(self, stream) -> bool:
        """Return whether the whole part is XML; raises FileError if it would cost too much."""
        done = 0
        try:
            while chunk := stream.read(CHUNK):
                self.parser.Parse(chunk)
                done += len(chunk)
                if done - self.released_at > LONGEST_ROW:
                    raise _too_big()
            self.parser.Parse(b"", True)
        except expat.ExpatError:
            return False
        return True

    def _start(self, name: str, attributes: dict) -> None:
        if not self.elements:
            if name.startswith(STRICT_NS):
                raise FileError(f"Es un libro de Excel «Open XML estricto». {SAVE_AS_XLSX}")
            self.released = self.RELEASED.get(name)
        self.depth += 1
        self.elements += 1
        self.held += 1
        if self.held > WIDEST_ROW or self.elements > self.most_elements:
            raise _too_big()
        if name == _FORMULA_TAG and attributes.get("t") == "shared":
            # Each cell that shares a formula costs its whole length.
            raise FileError("El libro tiene fórmulas. Cópielas y péguelas como valores.")
        self._place(name, attributes)

    def _place(self, name: str, attributes: dict) -> None:
        """Follow where the parser is in a sheet."""
        if name == _CELL:
            letters = attributes.get("r", "").rstrip("0123456789")
            self.column = _column_number(letters) if letters else self.column + 1
        elif name in (_VALUE, _INLINE):
            self.is_far = self.is_far or self.column > MOST_COLUMNS
        elif name == _ROW:
            self.row, self.column = int(attributes.get("r", self.row + 1)), 0
            if _is_hidden(attributes, "ht"):
                self.hidden_rows.add(self.row)
        elif name == _COLUMN and _is_hidden(attributes, "width"):
            last = min(int(attributes["max"]), MOST_COLUMNS)
            self.hidden_columns.update(range(int(attributes["min"]), last + 1))
        elif name == _MERGED and (area := _AREA.fullmatch(attributes.get("ref", ""))):
            self.merged.append((int(area[1]), area[0]))

    def _end(self, name: str) -> None:
        if name in self.left:
            self.left[name] -= 1
            if self.left[name] < 0:
                raise too_many_rows() if name == _ROW else _too_big()
            if (name, self.depth) == self.released:
                self.held, self.released_at = 0, self.parser.CurrentByteIndex
        self.depth -= 1

    def _refuse_doctype(self, *doctype) -> None:
        """Refuse a DOCTYPE: it can define entities and default attributes, which expand."""
        raise _too_big()


def _is_hidden(attributes: dict, size: str) -> bool:
    """Return whether a row or a column is hidden, or has no height or width."""
    return attributes.get("hidden") in _TRUE or float(attributes.get(size, 1)) == 0


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters[:4]:
        number = 26 * number + ord(letter) - 64
    return number


# The format of a number that shows leading zeros: 000000000, 000 000 000 or "00"0000000, with a
# language before it, and with empty widths or other sections after it.
_ZEROS = re.compile(r'(?:\[\$[^\]]*\])?(?:"([0-9]*)")?(0(?:\\? ?0)*)\\? ?(?:_.)*(?:;.*)?')


def _with_zeros(value: int, number_format: str) -> str:
    """Return the number as Excel shows it in a format of zeros; empty for another format."""
    found = _ZEROS.fullmatch(number_format)
    before, places = (found[1] or "", found[2].replace("\\", "")) if found else ("", "")
    count = places.count("0")
    if not 2 <= len(before) + count <= MOST_ZEROS:
        return ""
    digits = str(value).zfill(count)
    last = iter(digits[-count:])
    return before + digits[:-count] + re.sub("0", lambda _: next(last), places)


def _cell(cell) -> Cell:
    value = cell.value
    match cell.data_type:
        case "f":
            return Cell("", FORMULA)
        case "e":
            return Cell(str(value), EXCEL_ERROR)
        case "b":
            return Cell("VERDADERO" if value else "FALSO")
    if value is None:
        return Cell("")
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date | time | timedelta):
        return Cell(str(value), is_day_or_time=True)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and value >= 0 and (text := _with_zeros(value, cell.number_format)):
        return Cell(text)
    return Cell(str(value).replace("\0", "\ufffd"), is_number=isinstance(value, int | float))
