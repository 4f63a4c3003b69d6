"""Read a CSV file, or one with tabs."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from profiles.tables.letters import WINDOWS, encoding_of
from profiles.tables.rows import (
    FAR,
    LONGEST_ROW,
    MOST_COLUMNS,
    TITLES_WITHIN,
    Cell,
    FileError,
    too_long_row,
)
from profiles.tables.titles import Titles

# Excel in Peru separates by semicolons, and writes tabs as «Texto Unicode».
DELIMITERS = ",;\t|"
# A first line for Excel, which Excel does not count as a row.
SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n]?)"?\r?\n?', re.IGNORECASE)


def rows_of_csv(file, titles: Titles, notes: list[str]) -> Iterator[list[Cell]]:
    """Yield the cells of each record of a binary file; raises FileError.

    At the end it adds to ``notes`` what of the file was not read.
    """
    is_far = False
    encoding = encoding_of(file)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = text.readline(LONGEST_ROW)
        said = SEPARATOR_LINE.fullmatch(first)
        if not said:
            text.seek(0)
        delimiter = _said_delimiter(said) if said else _delimiter(text, titles)
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for values in reader:
            lines.of_record = 0
            is_far = is_far or any(value.strip() for value in values[MOST_COLUMNS:])
            yield [Cell(value, is_unproved=encoding == WINDOWS) for value in values[:MOST_COLUMNS]]
        if is_far:
            notes.append(FAR)
    except csv.Error as error:
        raise FileError(
            f"No se entiende la línea {reader.line_num}: revise sus comillas, y que ninguna celda "
            f"pase de {csv.field_size_limit()} caracteres."
        ) from error
    finally:
        # The caller closes the file, not the wrapper.
        text.detach()


def _said_delimiter(said: re.Match) -> str:
    if said[1] not in [*DELIMITERS]:
        raise FileError(
            "La primera línea, «sep=», nombra un separador que no se usa. Ponga coma, punto y coma, "
            "tabulador o barra vertical, o borre la línea."
        )
    return said[1]


def _delimiter(text: io.TextIOWrapper, titles: Titles) -> str:
    """Return the delimiter by which a line has the most known titles; leaves the text at its start."""
    lines = [text.readline(LONGEST_ROW) for _ in range(TITLES_WITHIN)]
    text.seek(0)
    return max(
        DELIMITERS,
        key=lambda delimiter: max(
            sum(
                titles.column(title.strip(' "')) is not None
                for title in islice(line.split(delimiter), MOST_COLUMNS)
            )
            for line in lines
        ),
    )


class _Lines:
    """The lines of a text; raises FileError once the lines of one record exceed LONGEST_ROW."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.of_record = text, 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LONGEST_ROW):
            self.of_record += len(line)
            if self.of_record >= LONGEST_ROW:
                raise too_long_row()
            yield line
