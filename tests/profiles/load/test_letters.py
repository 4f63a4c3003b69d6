"""Which letters a text file has: decided by evidence, or the file is refused."""

import io

import pytest

from profiles.load import letters
from profiles.load.rows import FileError
from tests.profiles.load.conftest import as_csv, as_xlsx, new_user, read, table

ONE_BYTE = ("cp1252", "mac_roman", "cp850")
# Names of people in Peru, in the three ways that offices write them.
NAMES = [
    *("José", "JOSÉ", "JOSé", "María", "MARÍA", "Pérez", "Peña", "PEÑA", "Muñoz", "Díaz", "DÍAZ"),
    *(
        "Ramón",
        "RAMÓN",
        "Jesús",
        "JESÚS",
        "Núñez",
        "NÚÑEZ",
        "Álvarez",
        "ÁLVAREZ",
        "Óscar",
        "Úrsula",
    ),
    *("Agüero", "AGÜERO", "Hernández", "HERNÁNDEZ", "Begoña Quiñones", "Ñahui", "Élida", "Inés"),
    *("D’Angelo", "D´ANGELO", "Gonçalves", "João", "SIMÕES", "Björn", "Müller", "KÖNIG", "Zoë"),
    *("André", "François", "Ana\N{NO-BREAK SPACE}María", "ANDRÉS DÍAZ RAMÓN", "García–Pérez"),
]


def encoding_of(content: bytes) -> str:
    return letters.encoding_of(io.BytesIO(content))


def named(*names: str, encoding: str) -> bytes:
    people = [new_user(number, Apellidos=name) for number, name in enumerate(names)]
    # Titles without letters that would prove the encoding.
    return as_csv(*table(*people), encoding=encoding).replace("Número".encode(encoding), b"Nro")


def refusal(content: bytes) -> str:
    with pytest.raises(FileError) as error:
        read(content)
    return str(error.value)


def test_a_file_of_several_people_is_read_in_each_encoding_of_excel(subtests):
    names = ["Andrés Muñoz", "MARÍA IBÁÑEZ ÑAUPA", "Núñez García", "RAMÓN AGÜERO"]
    for encoding in (*ONE_BYTE, "utf-8", "utf-8-sig", "utf-16"):
        with subtests.test(encoding):
            rows = read(named(*names, encoding=encoding)).rows
            assert [row.cells["last_name"] for row in rows] == names


def test_the_line_ends_of_an_old_mac_are_read():
    content = named("Muñoz", "Núñez", encoding="mac_roman").replace(b"\r\n", b"\r")
    assert [row.cells["last_name"] for row in read(content).rows] == ["Muñoz", "Núñez"]


def test_a_title_with_an_accent_proves_the_encoding_of_a_name_that_does_not():
    for encoding in ONE_BYTE:
        (row,) = read(as_csv(*table(new_user(1, Apellidos="JOSé Lucía")), encoding=encoding)).rows
        assert row.cells["last_name"] == "JOSé Lucía"


def test_no_name_is_ever_read_with_other_letters():
    """Alone in its file, a name is read right or the file is refused."""
    wrong, refused = [], 0
    for name in NAMES:
        for encoding in ONE_BYTE:
            try:
                content = named(name, encoding=encoding)
                (row,) = read(content).rows
            except UnicodeEncodeError:
                continue
            except FileError:
                refused += 1
                continue
            if row.cells["last_name"] != name:
                wrong.append((name, encoding, row.cells["last_name"]))
    assert wrong == []
    assert refused < len(NAMES) * len(ONE_BYTE) / 3


def test_two_possible_readings_are_refused_with_the_line_and_both_letters():
    said = refusal(named("Rojas", "Lucía", encoding="mac_roman"))
    assert said.startswith("En la línea 3 no se sabe si una letra es «í» o «’».")
    assert "CSV UTF-8" in said
    said = refusal(named("Hernández", encoding="cp850"))
    assert said.startswith("En la línea 2 no se sabe si una letra es un espacio o «á».")


