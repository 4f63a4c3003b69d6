"""Which letters were meant: the encoding of a text file, and letters that another program garbled.

A wrong encoding gives other letters and no error. So each possible reading of a file is judged by
the letters that names in Peru have, and a file with two possible readings is refused
(docs/decisions/0069).
"""

import codecs
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice, permutations

from profiles.load.rows import CHUNK, LONGEST_ROW, FileError, too_long_row

# What Excel writes besides Unicode: on Windows, on a Mac, as «CSV (MS-DOS)». In Spanish CP437 writes
# the same bytes as CP850, and Latin-1 the same as cp1252.
ENCODINGS = ("cp1252", "mac_roman", "cp850")

SPANISH = "áéíóúüñ"
LOWER = f"{SPANISH}àâãäåçèêëîïôõöø"
UPPER = f"{SPANISH.upper()}ÂÃÄÅÇÊÎÏÔÕÖØ"
# Letters of names that are seen less often here than made by a wrong encoding.
RARE = "ìòùûÿßšžœæýðþÀÈÌÒÙÛËŠŽŒŸÆÝÐÞ"
MARKS = "’‘´°ºª–—“”¡¿€\N{NO-BREAK SPACE}"
SMALL, CAPITAL = f"[a-z{LOWER}]", f"[A-Z{UPPER}]"
LETTER = f"[A-Za-z{LOWER}{UPPER}{RARE}]"

# What no name and no title has: other characters, control characters, ¡ or ¿ inside a word.
NEVER = re.compile(
    rf"[^\t-\r -~{LOWER}{UPPER}{RARE}{MARKS}]|(?<={LETTER})[¡¿]",
)
# What hardly any name has.
UNLIKELY = re.compile(
    "|".join(
        [
            f"[{RARE}]",
            # A capital inside a word that is not in capitals, or the other way round: «JosÚ», «DêAZ».
            f"(?<={SMALL})[{UPPER}]",
            f"(?<={CAPITAL})[{UPPER}](?={SMALL})",
            f"(?<={CAPITAL})[{LOWER[len(SPANISH) :]}](?={CAPITAL})",
            f"(?<={CAPITAL})[{LOWER}](?={CAPITAL}{SMALL})",
            f"(?<!{LETTER})[{LOWER}](?={CAPITAL})",
            f"(?<={LETTER})[–—“”](?={LETTER})",
            f"[¡¿](?={CAPITAL}{CAPITAL})",
            f"[°ºª](?={LETTER})",
            # Portuguese: «João», «Simões», «Gonçalves».
            r"Ã(?![OES \-,;\t\"\r\n]|$)|ã(?![oes \-,;\t\"\r\n]|$)|Õ(?!E)|õ(?!e)",
            "[Çç](?![AOUÃÕÁÓÚÂÔaouãõáóúâô])",
        ]
    )
)
IMPOSSIBLE = 2
# An accented letter in UTF-8. In another encoding these two never stand together.
UTF_8_LETTER = re.compile(rb"[\xc2\xc3][\x80-\xbf]")
# Lines by which a file partly in UTF-8 is judged.
LINES_COUNTED = 20_000


def level(text: str) -> int:
    """Return how far a text is from what people write: 0, 1 if unlikely, 2 if impossible."""
    if text.isascii():
        return 0
    return IMPOSSIBLE if NEVER.search(text) else int(bool(UNLIKELY.search(text)))


def encoding_of(file) -> str:
    """Return the encoding of a binary file of text; leaves the file at its start.

    Raises FileError, with a line and its letters, for a file that can be read in two ways or in none.
    """
    file.seek(0)
    start = file.read(2)
    encoding = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    if not _decodes(file, encoding):
        encoding = _single_byte_encoding_of(file)
    file.seek(0)
    return encoding


