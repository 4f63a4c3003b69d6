"""Read a CSV file of users."""

import codecs
import csv
import io
from collections.abc import Iterator

from profiles.load.rows import CHUNK, LONGEST_ROW, MOST_COLUMNS, Cell, FileError


def rows_of_csv(file) -> Iterator[list[Cell]]:
    """Yield the cells of each record of a binary file; raises FileError."""
    text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
    try:
        titles = text.readline(LONGEST_ROW)
        text.seek(0)
        # Excel in Peru separates by semicolons.
        delimiter = ";" if titles.count(";") > titles.count(",") else ","
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        for values in reader:
            lines.of_record = 0
            yield [Cell(value) for value in values[:MOST_COLUMNS]]
    except csv.Error as error:
        raise FileError(
            f"No se entiende la línea {reader.line_num}: revise sus comillas, y que ninguna celda "
            f"pase de {csv.field_size_limit()} caracteres."
        ) from error
    finally:
        # The caller closes the file, not the wrapper.
        text.detach()


class _Lines:
    """The lines of a text; raises FileError once the lines of one record exceed LONGEST_ROW."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self.text, self.of_record = text, 0

    def __iter__(self) -> Iterator[str]:
        while line := self.text.readline(LONGEST_ROW):
            self.of_record += len(line)
            if self.of_record >= LONGEST_ROW:
                raise FileError("El archivo tiene una fila demasiado larga. Revíselo en Excel.")
            yield line


def _encoding(file) -> str:
    """Return UTF-8 if the whole file is valid UTF-8, else cp1252, in which Excel in Peru saves.

    Leaves the file at its start. Raises FileError for a binary file.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)()
        file.seek(0)
        try:
            while chunk := file.read(CHUNK):
                if b"\0" in chunk:
                    raise FileError(
                        "No es un archivo CSV ni XLSX. En Excel elija Guardar como, «CSV UTF-8»."
                    )
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        file.seek(0)
        return encoding
    raise FileError(
        "No se reconocen las letras del archivo. En Excel elija Guardar como, «CSV UTF-8»."
    )
