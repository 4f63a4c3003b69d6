"""Rows as a CSV file that a spreadsheet opens as text, streamed."""

import csv
import logging
from collections.abc import Iterable

from django.http import StreamingHttpResponse

logger = logging.getLogger(__name__)


class Echo:
    """A file that gives back what is written to it."""

    def write(self, value):
        return value


def csv_response(rows: Iterable[list], filename: str) -> StreamingHttpResponse:
    logger.info("export", extra={"facts": {"file": filename}})
    response = StreamingHttpResponse(csv_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def csv_lines(rows):
    """A cell that a spreadsheet would run as a formula is preceded by an apostrophe."""
    writer = csv.writer(Echo())
    # So that Excel takes it for UTF-8.
    yield "\ufeff"
    for row in rows:
        yield writer.writerow(
            [
                f"'{cell}" if str(cell)[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
                for cell in row
            ]
        )
