"""Reads an XLSX workbook of users."""

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
# Real sheets shrink some tenfold.
UNZIPPED = 8 * settings.LOAD_MAX_BYTES
# Elements of one row: all of those columns, each with its text.
WIDEST_ROW = 1000 * MOST_COLUMNS
# Elements of a whole book: a cell with its text is four, and not every cell has one.
MOST_ELEMENTS = 5 * settings.LOAD_MAX_ROWS * len(COLUMNS)
# Other sheets have texts too.
MOST_TEXTS = 2 * settings.LOAD_MAX_ROWS * len(COLUMNS)
FORMULA = "Es una fórmula. Cópiela y péguela como valor"
EXCEL_ERROR = "La celda muestra un error de Excel. Escriba el valor"


def rows_of_workbook(file) -> Iterator[list[Cell]]:
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
                raise too_many_rows() if name == _ROW else _too_big()
            if (name, self.depth) == self.let_go:
                self.held, self.let_go_at = 0, self.parser.CurrentByteIndex
        self.depth -= 1

    def _refuse_doctype(self, *doctype) -> None:
        """It gives entities, and each element attributes that do not stand there."""
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
