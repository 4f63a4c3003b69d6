"""Rows and cells of a file of users, and the limits under which they are read."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.formats import number_format

from profiles.load.columns import COLUMNS

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


@dataclass(slots=True)
class Cell:
    text: str = field(repr=False)
    flaw: str = ""
    is_number: bool = False


FORMULA = "Es una fórmula. Cópiela y péguela como valor"
EXCEL_ERROR = "La celda muestra un error de Excel. Escriba el valor"


def too_many_rows() -> FileError:
    return FileError(
        f"El archivo tiene más de {number_format(settings.LOAD_MAX_ROWS, force_grouping=True)} "
        "filas. Divídalo en varios; si las del final están vacías, elimínelas."
    )
