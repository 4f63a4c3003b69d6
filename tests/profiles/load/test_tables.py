"""Where the table of users stands in a file, and what its cells hold."""

import io
import zipfile
from datetime import date, datetime, time, timedelta

import pytest
from openpyxl import Workbook

from profiles.load.columns import TITLES
from profiles.tables.rows import FileError, Row
from tests.profiles.load.conftest import as_csv, as_xlsx, new_user, read, table

ROWS = table(new_user(1, Nombres="Íñigo"), new_user(2))
EXPECTED = [row.cells for row in read(as_csv(*ROWS)).rows]


# Where the table is ------------------------------------------------------------------------------


def test_the_line_that_names_the_separator_is_no_row():
    for separator in (";", "|"):
        content = f"sep={separator}\r\n".encode() + as_csv(*ROWS, delimiter=separator)
        sheet = read(content)
        assert [row.cells for row in sheet.rows] == EXPECTED
        assert [row.number for row in sheet.rows] == [2, 3]


def test_a_line_that_names_another_separator_is_refused():
    for said in ('sep="', 'sep=""', "sep=", '"sep="', "sep=x", "sep=\N{SNOWMAN}", "sep= "):
        for end in ("\n", "\r\n", ""):
            with pytest.raises(FileError, match="sep="):
                read(f"{said}{end}".encode() + (as_csv(*ROWS, delimiter=";") if end else b""))


def test_titles_below_other_rows_are_found_and_told():
    above = [["PADRÓN DE USUARIOS SOL 2026"], ["Usuario", "al 31/12"], []]
    for make in (as_csv, as_xlsx):
        sheet = read(make(*above, *ROWS))
        assert [row.cells for row in sheet.rows] == EXPECTED
        assert [row.number for row in sheet.rows] == [5, 6]
        assert sheet.notes == ("Los títulos están en la fila 4; lo que está encima no se lee.",)


def test_a_table_may_start_further_right_and_further_down():
    for make in (as_csv, as_xlsx):
        sheet = read(make([], *(["", *row] for row in ROWS)))
        assert ([row.cells for row in sheet.rows], sheet.notes) == (EXPECTED, ())


def test_the_titles_that_offices_write_are_known():
    titles = {
        "username": "USUARIO SOL|Usuario*|Usuario |usuario.",
        "document_type": "TIPO DOC.|Tipo Documento|Tipo de documento (*)",
        "document_number": "N° DOCUMENTO|Nº de documento|Nro. de Documento|DNI",
        "email": "E-MAIL|Correo Electronico|email",
    }
    for name, words in titles.items():
        assert {TITLES.column(word).name for word in words.split("|")} == {name}


def test_the_surnames_may_stand_in_two_columns():
    heads = ["Usuario", "Apellido Paterno", "APELLIDO MATERNO"]
    rows = read(as_csv(heads, ["A", "Quispe", "Mamani"], ["B", "Rojas", ""])).rows
    assert [row.cells["last_name"] for row in rows] == ["Quispe Mamani", "Rojas"]
    for heads in (
        ["Usuario", "Apellido materno", "Apellido paterno"],
        ["Usuario", "Apellidos", "Apellido materno"],
        ["Usuario", "Apellido paterno", "Apellido paterno"],
    ):
        with pytest.raises(FileError, match="está dos veces"):
            read(as_csv(heads, ["A", "Quispe", "Mamani"]))


def test_a_column_that_numbers_the_rows_is_not_read():
    for title, first in (("", 0), ("", 1), ("N°", 7), ("Ítem", 1)):
        rows = [[title, *ROWS[0]], *([first + n, *row] for n, row in enumerate(ROWS[1:]))]
        for make in (as_csv, as_xlsx):
            sheet = read(make(*rows))
            assert [row.cells for row in sheet.rows] == EXPECTED
            assert [row.flaws for row in sheet.rows] == [{}, {}]
            assert sheet.notes == ("La columna A solo numera las filas: no se lee.",)


