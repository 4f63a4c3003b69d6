"""What is read from a file, and how a broken or hostile file is refused."""

import io
import tracemalloc
import zipfile
from datetime import date

import pytest
from django.conf import settings

from profiles.load.columns import COLUMNS
from profiles.tables.rows import FileError
from tests.profiles.load.conftest import as_csv, as_xlsx, new_user, read, table

ROWS = table(new_user(1, Nombres="Íñigo"), new_user(2))


def cells(content: bytes) -> list[dict]:
    return [row.cells for row in read(content).rows]


EXPECTED = cells(as_csv(*ROWS))


def test_csv_is_read_in_every_form_in_which_excel_saves_it(subtests):
    for delimiter in [",", ";", "\t", "|"]:
        for encoding in ["utf-8", "utf-8-sig", "utf-16", "cp1252"]:
            with subtests.test(delimiter=delimiter, encoding=encoding):
                assert cells(as_csv(*ROWS, delimiter=delimiter, encoding=encoding)) == EXPECTED
                assert EXPECTED[0]["first_name"] == "Íñigo"


def test_xlsx_reads_as_the_same_rows():
    assert cells(as_xlsx(*ROWS)) == EXPECTED


def test_titles_are_known_in_any_order_and_without_accents():
    rows = [["NUMERO_DE_DOCUMENTO", "correo", "usuario"], ["90000001", "a@b.pe", "NUEVO001"]]
    assert cells(as_csv(*rows)) == [
        {"document_number": "90000001", "email": "a@b.pe", "username": "NUEVO001"}
    ]


def test_rows_keep_the_number_that_excel_shows():
    sheet = read(as_csv(["Usuario"], ["A"], [""], ["B"]))
    assert [row.number for row in sheet.rows] == [2, 4]


def test_a_quoted_cell_may_hold_delimiters_and_lines():
    assert cells(as_csv(["Usuario", "Opciones"], ["A", "1.1\n1.2, 1.3"])) == [
        {"username": "A", "options": "1.1\n1.2, 1.3"}
    ]


def test_a_number_is_read_without_decimals_and_a_day_as_a_day():
    rows = [
        ["Usuario", "Número de documento", "Vigente hasta"],
        ["A", 1234567.0, date(2026, 12, 31)],
    ]
    assert cells(as_xlsx(*rows)) == [
        {"username": "A", "document_number": "1234567", "valid_until": "2026-12-31"}
    ]


def test_a_password_is_read_with_its_spaces_and_its_apostrophe():
    for password in (" Clave 1 ", "'=Clave 1"):
        assert cells(as_csv(["Usuario", "Clave"], ["A", password])) == [
            {"username": "A", "password": password}
        ]


@pytest.mark.parametrize("value", ["=1+1", '=HYPERLINK("http://x")'])
def test_a_formula_is_a_flaw_of_its_cell(value):
    row = read(as_xlsx(["Usuario", "Nombres"], ["A", value])).rows[0]
    assert list(row.flaws) == ["first_name"]
    assert "fórmula" in row.flaws["first_name"]


def test_a_password_read_as_a_number_is_a_flaw():
    row = read(as_xlsx(["Usuario", "Clave"], ["A", 12345678])).rows[0]
    assert "texto" in row.flaws["password"]


def test_a_value_outside_of_the_columns_is_a_flaw():
    row = read(as_csv(["Usuario", ""], ["A", "perdido"])).rows[0]
    assert list(row.flaws) == ["B"]


def unreadable() -> list[tuple[bytes, str]]:
    return [
        (b"", "está vacío"),
        (as_csv(["Usuario"]), "no tiene filas"),
        (as_csv(["Usuario", "Sueldo"], ["A", "1"]), "No se conoce «Sueldo»"),
        (as_csv(["Sueldo"], ["1"]), "La primera fila"),
        (as_csv(["Nombres"], ["Ana"]), "Falta la columna «Usuario»"),
        (as_csv(["Usuario", "usuario"], ["A", "B"]), "está dos veces"),
        (b'Usuario\n"abierta', "revise sus comillas"),
        (b'Usuario\n"' + b"x" * 200_000 + b'"', "revise sus comillas"),
        (b"Usuario\n" + b"x" * 2_000_000, "demasiado larga"),
        (b"Usuario\n" + b'"\nab",' * 250_000, "demasiado larga"),
        (b"Usuario\n\x81", "CSV UTF-8"),
        (b"GIF89a\0", "No es un archivo CSV ni XLSX"),
        (b"PK\x03\x04basura", "dañado"),
        (as_csv(["Usuario"], *[["A"]] * 10_001), "más de 10\xa0000 filas"),
        (as_xlsx(["Usuario"], *[["A"]] * 10_001), "más de 10\xa0000 filas"),
        (as_csv(["Usuario"] + ["x"] * 16_384, ["A"]), "No se conoce"),
        (as_xlsx(["Usuario"] + ["x"] * 16_383, ["A"]), "No se conoce"),
    ]


