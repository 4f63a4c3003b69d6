"""The rules of an account: usuario, identity document, names, passwords."""

import unicodedata
from datetime import date
from functools import partial

from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError

from operators.validators import normalised
from users.lists.search import fold
from users.models import User
from users.signin.password_rules import advice_on_password, generate_password
from users.validators import (
    DocumentType,
    normalise_document_number,
    normalise_password,
    normalise_person_name,
    normalise_username,
    parse_day,
    validate_correo,
    validate_document_number,
    validate_person_name,
    validate_username,
)


def faults(validator, *values) -> list[ValidationError]:
    try:
        validator(*values)
    except ValidationError as refusal:
        return refusal.error_list
    return []


def refused(validator, *values) -> list[str]:
    """Return the sentences with which the validator refuses the values."""
    return [sentence for fault in faults(validator, *values) for sentence in fault.messages]


def sentences_of(validator, values) -> dict[str, list[str]]:
    """Return the sentences of each value."""
    return {value: refused(validator, value) for value in values}


# Usuario -----------------------------------------------------------------------------------------


def test_a_usuario_is_stripped_and_converted_to_upper_case():
    typed = ["JPEREZ01", "jperez01", " JPerez01 ", "\tjperez01\n"]
    assert {text: normalise_username(text) for text in typed} == dict.fromkeys(typed, "JPEREZ01")


def test_a_usuario_of_eight_letters_and_digits_is_accepted():
    usernames = ["JPEREZ01", "ABCDEFGH", "12345678", "0A0A0A0A"]
    assert sentences_of(validate_username, usernames) == {name: [] for name in usernames}


LOOK_ALIKES = {
    "long s, that upper() makes an S": "ſECUND01",
    "dotless i, that upper() makes an I": "JPEREZı1",
    "sharp s, that upper() makes two letters": "JPEREß1",
    "ligature, that upper() makes two letters": "JPEREﬁ1",
    "Cyrillic": "JPЕREZ01",
    "Greek": "JΡEREZ01",
    "full width": "ＪＰＥＲＥＺ０１",
    "zero width": "JPERE\u200bZ1",
    "soft hyphen": "JPERE\u00adZ1",
    "bidi": "\u202eJPEREZ1",
    "combining": "JPEREZ0\u0301",
    "Arabic digit": "JPEREZ٠١",
    "superscript": "JPEREZ0¹",
    "circled": "JPEREZ0①",
    "mathematical": "𝐉PEREZ01",
}


EIGHT = "El usuario debe tener 8 caracteres, solo letras y números"


def test_a_usuario_with_look_alike_characters_is_refused():
    found = {
        kind: refused(validate_username, normalise_username(username))
        for kind, username in LOOK_ALIKES.items()
    }
    assert found == {kind: [EIGHT] for kind in LOOK_ALIKES}


def test_any_other_usuario_is_refused():
    usernames = [
        "",
        "JPEREZ0",
        "JPEREZ012",
        "jperez01",
        "JPEREZ 1",
        "JPEREZ01\n",
        "JPEREZ_1",
        "J.PEREZ1",
        "@@@@@@@@",
    ]
    assert sentences_of(validate_username, usernames) == {name: [EIGHT] for name in usernames}


def test_a_usuario_with_an_accent_is_told_which_letters_to_use():
    usernames = ["PEÑA0001", "JPÉREZ01", "jperezü1", "PEN\u0303A0001"]
    sentence = "Use letras sin tilde ni ñ, y números"
    found = {name: refused(validate_username, normalise_username(name)) for name in usernames}
    assert found == {name: [sentence] for name in usernames}


def test_a_usuario_typed_together_with_its_ruc_is_refused_with_that_reason():
    usernames = [
        "20999999043TITULAR1",
        "20999999043 TITULAR1",
        "TITULAR1-20999999043",
        "20999999043",
        "RUC20999999043TITULAR1",
        "Ruc: 20999999043 - TITULAR1",
        "TITULAR1 (RUC 20999999043)",
    ]
    (sentence,) = {text for name in usernames for text in refused(validate_username, name)}
    assert sentence.startswith("Escriba solo el usuario, sin el RUC")
    for name in ("2099999904TITULAR1", "A" * 11, "99999999999"):
        assert refused(validate_username, name) == [EIGHT], name