def test_a_column_that_does_not_number_the_rows_is_a_flaw():
    for title, text in (("", "perdido"), ("N°", "perdido"), ("N°", "90001001")):
        rows = [[title, *ROWS[0]], [text, *ROWS[1]], ["", *ROWS[2]]]
        assert [[*row.flaws] for row in read(as_csv(*rows)).rows] == [["A"], []]


def test_what_stands_right_of_the_last_column_that_is_read_is_told():
    far = [[*row, *[""] * 60, value] for row, value in zip(ROWS, ["", "x", ""], strict=True)]
    for make in (as_csv, as_xlsx):
        sheet = read(make(*far))
        assert [row.cells for row in sheet.rows] == EXPECTED
        assert sheet.notes == ("Lo que está a la derecha de la columna 50 no se lee.",)
        assert read(make(*([*row, *[""] * 60] for row in ROWS))).notes == ()


def book_of(*sheets: tuple[str, str, list]) -> bytes:
    """Return a book of sheets, each a title, a state and its rows."""
    book, content = Workbook(), io.BytesIO()
    book.remove(book.active)
    for title, state, rows in sheets:
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    book.save(content)
    return content.getvalue()


def test_the_first_visible_sheet_with_the_titles_is_read_and_named():
    lists, help_text = [["DNI"], ["Pasaporte"]], [["Complete la hoja Usuarios"]]
    for others, said in (
        ([("Listas", "hidden", lists)], "«Listas» (oculta)"),
        ([("Ayuda", "visible", help_text)], "«Ayuda»"),
        ([("Vieja", "hidden", ROWS), ("Ayuda", "visible", help_text)], "«Vieja» (oculta), «Ayuda»"),
    ):
        sheet = read(book_of(*others, ("Usuarios", "visible", ROWS)))
        assert [row.cells for row in sheet.rows] == EXPECTED
        assert sheet.notes == (f"Se lee la hoja «Usuarios». No se lee: {said}.",)


def test_a_second_sheet_of_users_is_named_as_not_read():
    sheet = read(book_of(("Lima", "visible", ROWS), ("Callao", "visible", ROWS)))
    assert sheet.notes == ("Se lee la hoja «Lima». No se lee: «Callao».",)


def with_xml(content: io.BytesIO, old: bytes, new: bytes) -> bytes:
    """Return the book with other text in its parts."""
    changed = io.BytesIO()
    with zipfile.ZipFile(content) as book, zipfile.ZipFile(changed, "w") as copy:
        for name in book.namelist():
            copy.writestr(name, book.read(name).replace(old, new))
    return changed.getvalue()


def test_hidden_rows_and_columns_are_read_and_told():
    book, content = Workbook(), io.BytesIO()
    for row in [*ROWS, ["", "", ""]]:
        book.active.append(row)
    # openpyxl writes no size of 0.
    book.active.row_dimensions[2].height = book.active.column_dimensions["D"].width = 77.5
    for number in (3, 4, 9):
        book.active.row_dimensions[number].hidden = True
    book.active.column_dimensions["F"].hidden = True
    book.active.column_dimensions["K"].hidden = True
    book.save(content)
    sheet = read(with_xml(content, b'"77.5"', b'"0"'))
    assert [row.cells for row in sheet.rows] == EXPECTED
    assert sheet.notes == (
        "Filas ocultas en el libro, que también se leen: 2, 3.",
        "Columnas ocultas en el libro, que también se leen: D, F.",
    )


def test_merged_cells_below_the_titles_are_told():
    book, content = Workbook(), io.BytesIO()
    for row in [["PADRÓN"], [], *ROWS]:
        book.active.append(row)
    for area in ("A1:F2", "A3:A3", "E4:E5", "H4:I4"):
        book.active.merge_cells(area)
    book.save(content)
    said, _ = read(content.getvalue()).notes
    assert said.startswith("Celdas combinadas: E4:E5, H4:I4. Solo la primera de cada grupo")


