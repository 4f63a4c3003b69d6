"""Which letters a file has: proved, or without a likely second reading, or the file is refused."""

import io
import itertools

import pytest

from profiles.load.planning import Planner
from profiles.tables import letters
from profiles.tables.rows import FileError
from tests.profiles.load.conftest import as_csv, as_xlsx, new_user, read, table

BOM = b"\xef\xbb\xbf"
# Names of people in Peru, in the ways that offices write them.
NAMES = [
    *("José", "María", "Pérez", "Peña", "Muñoz", "Díaz", "Ramón", "Jesús", "Núñez", "Álvarez"),
    *("Óscar", "Úrsula", "Agüero", "Hernández", "Begoña", "Ñahui", "Élida", "Inés", "Raúl"),
]
CASES = (str, str.upper, str.lower, lambda name: "".join(map(_other_accents, name.upper())))
OF_OTHER_LANDS = [
    *("Vicenç", "Weiß", "Strauß", "Òscar", "CÒRDOVA", "FÈLIX", "JOSÈ", "MARÌA", "Çelik", "Ýrsa"),
    *("João", "Gonçalves", "SIMÕES", "Ângela", "Zoë", "KÖNIG", "Dvořák", "Łukasz", "Nguyễn"),
    *("McÍntosh", "DeÁngelis", "D'Angelo", "Bjørn", "Niccolò", "Šimun"),
]


def _other_accents(letter: str) -> str:
    """Return the letter as old keyboards write it in capitals: «JOSé», «MUñOZ»."""
    return letter.lower() if letter in "ÉÑÓ" else letter


def as_text(*people: dict[str, str]) -> str:
    return as_csv(*table(*people)).decode().replace("Número", "Nro")


def a_file(encoding: str, *names: str, **cells) -> bytes:
    people = [new_user(n, Apellidos=name, **cells) for n, name in enumerate(names)]
    return as_text(*people).encode(encoding)


def surnames(content: bytes) -> list[str]:
    return [row.cells["last_name"] for row in read(content).rows]


def refusal(content: bytes) -> str:
    with pytest.raises(FileError) as error:
        read(content)
    return str(error.value)


def planned(operator, content: bytes):
    sheet = read(content)
    return sheet.notes, list(Planner(operator, sheet.columns).plan(sheet.rows))


def on_windows(text: str, encoding: str) -> str:
    """Return how a text in the encoding looks where it is taken for that of Windows."""
    return "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode(encoding)
    )


def test_ordinary_names_are_read_in_unicode_and_as_excel_on_windows_writes_them():
    for encoding in ("cp1252", "utf-8", "utf-8-sig", "utf-16"):
        for case in CASES[:3]:
            names = [*map(case, NAMES)]
            assert surnames(a_file(encoding, *names)) == names
    for name in NAMES:
        assert surnames(a_file("cp1252", name)) == [name]


def test_no_small_file_is_read_with_other_letters():
    names = [case(name) for name in [*NAMES, "JOÃO", "Gonçalves", "D’Angelo"] for case in CASES]
    texts = [*names, *map("\n".join, itertools.pairwise(names))]
    for encoding in ("cp1252", "mac_roman", "cp850", "cp437", "iso8859-15"):
        for text in texts:
            # CP437 and others lack some letters.
            content = text.encode(encoding, errors="ignore")
            try:
                read_as = letters.encoding_of(io.BytesIO(content))
            except FileError:
                continue
            assert content.decode(read_as) == content.decode(encoding), encoding


UNCERTAIN = {
    "En la línea 2 no se sabe si una letra es «é» o «Ú»": a_file("cp1252", "éRIKA PéREZ"),
    "En la línea 2 no se sabe si una letra es «ê» o «Í»": a_file("mac_roman", "MarÍa"),
    "No se reconocen las letras de la línea 2: se lee «„»": a_file("mac_roman", "NuÑez"),
    "No se reconocen las letras de la línea 3: se lee «’»": a_file("mac_roman", "Rojas", "Lucía"),
    "No se reconocen las letras de la línea 2: se lee un espacio": a_file("cp850", "Hernández"),
    "No se reconocen las letras de la línea 2: se lee «¤»": a_file(
        "iso8859-15", "Rojas", Clave="clave€26"
    ),
    "No se reconocen las letras de la línea 2: se lee «Ã»": a_file("cp1252", "JosÃ"),
    "No se reconocen las letras de la línea 2: se lee «‘»": a_file("cp1252", "MU‘OZ"),
    "No se reconocen las letras de la línea 2: se lee «š»": a_file("cp1252", "šrsula"),
    "El archivo está en UTF-8, y la línea 3 no: en ella se lee «ñ»": (
        BOM + a_file("cp1252", "Rojas", "Peña")
    ),
    "El archivo está en UTF-8, y la línea 4 no: en ella se lee «ñ»": a_file(
        "utf-8", "Muñoz", "Núñez", "Peña"
    ).replace("Peña".encode(), b"Pe\xf1a"),
}