def test_an_unreadable_file_is_refused_with_what_to_do(subtests):
    for content, sentence in unreadable():
        with subtests.test(sentence), pytest.raises(FileError, match=sentence):
            read(content)


def archive(*parts: str, content: str = "") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as zipped:
        for part in parts:
            zipped.writestr(part, content)
    return file.getvalue()


CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
XML_2003 = b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'
FOREIGN = [
    (CONTAINER + "Workbook".encode("utf-16-le"), "antiguo (.xls). Ábralo en Excel y guárdelo como"),
    (CONTAINER + "EncryptedPackage".encode("utf-16-le"), "tiene contraseña. Quítesela"),
    (archive("[Content_Types].xml", "xl/workbook.bin"), "(.xlsb). Ábralo en Excel y guárdelo como"),
    (archive("mimetype", "content.xml"), "(.ods). Ábrala allí y guárdela como"),
    (archive("Index/Document.iwa"), "Numbers. Expórtela"),
    (archive("word/document.xml"), "documento de Word"),
    (b"<html><table><tr><td>Usuario</td></tr></table></html>", "una página web"),
    (b"\xef\xbb\xbf  <TABLE><tr><td>Usuario</td></tr></TABLE>", "una página web"),
    (b"MIME-Version: 1.0\nContent-Type: multipart/related", "una página web"),
    (b'<?xml version="1.0"?>' + XML_2003, "hoja de cálculo XML"),
    (b"%PDF-1.4\n\0", "Es un PDF"),
    (b"{\\rtf1}", "documento de texto"),
]


def test_a_file_of_another_kind_is_refused_with_its_cause_and_its_cure(subtests):
    for content, sentence in FOREIGN:
        with subtests.test(sentence), pytest.raises(FileError) as error:
            read(content)
        assert sentence in str(error.value)


def test_a_book_in_strict_open_xml_is_refused_with_its_cure():
    strict = b'<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"><sheets/></workbook>'
    with pytest.raises(FileError, match=r"Open XML estricto.*guárdelo como «Libro de Excel"):
        read(rebuilt(xl__workbook_DOT_xml=strict))


# Hostile files -----------------------------------------------------------------------------------


def test_the_refusal_of_a_title_names_the_known_titles():
    with pytest.raises(FileError) as error:
        read(as_csv(["Sueldo"], ["1"]))
    assert all(column.heading in str(error.value) for column in COLUMNS.values())


def rebuilt(**parts: bytes) -> bytes:
    """Return a good workbook with parts replaced or added; ``__`` stands for a slash in a name."""
    content = io.BytesIO()
    parts = {name.replace("__", "/").replace("_DOT_", "."): data for name, data in parts.items()}
    with (
        zipfile.ZipFile(io.BytesIO(as_xlsx(*ROWS))) as good,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book,
    ):
        for name in good.namelist():
            if name not in parts:
                book.writestr(name, good.read(name))
        for name, data in parts.items():
            book.writestr(name, data)
    return content.getvalue()


MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def a_sheet(rows: bytes) -> bytes:
    return b"<worksheet %s><sheetData>%s</sheetData></worksheet>" % (MAIN, rows)