# Numbers and marks of text -----------------------------------------------------------------------


def numbered(value, number_format: str, kind: str = "Pasaporte") -> Row:
    book, content = Workbook(), io.BytesIO()
    book.active.append(["Usuario", "Tipo de documento", "Número de documento"])
    book.active.append(["A", kind, value])
    book.active["C2"].number_format = number_format
    book.save(content)
    (row,) = read(content.getvalue()).rows
    return row


def test_a_number_is_the_text_that_its_format_of_zeros_shows():
    for value, number_format, text in (
        (1234567, "000000000", "001234567"),
        (992301, "00000000", "00992301"),
        (1234567890, "000000000", "1234567890"),
        (1234567, "000000000;@", "001234567"),
        (1234567, "[$-280A]000000000_ ", "001234567"),
        (1234567, "[$-280A]000000000", "001234567"),
        (1234567, "000000000;-000000000", "001234567"),
        (1234567, "000000000_)", "001234567"),
        (1234567, '"00"0000000', "001234567"),
        (1234567, "000 000 000", "001 234 567"),
        (1234567, "000\\ 000\\ 000", "001 234 567"),
        (12345678, '"00"0', "0012345678"),
    ):
        row = numbered(value, number_format)
        assert (row.cells["document_number"], row.notes) == (text, [])


def test_a_document_typed_as_a_number_is_told_unless_it_is_a_dni():
    for number_format in ("General", "0", "#,##0", "@", "0 ", "0" * 40, '"N° "0000'):
        assert [note[:2] for note in numbered(1234567, number_format).notes] == [
            ["document_number", "1234567"]
        ]
    assert numbered(1234567, "General", kind="DNI").notes == []
    assert numbered("1234567", "General").notes == []


def test_the_marks_of_a_text_are_not_part_of_it():
    for typed in ("'00990801", '="00990801"', "00990801"):
        (row,) = read(as_csv(["Usuario", "Número de documento"], ["A", typed])).rows
        assert row.cells["document_number"] == "00990801"


def test_an_apostrophe_that_starts_a_name_stays():
    (row,) = read(as_csv(["Usuario", "Nombres", "Correo"], ["A", "'t Hart", "'a@b.pe"])).rows
    assert (row.cells["first_name"], row.cells["email"]) == ("'t Hart", "'a@b.pe")


def test_a_password_with_a_mark_of_a_text_is_told_or_a_flaw():
    (row,) = read(as_csv(["Usuario", "Clave"], ["A", "'Clave2026"])).rows
    assert row.cells["password"] == "'Clave2026"
    assert row.notes == [["password", "", "Empieza con un apóstrofo, que es parte de la clave", ""]]
    (row,) = read(as_csv(["Usuario", "Clave"], ["A", '="Clave26"'])).rows
    assert [*row.flaws] == ["password"]


def test_codes_typed_as_a_number_are_a_flaw():
    for title in ("Opciones", "Roles"):
        (row,) = read(as_xlsx(["Usuario", title], ["A", 28.1])).rows
        assert "ceros" in row.flaws["options" if title == "Opciones" else "roles"]


def test_what_excel_turned_into_a_day_or_a_time_is_a_flaw_except_in_a_column_of_days():
    titles = ["Usuario", "Número de documento", "Nombres", "Clave", "Plantilla", "Opciones"]
    for value in (date(2026, 5, 1), datetime(2026, 5, 1, 8, 30), time(8, 30), timedelta(hours=30)):
        (row,) = read(as_xlsx(titles, [value] * len(titles))).rows
        assert row.cells == {}
        assert len(row.flaws) == len(titles)
        assert all("fecha u hora" in flaw for flaw in row.flaws.values())
    (row,) = read(as_xlsx(["Usuario", "Vigente hasta"], ["A", datetime(2026, 5, 1)])).rows
    assert (row.cells["valid_until"], row.flaws) == ("2026-05-01", {})