def test_the_length_of_a_usuario_is_a_setting(settings):
    settings.USERNAME_LENGTH = 11
    validate_username("12345678901")
    settings.USERNAME_LENGTH = 10
    validate_username("JPEREZ0001")
    assert refused(validate_username, "JPEREZ01") == [
        "El usuario debe tener 10 caracteres, solo letras y números"
    ]


# Identity document -------------------------------------------------------------------------------


def documents(document_type, numbers) -> dict[str, list[str]]:
    """Return the sentences of each number for that type of document."""
    return {number: refused(validate_document_number, document_type, number) for number in numbers}


def test_a_document_number_is_normalised_and_stays_text():
    numbers = {
        " 9000 0002 ": "90000002",
        "00000001": "00000001",
        "ce001": "CE001",
        "9000\u00a00002": "90000002",
        "ñ1": "ñ1",
    }
    assert {typed: normalise_document_number(typed) for typed in numbers} == numbers


def test_a_dni_has_eight_digits():
    good = ["90000002", "00000001", "00000000"]
    bad = [
        "",
        "9000000",
        "900000022",
        "9000000A",
        "9000000٢",
        "９００００００２",
        "90000002\n",
        "-9000002",
        "9000000²",
    ]
    expected = {number: [] for number in good}
    expected |= {number: ["El DNI debe tener 8 dígitos"] for number in bad}
    assert documents(DocumentType.DNI, expected) == expected


def test_other_documents_have_up_to_fifteen_letters_or_digits():
    expected = {number: [] for number in ("1", "001234567", "CE1234567", "A" * 15)}
    sentence = "El número de documento debe tener hasta 15 caracteres, solo letras y números"
    bad = ["", "A" * 16, "ce1", "AB-12", "Ñ1", "АВ12", "A1\n", "A\x00"]
    expected |= {number: [sentence] for number in bad}
    types = set(DocumentType) - {DocumentType.DNI}
    assert {kind: documents(kind, expected) for kind in types} == dict.fromkeys(types, expected)


def test_a_document_with_initials_has_them_as_its_shorter_name():
    assert {kind.value: kind.short_label for kind in DocumentType} == {
        "1": "DNI",
        "4": "Carné de extranjería",
        "7": "Pasaporte",
        "A": "Cédula diplomática de identidad",
        "B": "Documento de identidad de otro país",
        "E": "TAM",
        "F": "PTP",
        "G": "Salvoconducto",
        "H": "CPP",
        "22": "Carné de identidad de relaciones exteriores",
    }


# Names -------------------------------------------------------------------------------------------

NAMES = [
    # Everyday ones, and letters beyond ASCII
    "Juan", "María", "José", "Ángel", "Óscar", "Íñigo", "Úrsula", "Élida", "Begoña", "Ñahui", "ñaupari", "Güido",
    "Argüelles", "Sigüeñas", "Echenique", "Chávez", "Muñoz", "Quiñones", "MUÑOZ NÚÑEZ", "peña",
    # Quechua and Aymara
    "Mamani Quispe", "Condori", "Huamán", "Ccahuana", "Ttito", "Qquellon", "Llusco", "Ñaupas", "Sulca", "Apaza",
    "Inti Wayra", "Sami", "T'ito", "K'ana", "Q'ente", "Ch'aska Qoyllur", "P'aqo",
    # Compound, with particles
    "De la Cruz", "de la Torre", "Del Águila", "del Castillo", "De los Ríos", "La Rosa", "Las Casas", "San Martín",
    "Santa Cruz", "Ponce de León", "Montes de Oca", "Vda. de Quispe", "Viuda de Rojas", "y Barrera", "Diez Canseco",
    "María del Carmen", "María de los Ángeles", "Luz de la Esperanza", "Ma. Elena", "J. Carlos", "José M.", "Jr.",
    # Hyphens and apostrophes
    "Ana-María", "Jean-Pierre", "García-Calderón", "O'Higgins", "D'Ávila", "D'Angelo", "D’Onofrio", "D‘Arrigo",
    "D´Alessio", "D`Acosta", "Dʼ Ugarte", "M'Bappé",
    # From abroad
    "Wong", "Chu", "Li", "Nakamatsu", "Fujimori", "Ōta", "Yi", "Ng", "Nguyễn", "Trần Thị", "Hương", "João", "Gonçalves",
    "Müller", "Größer", "Jürgen", "François", "Zoë", "Noël", "Ibáñez", "Łukasz", "Dvořák", "Škoda", "Žižek", "Ångström",
    "Sørensen", "Æsir", "Œuvre", "Đorđević", "Şahin", "Çelik", "İnan", "Ğ", "Ștefan", "Țepeș", "Ħal", "Kőszegi",
    # Short and long
    "O", "Ña", "Jo", "María Fernanda del Pilar Guadalupe", "Rodríguez de Mendoza y Collantes de la Vega",
]  # fmt: skip


