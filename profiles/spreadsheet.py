"""Write rows as a file whose cells a spreadsheet reads as text: CSV, streamed, or XLSX."""

import csv
import logging
import re
import tempfile
from collections.abc import Iterable, Iterator

from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

# The characters that start a formula; spreadsheets in Chinese also read the full-width ones.
FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r\n]")
# Text that already looks protected is protected once more, so that ``as_typed`` restores it.
PROTECTED = re.compile(rf"'*{FORMULA.pattern}")

# A spreadsheet opens at most 1 048 576 rows of one sheet.
SHEET_ROWS = 1_000_000

logger = logging.getLogger(__name__)


class Echo:
    """A file whose ``write`` returns what is written."""

    def write(self, value):
        return value


def file_response(kind: str, rows: Iterable[list], name: str) -> StreamingHttpResponse:
    """Return the rows as a file of that kind, with the day in its name.

    Raises Http404 for a kind that is not in KINDS.
    """
    if kind not in KINDS:
        raise Http404
    write, content_type = KINDS[kind]
    response = StreamingHttpResponse(write(rows), content_type=content_type)
    filename = f"{name}-{timezone.localdate():%Y-%m-%d}.{kind}"
    logger.info("export", extra={"facts": {"file": filename}})
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def csv_lines(rows: Iterable[list]) -> Iterator[str]:
    """Yield the lines of a CSV file in UTF-8."""
    writer = csv.writer(Echo())
    # The mark by which Excel recognises UTF-8.
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([as_text(cell) for cell in row])


def xlsx_chunks(rows: Iterable[list]) -> Iterator[bytes]:
    """Yield the bytes of a workbook of text cells; it is written to the disk row by row."""
    book = Workbook(write_only=True)
    for number, row in enumerate(rows):
        if number % SHEET_ROWS == 0:
            sheet = book.create_sheet()
        sheet.append([_text_cell(sheet, cell) for cell in row])
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while chunk := file.read(64 * 1024):
            yield chunk


KINDS = {
    "csv": (csv_lines, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_chunks, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def _text_cell(sheet, value) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\ufffd", as_text(value)))
    # The text format: a spreadsheet keeps the leading zero of a document.
    cell.number_format = "@"
    return cell


def as_text(cell) -> str:
    """Return the text, with an apostrophe before it if a spreadsheet would run it as a formula."""
    text = str(cell)
    return f"'{text}" if PROTECTED.match(text) else text


def as_typed(text: str) -> str:
    """Return the text that ``as_text`` was given."""
    return text[1:] if text.startswith("'") and PROTECTED.match(text) else text