def _decodes(file, encoding: str) -> bool:
    """Return whether the whole file is valid in the encoding. Raises FileError for a binary file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            if "\0" in decoder.decode(chunk):
                raise FileError(f"No es un archivo CSV ni XLSX. {SAVE_AS_UTF_8}")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _single_byte_encoding_of(file) -> str:
    levels = dict.fromkeys(ENCODINGS, 0)
    is_partly_utf_8 = _has_mark(file)
    for _, piece in _pieces(file):
        if b"\0" in piece:
            raise FileError(f"No es un archivo CSV ni XLSX. {SAVE_AS_UTF_8}")
        is_partly_utf_8 = is_partly_utf_8 or bool(UTF_8_LETTER.search(piece))
        for encoding in ENCODINGS:
            if levels[encoding] < IMPOSSIBLE:
                levels[encoding] = max(levels[encoding], _level_in(encoding, piece))
    if is_partly_utf_8:
        raise FileError(_odd_line(file))
    best = min(levels.values())
    if best == IMPOSSIBLE:
        raise FileError(_unreadable_line(file))
    possible = [encoding for encoding in ENCODINGS if levels[encoding] == best]
    if difference := _difference(file, possible):
        raise FileError(difference)
    return possible[0]


def _has_mark(file) -> bool:
    """Return whether the file starts with the mark of UTF-8."""
    file.seek(0)
    return file.read(3) == codecs.BOM_UTF8


def _odd_line(file) -> str:
    """Return the sentence for a file partly in UTF-8; it names the first line of the smaller part."""
    first: dict[bool, tuple[int, bytes]] = {}
    # Where the file says that it is UTF-8, a line in UTF-8 is never the odd one.
    count = LINES_COUNTED if _has_mark(file) else 0
    lines = ((n, line) for n, line in _lines(_pieces(file)) if not line.isascii())
    for number, line in islice(lines, LINES_COUNTED):
        is_utf_8 = _level_in("utf-8-sig", line) < IMPOSSIBLE
        count += 1 if is_utf_8 else -1
        first.setdefault(is_utf_8, (number, line))
    number, line = first.get(count < 0) or first[count >= 0]
    said = line.decode(ENCODINGS[0], errors="replace")
    return (
        f"La línea {number} no está guardada como las demás: se lee {_quoted(said)}. Corríjala. "
        f"{SAVE_AS_UTF_8}"
    )


def _unreadable_line(file) -> str:
    """Return the sentence for a file that no encoding reads; it names the first line of those."""
    wrong = (piece for piece in _pieces(file) if _level_in(ENCODINGS[0], piece[1]))
    texts = ((n, line.decode(ENCODINGS[0], errors="replace")) for n, line in _lines(wrong))
    number, text = next((number, text) for number, text in texts if level(text))
    return (
        f"No se reconocen las letras de la línea {number}: se lee {_quoted(text)}. {SAVE_AS_UTF_8}"
    )


def _difference(file, encodings: list[str]) -> str:
    """Return the sentence for readings that differ; empty if they are equal everywhere."""
    different = (piece for piece in _pieces(file) if len(_readings(piece[1], encodings)) > 1)
    for number, line in _lines(different):
        texts = _readings(line, encodings)
        if len(texts) > 1:
            # In encodings of one byte the letters stand at the same places.
            letters = next(found for found in map(set, zip(*texts, strict=True)) if len(found) > 1)
            read = " o ".join(map(_named, sorted(letters)))
            return f"En la línea {number} no se sabe si una letra es {read}. {SAVE_AS_UTF_8}"
    return ""


def _readings(content: bytes, encodings: list[str]) -> set[str]:
    return {content.decode(encoding) for encoding in encodings}


SAVE_AS_UTF_8 = "En Excel elija Guardar como, «CSV UTF-8», y cargue ese archivo."


def _quoted(text: str) -> str:
    """Return the letters beyond ASCII. Never the words: one of them may be a password."""
    letters = dict.fromkeys(char for char in text if not char.isascii())
    return " ".join(map(_named, [*letters][:5]))


def _named(letter: str) -> str:
    return "un espacio" if letter.isspace() else f"«{letter}»"


def _level_in(encoding: str, content: bytes) -> int:
    try:
        return level(content.decode(encoding))
    except UnicodeDecodeError:
        return IMPOSSIBLE


def _pieces(file) -> Iterator[tuple[int, bytes]]:
    """Yield the file in pieces of whole lines, each with the number of its first line.

    Raises FileError for a line longer than a row may be.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="latin-1")
    number = 1
    try:
        while piece := text.read(CHUNK):
            rest = text.readline(LONGEST_ROW)
            if len(rest) == LONGEST_ROW:
                raise too_long_row()
            piece += rest
            yield number, piece.encode("latin-1")
            number += piece.count("\n")
    finally:
        text.detach()


def _lines(pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    """Yield each line of the pieces with its number."""
    for first, piece in pieces:
        yield from enumerate(piece.split(b"\n"), start=first)


# Garbled cells -----------------------------------------------------------------------------------


# The first byte of a letter in UTF-8, as each of ENCODINGS reads it.
MISREAD = re.compile("[ÃÂâ√¬‚├┬Ô]")


def repaired(text: str) -> str:
    """Return the text that was UTF-8 and was read as something else, «MUÃ‘OZ»; empty if it was not."""
    if not MISREAD.search(text):
        return ""
    for encoding in ENCODINGS:
        meant = _recoded(text, encoding, "utf-8")
        # It may have been misread more than once.
        if meant and (again := repaired(meant)):
            return again
        if meant and level(meant) < IMPOSSIBLE:
            return meant
    return ""


def probably_meant(name: str) -> str:
    """Return the name that was read in a wrong encoding, «ANDRƒS»; empty if none is likelier.

    Other encodings hide no mark of themselves, so this is a proposal and no repair.
    """
    if not level(name):
        return ""
    for read, written in permutations(ENCODINGS, 2):
        meant = _recoded(name, read, written)
        if meant and not level(meant) and set(SPANISH) & set(meant.lower()):
            return meant
    return ""


# UTF-8 without the second half of a letter, which was an invisible character: «GarcÃa» for «García».
HALF_A_LETTER = re.compile(r"Ã(?![OES \-]|$)")


def is_half_read(name: str) -> bool:
    """Return whether a letter of the name was UTF-8 and lost its second half."""
    return bool(HALF_A_LETTER.search(name))


def _recoded(text: str, read: str, written: str) -> str:
    """Return the text of the same bytes in another encoding; empty if there is none."""
    try:
        return _bytes_of(text, read).decode(written)
    except UnicodeError:
        return ""


# Windows reads a byte without a letter as the control character of that number.
_CP1252 = str.maketrans(
    {bytes([code]).decode("cp1252", "ignore") or chr(code): chr(code) for code in range(0x80, 0xA0)}
)


def _bytes_of(text: str, encoding: str) -> bytes:
    """Return the bytes that were read as this text; raises UnicodeError."""
    if encoding == "cp1252":
        return text.translate(_CP1252).encode("latin-1")
    return text.encode(encoding)