APOSTROPHES = "'’‘´`ʼ"


def test_a_real_name_is_accepted_with_plain_apostrophes():
    plain = str.maketrans(APOSTROPHES, "'" * len(APOSTROPHES))
    expected = {name: name.translate(plain) for name in NAMES}
    assert {name: normalise_person_name(name) for name in NAMES} == expected
    assert sentences_of(validate_person_name, expected.values()) == {
        name: [] for name in expected.values()
    }


def test_a_decomposed_name_is_stored_composed():
    decomposed = {unicodedata.normalize("NFD", name): name for name in NAMES}
    assert {typed: normalise_person_name(typed) for typed in decomposed} == {
        typed: normalise_person_name(name) for typed, name in decomposed.items()
    }


def test_a_name_has_single_spaces_and_none_around():
    names = {
        "  Juan   Carlos ": "Juan Carlos",
        "Juan\tCarlos\n": "Juan Carlos",
        "Juan\u00a0Carlos": "Juan Carlos",
        "Juan\u3000Carlos": "Juan Carlos",
        "   ": "",
    }
    assert {typed: normalise_person_name(typed) for typed in names} == names


NO_NAMES = {
    "digit": "Juan2",
    "Arabic digit": "Juan٢",
    "Roman numeral sign": "Juan Ⅱ",
    "ordinal": "M.ª",
    "superscript": "Juan²",
    "emoji": "Juan 😀",
    "emoji alone": "🙂",
    "tag": "<b>Juan</b>",
    "script": "<script>alert(1)</script>",
    "ampersand": "Juan &amp; Ana",
    "quotes": 'Juan "Pepe"',
    "template": "{{ Juan }}",
    "at": "juan@empresa",
    "slash": "Juan/Ana",
    "comma": "Pérez, Juan",
    "underscore": "Juan_Carlos",
    "parenthesis": "Juan (Pepe)",
    "equals": "=Juan",
    "plus": "+Juan",
    "exclamation": "¡Juan!",
    "multiplication sign": "Juan×Ana",
    "division sign": "Juan÷Ana",
    "long dash": "Juan – Ana",
    "non-breaking hyphen": "Ana\u2011María",
    "Cyrillic": "Иван",
    "one Cyrillic letter": "Jоsé",
    "Greek": "Γιώργος",
    "one Greek letter": "Μaría",
    "Armenian": "Արամ",
    "Hebrew": "דוד",
    "Arabic": "محمد",
    "Chinese": "王",
    "kana": "ひろ",
    "full width": "Ｊuan",
    "mathematical": "𝐉uan",
    "ligature": "Joseﬁna",
    "modifier letter": "Juanʰ",
    "dotless j": "ȷ\u0301uan",
    "a mark that composes with nothing": "Jx\u0302uan",
    "many marks": "J" + "\u0301" * 8 + "uan",
    "right to left override": "Juan\u202egnp",
    "left to right mark": "Juan\u200e",
    "isolate": "\u2066Juan\u2069",
    "zero width space": "Ju\u200ban",
    "zero width joiner": "Ju\u200dan",
    "byte order mark": "\ufeffJuan",
    "soft hyphen": "Ju\u00adan",
    "word joiner": "Ju\u2060an",
    "variation selector": "Juan\ufe0f",
    "tag character": "Juan\U000e0041",
    "private use": "Juan\ue000",
    "replacement": "Ju\ufffdn",
    "NUL": "Ju\x00an",
    "bell": "Ju\x07an",
    "escape": "\x1b[31mJuan",
    "delete": "Ju\x7fan",
    "only hyphens": "---",
    "only stops": "...",
    "only an apostrophe": "'",
    "only apostrophes of another kind": "’’",
    "only marks": "\u0301\u0301",
    "hyphen, stop, apostrophe": "- . '",
}  # fmt: skip


