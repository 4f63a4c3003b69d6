"""Opens a file of a table: finds out its kind, and refuses it before it costs much."""

import io
from collections.abc import Iterator

from django.conf import settings

from profiles.tables.csv_text import rows_of_csv
from profiles.tables.foreign import reason_to_refuse
from profiles.tables.rows import Cell, FileError
from profiles.tables.titles import Titles
from profiles.tables.workbook import rows_of_workbook


def lines_of(file, titles: Titles, notes: list[str]) -> Iterator[list[Cell]]:
    """Return the cells of each row of a seekable binary file, to be closed; raises FileError.

    The kind of the file is read from its content, not from its name. ``notes`` gets what of the
    file is not read.
    """
    if file.seek(0, io.SEEK_END) > settings.LOAD_MAX_BYTES:
        raise FileError(
            f"El archivo pesa más de {settings.LOAD_MAX_BYTES // 1024**2} MB. Divídalo en varios."
        )
    if reason := reason_to_refuse(file):
        raise FileError(reason)
    file.seek(0)
    rows_of = rows_of_workbook if file.read(2) == b"PK" else rows_of_csv
    file.seek(0)
    return rows_of(file, titles, notes)
