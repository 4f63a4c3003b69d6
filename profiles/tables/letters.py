"""Which letters a text file has; where they are not certain, the file is refused.

A wrong encoding gives other letters and no error. UTF-8 and UTF-16 prove themselves. Of the
encodings of one byte only that of Excel on Windows is read, and only if no other gives a text that
is as likely (docs/decisions/0069).
"""

import codecs
import io
import re
from collections.abc import Iterator

from profiles.tables.rows import CHUNK, LONGEST_ROW, FileError, too_long_row

# Excel on Windows. In Spanish, Latin-1 writes the same bytes.
WINDOWS = "cp1252"
# Excel on a Mac, and «CSV (MS-DOS)». In Spanish, CP437 writes the same bytes as CP850.
OTHERS = ("mac_roman", "cp850")

SPANISH = "áéíóúüñÁÉÍÓÚÜÑ"
FOREIGN = "àâãäåçèêëìîïòôõöøùûýÀÂÃÄÅÇÈÊËÌÎÏÒÔÕÖØÙÛÝ"
MARKS = "’´“”–—…•·«»¡¿ºª°€©®™\N{NO-BREAK SPACE}"
LETTER = f"[A-Za-z{SPANISH}{FOREIGN}]"
SMALL = "[a-záéíóúüñàâãäåçèêëìîïòôõöøùûý]"
WORD = re.compile(f"{LETTER}+")
# Other characters, control characters, and a mark before a small letter of a word.
NEVER = re.compile(rf"[^\t-\r -~{SPANISH}{FOREIGN}{MARKS}]|(?<={LETTER})[{MARKS}](?={SMALL})")

# The first byte of a letter in UTF-8: on Windows ÂÃÄÅ, which names hardly have.
UTF_8_START = re.compile(rb"[\xc2-\xc5]")

ORDINARY, POSSIBLE, IMPOSSIBLE = range(3)

SAVE_AS_UTF_8 = "En Excel elija Guardar como, «CSV UTF-8», y cargue ese archivo."


def level(text: str) -> int:
    """Return how likely a text is.

    It is ORDINARY with Spanish letters alone, each in a word of ordinary case; POSSIBLE with marks,
    letters of foreign names, or a word like «JOSé»; IMPOSSIBLE with anything else.
    """
    if text.isascii():
        return ORDINARY
    if NEVER.search(text):
        return IMPOSSIBLE
    words = {word for word in WORD.findall(text) if not word.isascii()}
    odd = {char for word in words if not _has_ordinary_case(word) for char in word}
    if odd & {*FOREIGN}:
        return IMPOSSIBLE
    return POSSIBLE if odd or {*text} & {*FOREIGN, *MARKS} else ORDINARY


def _has_ordinary_case(word: str) -> bool:
    return word.islower() or word.isupper() or word.istitle()


def encoding_of(file) -> str:
    """Return the encoding of a binary file of text; leaves the file at its start.

    Raises FileError, with a line and its letters, for a file whose letters are not certain.
    """
    file.seek(0)
    start = file.read(3)
    encoding = "utf-16" if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    if not _decodes(file, encoding):
        if reason := _reason_to_refuse(file, has_mark=start == codecs.BOM_UTF8):
            raise FileError(f"{reason} {SAVE_AS_UTF_8}")
        encoding = WINDOWS
    file.seek(0)
    return encoding


