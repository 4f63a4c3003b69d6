"""Rows and cells of a file of users, and the limits under which they are read."""

from dataclasses import dataclass, field

from django.conf import settings
from django.utils.formats import number_format

CHUNK = 64 * 1024
LONGEST_ROW = 1024 * 1024
# Further to the right nothing is read: a sheet can have 16384 columns, in every row.
MOST_COLUMNS = 50


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


def too_many_rows() -> FileError:
    return FileError(
        f"El archivo tiene más de {number_format(settings.LOAD_MAX_ROWS, force_grouping=True)} "
        "filas. Divídalo en varios; si las del final están vacías, elimínelas."
    )