def test_a_name_that_is_not_in_latin_letters_is_refused():
    found = {
        kind: refused(validate_person_name, normalise_person_name(name))
        for kind, name in NO_NAMES.items()
    }
    sentence = "Los nombres solo pueden tener letras, espacios, guion, punto y apóstrofo"
    assert found == {kind: [sentence] for kind in NO_NAMES}


# Clave -------------------------------------------------------------------------------------------

LENGTH = "La clave debe tener entre 8 y 12 caracteres"
DIGIT = "La clave debe incluir al menos un número"

CLAVES = {
    # Lengths, each side of both limits
    "": [LENGTH, DIGIT],
    "a1": [LENGTH],
    "abcdef1": [LENGTH],
    "abcdefg1": [],
    "abcdefghijk1": [],
    "abcdefghijkl1": [LENGTH],
    "a" * 100_000 + "1": [LENGTH],
    # Only an ASCII digit is a digit
    "abcdefgh": [DIGIT],
    "moddatos": [DIGIT],
    "abcdefghijkl": [DIGIT],
    "abcdefg٣": [DIGIT],
    "abcdefg²": [DIGIT],
    "abcdefg½": [DIGIT],
    "abcdefg５": [DIGIT],
    "abcdefg一": [DIGIT],
    "abcdef٣": [LENGTH, DIGIT],
    "12345678": [],
    "00000000": [],
    # Blanks count as any other character
    " " * 7 + "1": [],
    "        ": [DIGIT],
    "1" + " " * 12: [LENGTH],
    " abcde1 ": [],
    "abc\t\ndef1": [],
    # A character is a code point, neither a byte nor what one sees
    "ñññññññ1": [],
    "ñññññññññññ1": [],
    "😀😀😀😀😀😀😀1": [],
    "😀" * 12 + "1": [LENGTH],
    unicodedata.normalize("NFC", "áéíóúñ1"): [LENGTH],
    unicodedata.normalize("NFD", "áéíóúñ1"): [LENGTH],
    unicodedata.normalize("NFC", "áéíóúñü1"): [],
    unicodedata.normalize("NFD", "áéíóúñü1"): [],
    # The rule is the rule: these are weak and taken
    "sunat2026": [],
    "password1": [],
    "JPEREZ01": [],
    "90000002": [],
    "'; DROP--1": [],
}


def test_an_operators_password_has_8_to_12_characters_and_a_digit():
    user = User(operator_id=1, username="JPEREZ01", document_number="90000002")
    assert {clave: refused(validate_password, clave, user) for clave in CLAVES} == CLAVES


GUESSABLE = [
    *("sunat2026", "SUNAT2026", "Súnat.2026", "2026sunat", "sun4t2026", "ADUANA01", "aduanas1"),
    *("ruc202626", "ruc20265", "clave2026", "Cl4v3123", "clavesol1", "sunat.ruc1", "enero2026"),
    *("12345678", "20262026", "00000000", "aaaaaaa1", "qwerty123", "abcdef12", "perro123456"),
    *("JPEREZ01", "jperez01", "perez2026", "Juan12345", "xJPEREZ01x", "90000002", "D90000002"),
]
NOT_GUESSABLE = [
    "Zorzal77QX",
    "k7#mQ2xv",
    "tres gatos 3",
    "Ñandú-y-río9",
    "sunatillo81x",
    "7c9d2b4e",
]