def test_a_file_without_any_reading_is_refused_with_the_line_and_its_letters():
    content = named("Rojas", "Peña", encoding="cp1252").replace(b"Ana", b"\xa4\xa5", 1)
    said = refusal(content)
    assert said.startswith("No se reconocen las letras de la línea 2: se lee «¤» «¥».")
    assert "CSV UTF-8" in said


def test_one_row_in_another_encoding_is_refused_with_its_line_and_letters():
    names = ["Muñoz", "Núñez", "Peña"]
    content = named(*names, encoding="utf-8")
    for encoding, letter in (("cp1252", "«ñ»"), ("mac_roman", "«–»")):
        said = refusal(content.replace("Peña".encode(), "Peña".encode(encoding)))
        assert said.startswith(
            f"La línea 4 no está guardada como las demás: se lee {letter}. Corríjala."
        )


def test_a_row_in_another_encoding_is_odd_wherever_the_file_says_that_it_is_utf_8():
    content = named("Rojas", "Peña", "Muñoz", encoding="cp1252")
    said = refusal(b"\xef\xbb\xbf" + content)
    assert said.startswith("La línea 3 no está guardada como las demás: se lee «ñ».")


def test_a_refusal_quotes_no_word_for_one_may_be_a_password():
    people = table(new_user(1, Clave="Peña2026"), new_user(2, Apellidos="Muñoz"))
    content = as_csv(*people).replace("Peña2026".encode(), b"Pe\xf1a2026")
    assert "2026" not in refusal(content)


def test_a_text_file_with_a_null_character_is_refused():
    for content in ("Usuario\nA".encode("utf-16-le"), b"Usuario\nPe\xf1a\0"):
        assert "No es un archivo CSV ni XLSX" in refusal(content)


# Garbled cells -----------------------------------------------------------------------------------

MISREAD = {
    "MUÃ‘OZ Ã‘AHUI": "MUÑOZ ÑAHUI",
    "JOSÃ‰": "JOSÉ",
    "GarcÃ\xada": "García",
    "Ã\x81lvarez": "Álvarez",
    "Pe√±a": "Peña",
    "Pe├▒a": "Peña",
    "PeÃƒÂ±a": "Peña",
    "DÂ´Angelo": "D´Angelo",
}
RIGHT = [*NAMES, "Dvořák", "Łukasz", "Nguyễn", "JOÃO", "MAGALHÃES", "DelRío", "PÉrez", ""]


def test_utf_8_that_was_read_as_something_else_is_repaired():
    assert {text: letters.repaired(text) for text in MISREAD} == MISREAD
    assert {text: letters.repaired(text) for text in RIGHT} == dict.fromkeys(RIGHT, "")


def test_each_repaired_cell_is_told_in_files_of_both_kinds(subtests):
    people = table(new_user(1, Apellidos="MUÃ‘OZ", Clave="PeÃ±a2026"))
    for content in (as_csv(*people), as_xlsx(*people)):
        (row,) = read(content).rows
        assert (row.cells["last_name"], row.cells["password"]) == ("MUÑOZ", "Peña2026")
        assert row.notes == [
            ["last_name", "MUÃ‘OZ", "Se repararon sus letras", "MUÑOZ"],
            ["password", "", "Se repararon sus letras", ""],
        ]


def test_a_name_in_a_wrong_encoding_has_its_probable_letters_proposed():
    probable = {"ANDRƒS DêAZ RAMîN": "ANDRÉS DÍAZ RAMÓN", "Bego¤a": "Begoña", "INƒS": "INÉS"}
    assert {text: letters.probably_meant(text) for text in probable} == probable
    assert {text: letters.probably_meant(text) for text in RIGHT} == dict.fromkeys(RIGHT, "")


def test_a_letter_that_lost_its_second_half_is_recognised():
    assert all(map(letters.is_half_read, ["GarcÃa", "DÃAZ", "MUÃ'OZ"]))
    assert not any(map(letters.is_half_read, ["JOÃO", "MAGALHÃES", "IRMÃ", "Peña"]))