def _decodes(file, encoding: str) -> bool:
    """Return whether the whole file is valid in the encoding. Raises FileError for a binary file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            _refuse_null("\0" in decoder.decode(chunk))
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_null(has_null: bool) -> None:
    if has_null:
        raise FileError(f"No es un archivo CSV ni XLSX. {SAVE_AS_UTF_8}")


def _reason_to_refuse(file, has_mark: bool) -> str:
    """Return why the file cannot be read as WINDOWS; empty if it can."""
    levels = dict.fromkeys((WINDOWS, *OTHERS), ORDINARY)
    for _, piece in _pieces(file):
        _refuse_null(b"\0" in piece)
        for encoding, worst in levels.items():
            if worst < IMPOSSIBLE:
                levels[encoding] = max(worst, _level_in(encoding, piece))
    if has_mark or any(_level_in("utf-8", line) < IMPOSSIBLE for _, line in _odd_lines(file)):
        number, line = next((n, line) for n, line in _odd_lines(file) if not _is_utf_8(line))
        read = _quoted(_text(line.removeprefix(codecs.BOM_UTF8)))
        return f"El archivo está en UTF-8, y la línea {number} no: en ella se lee {read}."
    rival = min(OTHERS, key=lambda encoding: levels[encoding])
    if levels[WINDOWS] < levels[rival]:
        return ""
    if levels[WINDOWS] == IMPOSSIBLE:
        texts = (
            (n, _text(line))
            for n, line in _odd_lines(file)
            if _level_in(WINDOWS, line) == IMPOSSIBLE
        )
        number, text = next(texts)
        return f"No se reconocen las letras de la línea {number}: se lee {_quoted(text)}."
    for number, line in _odd_lines(file):
        # In encodings of one byte the letters stand at the same places.
        for one, other in zip(_text(line), line.decode(rival), strict=True):
            if one != other:
                read = f"{_named(one)} o {_named(other)}"
                return f"En la línea {number} no se sabe si una letra es {read}."
    return ""


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _level_in(encoding: str, content: bytes) -> int:
    if encoding == WINDOWS and UTF_8_START.search(content):
        return IMPOSSIBLE
    try:
        return level(content.decode(encoding))
    except UnicodeDecodeError:
        return IMPOSSIBLE


def _text(line: bytes) -> str:
    return line.decode(WINDOWS, errors="replace")


def _quoted(text: str) -> str:
    """Return the letters beyond ASCII. Never the words: one of them may be a password."""
    letters = dict.fromkeys(char for char in text if not char.isascii())
    return " ".join(map(_named, [*letters][:5]))


def _named(letter: str) -> str:
    return "un espacio" if letter.isspace() else f"«{letter}»"


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


def _odd_lines(file) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not ASCII, with its number."""
    for first, piece in _pieces(file):
        for number, line in enumerate(piece.split(b"\n"), start=first):
            if not line.isascii():
                yield number, line


# Text that another program garbled ---------------------------------------------------------------


def _read_as(encoding: str, letter: str) -> str:
    """Return a letter of UTF-8 as a program shows it that takes it for the encoding."""
    shown = (bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in letter.encode())
    return "".join(shown)


MISREAD = {
    _read_as(encoding, letter)
    for encoding in (WINDOWS, "latin-1", *OTHERS)
    for letter in f"{SPANISH}´°º\N{NO-BREAK SPACE}"
}
# A letter that was UTF-8 and was read as something else.
GARBLED = re.compile("|".join(map(re.escape, sorted(MISREAD))))
# In a name: half of such a letter, «GarcÃa»; a letter of OTHERS on Windows, «ANDRƒS»; a lost one.
GARBLED_NAME = re.compile(
    f"[ƒ„†‡‚¢£¤¥µ\x80-\x9f\ufffd]|(?<={SMALL})(?:[ÃÂŽ]|[–—](?={SMALL}))",
)
# What may be garbled: «RÃOS», «Jesœs», «RAéL», «DêAZ», a mark or a no-break space.
DOUBTFUL_NAME = re.compile(
    "|".join(
        [
            r"Ã|Â\b|œ",
            f"(?:[A-Z]|\\b)(?![a-z]){SMALL}(?=[A-Z])",
            f"[A-Z][A-Z](?![a-z]){SMALL}\\b",
            f"(?<={LETTER}{SMALL})[’´](?={SMALL})",
            f"(?<={LETTER})\N{NO-BREAK SPACE}(?={SMALL})",
        ]
    )
)


def garbled(text: str, is_name: bool) -> str:
    """Return the letters that prove that another program garbled the text; empty if none do."""
    if text.isascii():
        return ""
    found = GARBLED.search(text) or (GARBLED_NAME.search(text) if is_name else None)
    return found[0] if found else ""


def is_doubtful(name: str) -> bool:
    """Return whether the letters of a name may be garbled. A right name can look like that too."""
    return not name.isascii() and bool(DOUBTFUL_NAME.search(name))