def texts(content: bytes) -> bytes:
    return b"<sst %s>%s</sst>" % (MAIN, content)


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    + a_sheet(b'<row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row>')
)
SHEET = "xl__worksheets__sheet1_DOT_xml"
CELL = b'<c t="inlineStr"><is><t>Usuario</t></is></c>'
# Each is made by its test: all of them together are hundreds of megabytes.
HOSTILE = {
    "a bomb": lambda: {SHEET: b" " * 200_000_000},
    "one row of two million cells": lambda: {SHEET: a_sheet(b'<row r="1">' + b"<c/>" * 2_000_000 + b"</row>")},
    "a cell of twenty megabytes": lambda: {SHEET: a_sheet(b'<row r="1"><c t="inlineStr"><is><t>' + b"x" * 20_000_000 + b"</t></is></c></row>")},
    "a million rows": lambda: {SHEET: a_sheet(b"".join(b'<row r="%d"><c/></row>' % n for n in range(1, 1_000_001)))},
    "a row far down": lambda: {SHEET: a_sheet(b'<row r="1">' + CELL + b'</row><row r="1048576"><c/></row>')},
    "cells far to the right": lambda: {SHEET: a_sheet(b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (n, n) for n in range(1, 10_001)))},
    "one text in a million pieces": lambda: {"xl__sharedStrings_DOT_xml": b"<sst><si>" + b"<r/>" * 1_000_000 + b"</si></sst>"},
    "a row whose length is hidden by comments": lambda: {SHEET: a_sheet(b"<row>" + (b"<c/>" * 40_000 + b"<!--row>-->") * 50 + b"</row>")},
    "a row whose width is hidden by rows in it": lambda: {SHEET: a_sheet(b"<row>" + (b"<c/>" * 40_000 + b"<row/>") * 5 + b"</row>")},
    "a sheet by another name": lambda: {"xl__media__picture_DOT_png": a_sheet(b"<row>" + b"<c/>" * 200_000 + b"</row>")},
    "wide rows": lambda: {SHEET: a_sheet((b"<row>" + b"<c/>" * 40_000 + b"</row>") * 20)},
    "half a million empty texts": lambda: {"xl__sharedStrings_DOT_xml": texts(b"<si></si>" * 500_000)},
    "texts in a text": lambda: {"xl__sharedStrings_DOT_xml": texts((b"<si>" + b"<si/>" * 40_000 + b"</si>") * 10)},
    "texts in a sheet": lambda: {SHEET: a_sheet((b"<row>" + b"<si/>" * 40_000 + b"</row>") * 10)},
    "default attributes": lambda: {SHEET: b'<!DOCTYPE worksheet [<!ATTLIST c s CDATA "%s">]>' % (b"1" * 100_000) + a_sheet(b"<row>" + b"<c/>" * 40_000 + b"</row>")},
    "a formula for many cells": lambda: {SHEET: a_sheet(b'<row r="1">' + CELL + b'</row>' + b'<row><c r="A2"><f t="shared" si="0">1</f></c></row>' * 2)},
    "junk larger than any picture": lambda: {"xl__theme__theme1_DOT_xml": b"junk" * 3_000_000},
    "more parts than any workbook has": lambda: {f"xl__media__{number}": b"" for number in range(1_001)},
    "a large part": lambda: {"xl__styles_DOT_xml": b"<a>" + b"<b/>" * 1_000_000 + b"</a>"},
    "entities": lambda: {SHEET: ENTITIES},
    "macros": lambda: {"xl__vbaProject_DOT_bin": b"x"},
    "no workbook": lambda: {"xl__workbook_DOT_xml": b""},
    "not XML": lambda: {SHEET: b"nada"},
}  # fmt: skip


def assert_refused_with_little_memory(content: bytes, sentence: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=sentence):
            read(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 50 * 1024**2


SENTENCES = {
    "a million rows": "más de 10",
    "a row far down": "más de 10",
    "cells far to the right": "La primera fila",
    "a formula for many cells": "tiene fórmulas",
    "macros": "lleva macros",
    "no workbook": "dañado",
    "not XML": "dañado",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_with_little_memory(name):
    sentence = SENTENCES.get(name, "demasiado grande")
    assert_refused_with_little_memory(rebuilt(**HOSTILE[name]()), sentence)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_with_another_compression_is_not_unpacked(method):
    """The stated size is false, and Python unpacks these methods without a limit."""
    content, size = io.BytesIO(), 60 * 1024**2
    with zipfile.ZipFile(content, "w", method) as book:
        book.writestr("xl/workbook.xml", b"<workbook/>")
        book.writestr(SHEET.replace("__", "/"), bytes(size))
    lying = content.getvalue().replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    assert_refused_with_little_memory(lying, "demasiado grande")


def test_a_book_of_the_largest_size_is_read():
    """Every row has every column, each cell a different text; the book also holds a picture."""
    people = [
        {column.heading: f"{column.heading} {number}" for column in COLUMNS.values()}
        for number in range(settings.LOAD_MAX_ROWS)
    ]
    content = io.BytesIO(as_xlsx(*table(*people)))
    with zipfile.ZipFile(content, "a") as book:
        book.writestr("xl/media/image1.png", b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024**2))
    assert len(read(content.getvalue()).rows) == settings.LOAD_MAX_ROWS


def test_a_zip_file_that_is_no_workbook_is_refused():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("otra.txt", "cosa")
    with pytest.raises(FileError, match="No es un libro de Excel"):
        read(content.getvalue())


def test_the_size_of_a_file_is_limited(settings):
    settings.LOAD_MAX_BYTES = 1024**2
    with pytest.raises(FileError, match="más de 1 MB"):
        read(b"Usuario\n" + b"A\n" * 1024**2)
