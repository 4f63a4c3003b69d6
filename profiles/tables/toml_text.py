"""Read a TOML file that people write. Reading or refusing it takes less than a second, whatever it holds."""

import re
import tomllib
from typing import BinaryIO

from operators.validators import normalised
from profiles.tables.rows import FileError

# The largest file that comes with the portal, its catalogue, has 70 KB, and no dot in any key.
MAX_BYTES = 200 * 1024
TOO_BIG = f"El archivo pesa más de {MAX_BYTES // 1024} KB."
MOST_DOTS = 4
# A file of another shape can break the same rule in each row.
MAX_PROBLEMS, LONGEST_PROBLEM = 50, 400
# Strings and comments of TOML. One that never ends goes on to the end, where the parser stops too.
# No alternative fails after its quotes, or each quote would cost a search to the end.
QUOTED = re.compile(
    r'''"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)|"(?:\\.|[^"\\\n])*"?'''
    r"""|'''.*?(?:'{3,5}|\Z)|'[^'\n]*'?|#[^\n]*""",
    re.DOTALL,
)


def read_file(file: BinaryIO) -> dict:
    """Read a file of at most MAX_BYTES. Raises FileError."""
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise FileError(TOO_BIG)
    try:
        # Windows programs put a byte order mark before the text.
        return read(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileError("El archivo no está en UTF-8. Guárdelo con esa codificación.") from error


def read(text: str) -> dict:
    """Parse a text. Raises FileError."""
    # Some editors write an accent as a character of its own.
    text = "\n".join(normalised("NFC", line) for line in text.split("\n"))
    # The parser takes the square of the dots of a key, and of a table for each key below it.
    if any(line.count(".") > MOST_DOTS for line in QUOTED.sub("", text).split("\n")):
        raise FileError(
            "El archivo tiene claves con puntos. Aquí ninguna los lleva: póngalas solas."
        )
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # Besides TOMLDecodeError: numbers of thousands of digits, too deep brackets.
        raise FileError(f"El archivo no es TOML válido{_place(error)}.") from error


def first_problems(problems: list[str]) -> list[str]:
    """Return the first MAX_PROBLEMS of the problems of a file, none of them long, and how many follow."""
    first = [problem[:LONGEST_PROBLEM] for problem in problems[:MAX_PROBLEMS]]
    if (more := len(problems) - MAX_PROBLEMS) > 0:
        first.append(f"Y {more} problemas más.")
    return first


def _place(error: Exception) -> str:
    """Return the line and the column, read from the parser's English sentence."""
    place = re.search(r"line (\d+), column (\d+)", str(error))
    return ": revise la línea {}, columna {}".format(*place.groups()) if place else ""
