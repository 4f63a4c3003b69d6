"""Read an XLSX workbook of users."""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from xml.parsers import expat

from django.conf import settings
from openpyxl import load_workbook
from openpyxl.xml.constants import SHEET_MAIN_NS

from profiles.load.columns import COLUMNS
from profiles.load.rows import CHUNK, LONGEST_ROW, MOST_COLUMNS, Cell, FileError, too_many_rows

MOST_PARTS = 1000
# Compression makes real sheets about ten times smaller.
UNZIPPED = 8 * settings.LOAD_MAX_BYTES
# XML elements of one row: MOST_COLUMNS cells, with their texts.
WIDEST_ROW = 1000 * MOST_COLUMNS
# XML elements of a whole book: a cell with its text has four, and some cells are empty.
MOST_ELEMENTS = 5 * settings.LOAD_MAX_ROWS * len(COLUMNS)
# The texts of all sheets are counted, not only those of the first.
MOST_TEXTS = 2 * settings.LOAD_MAX_ROWS * len(COLUMNS)
FORMULA = "Es una fórmula. Cópiela y péguela como valor"
EXCEL_ERROR = "La celda muestra un error de Excel. Escriba el valor"


def rows_of_workbook(file) -> Iterator[list[Cell]]:
    """Yield the cells of each row of the first sheet; raises FileError."""
    try:
        with zipfile.ZipFile(file) as archive:
            _measure(archive)
        book = load_workbook(file, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # The file's own statement of its size is not trusted.
        sheet.reset_dimensions()
        for cells in sheet.iter_rows(max_col=MOST_COLUMNS):
            yield [_cell(cell) for cell in cells]
    except (FileError, GeneratorExit):
        raise
    except Exception as error:
        # openpyxl may raise any exception on a broken or hostile book.
        raise FileError("El libro de Excel está dañado o tiene contraseña. Ábralo en Excel y guárdelo otra vez.") from error  # fmt: skip


def _measure(archive: zipfile.ZipFile) -> None:
    """Raise FileError for a book that would cost too much, before openpyxl parses it.

    What a part contains is declared in other parts, so each part is measured as the costliest
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
    elements = 0
    for part in parts:
        # Other methods of compression have no limit on what a few bytes unpack to.
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _too_big()
        meter = _Meter(MOST_ELEMENTS - elements)
        with archive.open(part) as stream:
            is_xml = meter.reads(stream)
        # A part that is not XML is a picture, which compression hardly makes smaller.
        if not is_xml and part.file_size > settings.LOAD_MAX_BYTES:
            raise _too_big()
        elements += meter.elements


def _too_big() -> FileError:
    return FileError("El libro de Excel es demasiado grande. Guárdelo como «CSV UTF-8».")


_ROW, _TEXT, _FORMULA_TAG = (f"{SHEET_MAIN_NS}}}{tag}" for tag in ("row", "si", "f"))


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
        self.left = {_ROW: settings.LOAD_MAX_ROWS + 1, _TEXT: MOST_TEXTS}
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
            self.released = self.RELEASED.get(name)
        self.depth += 1
        self.elements += 1
        self.held += 1
        if self.held > WIDEST_ROW or self.elements > self.most_elements:
            raise _too_big()
        if name == _FORMULA_TAG and attributes.get("t") == "shared":
            # Each cell that shares a formula costs its whole length.
            raise FileError("El libro tiene fórmulas. Cópielas y péguelas como valores.")

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
    if isinstance(value, date):
        return Cell(value.isoformat())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return Cell(str(value).replace("\0", "\ufffd"), is_number=isinstance(value, int | float))
