"""Write rows as a file whose cells a spreadsheet reads as text: CSV or XLSX.

Every export of the portal is written here.
"""

import csv
import io
import logging
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import BinaryIO

from django.http import FileResponse, Http404
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# Excel in Peru separates the cells of a CSV file by semicolons.
SEPARATOR = ";"

# Where a spreadsheet may see a formula: where a cell starts, also if it reads the file with another
# separator, and after any quotes. Those in Chinese also read the full-width signs as signs. A sign
# between spaces ("SEE - SOL") is no formula even where spaces separate the cells.
SIGNS = r"=+\-@＝＋－＠"
STARTS = rf"""(?<![^,;|:\t\r\n])(?=[ '"]*[{SIGNS}\t\r\n])|(?<= )(?=['"]*[{SIGNS}]\S)"""
FORMULA = re.compile(STARTS)
PROTECTED = re.compile(rf"(?:{STARTS})'")

# A spreadsheet opens at most 1 048 576 rows of one sheet.
SHEET_ROWS = 1_000_000

logger = logging.getLogger(__name__)


class Echo:
    """A file whose ``write`` returns what is written."""

    def write(self, value):
        return value


def file_response(
    kind: str, rows: Iterable[list], name: str, *, in_memory: bool = False
) -> FileResponse:
    """Return the rows as a file of that kind, with the day in its name.

    The file is whole before any of it is sent: what fails while it is written is answered by an
    error page, never by a part of the file. It waits on the disk, or ``in_memory`` if it is secret.
    Raises Http404 for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise Http404
    write, content_type = KINDS[kind]
    new_file = io.BytesIO if in_memory else tempfile.TemporaryFile
    with ExitStack() as on_failure:
        file = on_failure.enter_context(new_file())
        write(rows, file)
        file.seek(0)
        # The response closes it.
        on_failure.pop_all()
    filename = f"{name}-{timezone.localdate():%Y-%m-%d}.{kind}"
    logger.info("export", extra={"facts": {"file": filename}})
    return FileResponse(file, as_attachment=True, filename=filename, content_type=content_type)


def csv_lines(rows: Iterable[list]) -> Iterator[str]:
    """Yield the lines of a CSV file in UTF-8."""
    writer = csv.writer(Echo(), delimiter=SEPARATOR)
    # The mark by which Excel recognises UTF-8.
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([as_text(cell) for cell in row])


def write_csv(rows: Iterable[list], file: BinaryIO) -> None:
    """Write a CSV file in UTF-8, row by row."""
    file.writelines(line.encode() for line in csv_lines(rows))


def write_xlsx(rows: Iterable[list], file: BinaryIO) -> None:
    """Write a workbook of text cells; it waits for its end on the disk, row by row."""
    book = Workbook(write_only=True)
    # A sheet left open when a row fails would complain once more on the error output.
    with ExitStack() as sheets:
        for number, row in enumerate(rows):
            if number % SHEET_ROWS == 0:
                sheet = book.create_sheet()
                sheets.callback(sheet.close)
            sheet.append([_text_cell(sheet, cell) for cell in row])
    book.save(file)


KINDS = {
    "csv": (write_csv, "text/csv; charset=utf-8"),
    "xlsx": (write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _text_cell(sheet, value) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", as_text(value)))
    # The text format: a spreadsheet keeps the leading zero of a document.
    cell.number_format = "@"
    return cell


def as_text(cell) -> str:
    """Return the text, with an apostrophe wherever a spreadsheet might else run a formula.

    Text that already has the apostrophe gets one more, so that ``as_typed`` restores it.
    """
    return FORMULA.sub("'", str(cell))


def as_typed(text: str) -> str:
    """Return the text that ``as_text`` was given."""
    return PROTECTED.sub("", text)