def test_a_file_whose_letters_are_uncertain_is_refused_with_the_line_and_its_letters(subtests):
    for sentence, content in UNCERTAIN.items():
        with subtests.test(sentence):
            assert refusal(content).startswith(f"{sentence}.")
            assert "CSV UTF-8" in refusal(content)


def test_a_refusal_quotes_no_word_for_one_may_be_a_password():
    content = a_file("utf-8", "Muñoz", Clave="Peña2026").replace(b"Pe\xc3\xb1a", b"Pe\xf1a")
    assert "2026" not in refusal(content)


def test_a_text_file_with_a_null_character_is_refused():
    for content in ("Usuario\nA".encode("utf-16-le"), b"Usuario\nPe\xf1a\0"):
        assert "No es un archivo CSV ni XLSX" in refusal(content)


@pytest.mark.django_db
def test_only_unicode_proves_the_letters_of_a_password(operator):
    titles = ("Usuarios de la agencia…", "Usuarios • 2026", "«SERVIMAR»", "SERVIMAR™", "SERVIMAR®")
    for title, password in itertools.product(titles, ("Peña2026", "niño•2026", "claveÓ26")):
        text = f"{title}\n{as_text(new_user(1, Nombres='José', Clave=password))}"
        _, (row,) = planned(operator, text.encode())
        assert row.problems == []
        try:
            _, (row,) = planned(operator, text.encode("cp1252"))
        except FileError:
            continue
        ((column, value, sentence, corrected),) = row.problems
        assert (column, value, corrected) == ("Clave", "", "")
        assert "CSV UTF-8" in sentence


@pytest.mark.django_db
def test_a_right_name_in_unicode_is_neither_refused_nor_corrected(operator):
    people = table(*(new_user(n, Apellidos=name) for n, name in enumerate(OF_OTHER_LANDS)))
    for content in (as_csv(*people), as_xlsx(*people)):
        notes, rows = planned(operator, content)
        assert notes == ()
        assert [row.after.get("last_name") for row in rows] == OF_OTHER_LANDS
        assert not any(row.problems or row.notices for row in rows)


GARBLED = [
    *("MUÃ‘OZ", "JOSÃ‰", "Garc\u00c3\u00ada", "Pe√±a", "Pe├▒a", "PeÃƒÂ±a", "GarcÃa", "RosaÂ Elena"),
    *("ANDRƒS", "Bego¤a", "MU¥OZ", "Mu–oz", "JosŽ", "Pe\ufffda"),
]


def test_one_garbled_name_refuses_the_file_of_either_kind_with_its_row():
    for name in GARBLED:
        people = table(new_user(1), new_user(2, Apellidos=name))
        for content in (as_csv(*people), as_xlsx(*people)):
            said = refusal(content)
            assert said.startswith("Otro programa cambió las letras de «Apellidos», en la fila 3: ")
            assert "CSV UTF-8" in said


def test_a_garbled_password_or_title_is_refused_and_no_letter_of_the_password_is_quoted():
    said = refusal(as_xlsx(*table(new_user(1, Clave="PeÃ±a2026"))))
    assert said.startswith("Otro programa cambió las letras de «Clave», en la fila 2. ")
    for password in ("Pe\ufffda2026", on_windows("Peña2026", "mac_roman")):
        (row,) = read(as_xlsx(*table(new_user(1, Clave=password)))).rows
        assert "otro programa" in row.flaws["password"]
        assert "password" not in row.cells
    titles, person = table(new_user(1))
    for make in (as_csv, as_xlsx):
        said = refusal(make([title.replace("ú", "Ãº") for title in titles], person))
        assert said.startswith(
            "Otro programa cambió las letras del título «NÃºmero de documento», en la fila 1: "
        )


def test_a_name_that_may_be_garbled_is_named_above_the_plan():
    written = [("cp850", "RAÚL"), ("cp850", "Hernández"), ("mac_roman", "Lucía")]
    names = [on_windows(name, encoding) for encoding, name in written]
    for name in [*names, "DêAZ", "RAMîN", "RÃOS", "SÃENZ", "MUÃOZ", "ROSAÂ", "Jesœs"]:
        sheet = read(as_xlsx(*table(new_user(1), new_user(2, Apellidos=name))))
        assert sheet.rows[1].cells["last_name"] == name
        (note,) = sheet.notes
        assert "Compruebe las tildes y las eñes de todo el archivo" in note
        assert f"3 ({name})" in note
