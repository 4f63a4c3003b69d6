"""Files of other kinds, recognised by their content, and what to do with each."""

import re
import zipfile

from profiles.tables.rows import CHUNK

SAVE_AS_XLSX = "Ábralo en Excel y guárdelo como «Libro de Excel (.xlsx)»."

# By the bytes that a file starts with, after spaces and the mark of UTF-8.
_STARTS = (
    (rb"%PDF", "Es un PDF. Cargue el libro de Excel o el CSV del que salió."),
    (
        rb"(?:<\?xml[^>]*>\s*)?(?:<!DOCTYPE html|<html|<table|<meta|<head|<body|<style|MIME-Version:)",
        f"Es una página web guardada con nombre de Excel. {SAVE_AS_XLSX}",
    ),
    (
        rb"<\?xml|<Workbook",
        f"Es una hoja de cálculo XML, de Excel 2003 o de otro programa. {SAVE_AS_XLSX}",
    ),
    (rb"\{\\rtf", "Es un documento de texto. Cargue un libro de Excel o un CSV."),
)
# By a part of the archive that a file is.
_PARTS = {
    "xl/workbook.bin": f"Es un libro binario de Excel (.xlsb). {SAVE_AS_XLSX}",
    "content.xml": "Es una hoja de LibreOffice u OpenOffice (.ods). Ábrala allí y guárdela como "
    "«Excel 2007-365 (.xlsx)».",
    "index/document.iwa": "Es una hoja de Numbers. Expórtela desde allí a Excel o a CSV.",
    "word/document.xml": "Es un documento de Word. Cargue un libro de Excel o un CSV.",
}
# The files of Excel 97 to 2003 are in this container, and so are encrypted ones of today.
_CONTAINER = b"\xd0\xcf\x11\xe0"


def reason_to_refuse(file) -> str:
    """Return why a file that is neither text nor XLSX is refused, and what to do; else empty."""
    file.seek(0)
    start = file.read(CHUNK)
    if not start:
        return "El archivo está vacío. Elija otro."
    if start.startswith(_CONTAINER):
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in start + file.read()
        return (
            "El libro tiene contraseña. Quítesela en Excel y guárdelo otra vez."
            if is_encrypted
            else f"Es un libro de Excel antiguo (.xls). {SAVE_AS_XLSX}"
        )
    if start.startswith(b"PK"):
        return _reason_of_archive(file)
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next(
        (reason for pattern, reason in _STARTS if re.match(pattern, text, re.IGNORECASE)), ""
    )


def _reason_of_archive(file) -> str:
    try:
        with zipfile.ZipFile(file) as archive:
            names = {part.filename.lower(): part for part in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        # The reader of books says what to do.
        return ""
    return next((reason for name, reason in _PARTS.items() if name in names), "")
