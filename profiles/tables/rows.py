"""Rows and cells of a table in a file, and the limits under which they are read."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.formats import number_format

CHUNK = 64 * 1024
LONGEST_ROW = 1024 * 1024
# Columns further right are not read: each row of a sheet can have 16384.
MOST_COLUMNS = 50
# Of the widest table that is read: the users.
MOST_TITLES = 13
# Above the titles a sheet may have a name, a date, empty rows.
TITLES_WITHIN = 20
FAR = f"Lo que está a la derecha de la columna {MOST_COLUMNS} no se lee."


class FileError(Exception):
    """The file cannot be read at all. The message tells the user what to do."""


@dataclass(slots=True)
class Row:
    """A row of the file: its number, the text of each column, and the flaw of a column, if any.

    ``notes`` say what reading changed: each is [column, value, sentence, value that is used].
    """

    number: int
    # No error report may show these: a password is among them.
    cells: dict[str, str] = field(repr=False)
    flaws: dict[str, str] = field(default_factory=dict)
    notes: list[list[str]] = field(default_factory=list, repr=False)
    # The text of each cell in a column without a title, by the letter of the column.
    untitled: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Sheet:
    columns: tuple[str, ...]
    rows: list[Row] = field(repr=False)
    # What of the file was read or not, where somebody could expect otherwise.
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Cell:
    text: str = field(repr=False)
    flaw: str = ""
    is_number: bool = False
    is_day_or_time: bool = False
    # Its letters are likely and not proved: the file is not in Unicode.
    is_unproved: bool = False


def too_long_row() -> FileError:
    """Return the error of a file with a row of LONGEST_ROW characters or more."""
    return FileError("El archivo tiene una fila demasiado larga. Revíselo en Excel.")


def too_many_rows() -> FileError:
    """Return the error of a file with more than LOAD_MAX_ROWS rows."""
    return FileError(
        f"El archivo tiene más de {number_format(settings.LOAD_MAX_ROWS, force_grouping=True)} "
        "filas. Divídalo en varios; si las del final están vacías, elimínelas."
    )