def test_a_guessable_password_is_advised_against_and_refused_only_by_the_setting(settings):
    person = User(
        operator_id=1,
        username="JPEREZ01",
        document_number="90000002",
        first_name="Juan",
        last_name="Pérez Ñaupari",
    )
    claves = [*GUESSABLE, *NOT_GUESSABLE]

    def refusals() -> dict[str, bool]:
        return {clave: bool(refused(validate_password, clave, person)) for clave in claves}

    guessable = {clave: clave in GUESSABLE for clave in claves}
    assert {clave: bool(advice_on_password(clave, person)) for clave in claves} == guessable
    assert not any(refusals().values())
    settings.REFUSE_GUESSABLE_CLAVES = True
    assert refusals() == guessable
    assert "fácil de adivinar" in refused(validate_password, "sunat2026", person)[0]


def test_a_normalised_text_has_a_bounded_length():
    """Longer texts are left as they are: their combining characters would take quadratic time."""
    assert normalised("NFC", "n\u0303") == normalise_password("n\u0303") == "ñ"
    long = "a" + "\u0315\u0300\u0327\u0323" * 250_000
    for rule in (normalise_password, normalise_person_name, fold, partial(normalised, "NFKC")):
        assert rule(long)
    person = User(operator_id=1, username="JPEREZ01")
    assert refused(validate_password, long, person)
    assert advice_on_password(long, person)


def test_a_generated_password_is_not_guessable(settings):
    settings.REFUSE_GUESSABLE_CLAVES = True
    for _ in range(200):
        validate_password(generate_password(), User(operator_id=1, username="JPEREZ01"))


STAFF_PASSWORDS = {
    "una-clave-larga-de-personal": None,
    "correo caballo batería": None,
    "una frase larga que nadie más usa " * 20: None,
    "corta-once1": "password_too_short",
    "123456789012345": "password_entirely_numeric",
    "megaparol12345": "password_too_common",
    "supervisora.lima1": "password_too_similar",
}


def test_a_staff_password_has_twelve_characters_and_follows_djangos_rules():
    staff = User(username="supervisora.lima", is_staff=True)
    found = {
        password: [fault.code for fault in faults(validate_password, password, staff)]
        for password in STAFF_PASSWORDS
    }
    wrong = {
        password: codes
        for password, codes in found.items()
        if STAFF_PASSWORDS[password] not in (codes or [None])
    }
    assert wrong == {}


def test_a_password_without_an_account_follows_the_stricter_rule():
    assert [fault.code for fault in faults(validate_password, "zorzal12")] == ["password_too_short"]


def test_each_password_rule_has_a_help_text():
    operators, staff = password_validators_help_texts()
    assert "entre 8 y 12 caracteres" in operators
    assert "al menos 12 caracteres" in staff


# Correo ------------------------------------------------------------------------------------------


def test_a_correo_with_hidden_or_look_alike_characters_is_refused():
    expected = {address: [] for address in ("ana@ejemplo.pe", "ana.maria+x@sub.ejemplo.com.pe")}
    bad = [
        "ana",
        "ana@",
        "ana@ejemplo",
        "ana@emp\u202eresa.pe",
        "ana@ejemplo.pe\u200b",
        "ana@еjemplo.pe",
        "ana@ｅjemplo.pe",
        "ſana@ejemplo.pe",
        "ana@ejemplo.pe\0",
        "a" * 1_000_000,
    ]
    sentence = "Ingrese un correo con el formato nombre@empresa.pe"
    expected |= {address: [sentence] for address in bad}
    assert sentences_of(validate_correo, expected) == expected


# Days --------------------------------------------------------------------------------------------


def test_a_day_is_parsed_as_people_and_browsers_write_it():
    days = {"2026-12-31", "31/12/2026", "31/12/26", " 31/12/2026 "}
    assert {text: parse_day(text) for text in days} == dict.fromkeys(days, date(2026, 12, 31))
    assert parse_day("") is None
    no_days = ["ayer", "30/02/2026", "2026-13-01", "31/12", " ", "2026-12-31\0", "9" * 5000]
    sentence = "Ingrese una fecha como 31/12/2026"
    assert sentences_of(parse_day, no_days) == {text: [sentence] for text in no_days}
