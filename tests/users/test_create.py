"""Paso 1 de 3: Siguiente generates the secondary user."""

import logging
import unicodedata
from uuid import uuid4

import pytest
from django.db import connection

from tests.conftest import PASSWORD, RUC, field_errors, soup
from tests.users.conftest import CLAVE, FORM
from tests.walking import undone
from users.models import AuditEntry, Session, User

URL = "/usuarios/nuevo/"

PERSON = [field for field in FORM if not field.startswith("password")]
MEGABYTE = 1024 * 1024


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


def created():
    return User.objects.secondary()


def summary(response) -> list[tuple[str, str]]:
    """Each line of «Hay un problema» and the id that it leads to."""
    return [
        (link.get_text(strip=True), link["href"].removeprefix("#"))
        for link in soup(response).select(".error-summary a")
    ]


# What it makes -----------------------------------------------------------------------------------


def test_siguiente_generates_the_user_and_says_so(client):
    response = client.post(URL, FORM)
    assert response.status_code in (302, 303)
    assert response.url == "/usuarios/nuevo/JPEREZ01/"
    page = soup(client.get(response.url))
    assert page.h1.text == "Se ha generado el usuario secundario JPEREZ01."
    assert page.select_one(".important h2").text == "Importante: Asignar Perfiles"


def test_a_guessable_clave_is_advised_against_beside_the_clave(client):
    form = {**FORM, "password1": "sunat2026", "password2": "sunat2026"}
    page = soup(client.post(URL, form, follow=True))
    row = next(row for row in page.select(".facts > div") if row.dt.text == "Clave")
    assert "fácil de adivinar" in row.dd.text
    assert row.a["href"] == "/usuarios/JPEREZ01/clave/"
    assert not page.select(".notice")


def test_the_user_belongs_to_the_principals_operator_and_is_active(client, operator):
    client.post(URL, FORM)
    user = created().get()
    assert {field: getattr(user, field) for field in PERSON} == {
        field: FORM[field] for field in PERSON
    }
    assert (user.operator, user.state) == (operator, User.State.ACTIVE)
    assert user.check_password(CLAVE)
    assert not user.option_grants.exists()
    assert not user.role_grants.exists()


def test_the_correo_is_optional(client):
    client.post(URL, {**FORM, "email": ""})
    assert created().get().email == ""


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("username", " jperez01 ", "JPEREZ01"),
        ("document_number", " 9000 0002\t", "90000002"),
        ("document_number", "90000002\n", "90000002"),
        ("first_name", "  Juan   Carlos ", "Juan Carlos"),
        ("first_name", "Juan\u00a0Carlos", "Juan Carlos"),
        ("last_name", unicodedata.normalize("NFD", "Pérez Ñaupari"), "Pérez Ñaupari"),
        ("last_name", "D’Ávila", "D'Ávila"),
        ("email", " ana@empresa.pe ", "ana@empresa.pe"),
    ],
)
def test_what_people_type_around_a_value_is_cleaned_away(client, field, typed, stored):
    client.post(URL, {**FORM, field: typed})
    assert getattr(created().get(), field) == stored


@pytest.mark.parametrize(
    ("document_type", "typed", "stored"),
    [
        ("4", "ce 001234567", "CE001234567"),
        ("7", "p1234567", "P1234567"),
        ("A", "00123", "00123"),
        ("B", "v12345678", "V12345678"),
        ("F", "001234567", "001234567"),
        ("H", "001234568", "001234568"),
        ("22", "r 0001", "R0001"),
    ],
)
def test_a_foreigner_gets_an_account_with_another_document(client, document_type, typed, stored):
    client.post(URL, {**FORM, "document_type": document_type, "document_number": typed})
    user = created().get()
    assert (user.document_type, user.document_number) == (document_type, stored)


@pytest.mark.parametrize(
    "extra",
    [
        {"operator": "1", "operator_id": "1", "ruc": "20999999019"},
        {"is_principal": "on"},
        {"is_staff": "on", "is_superuser": "on"},
        {"state": "suspended"},
        {"id": "1", "pk": "1"},
        {"password": "Otra20260", "last_login": "2026-01-01"},
    ],
)
def test_fields_that_the_screen_does_not_have_are_ignored(client, operator, stranger, extra):
    before = User.objects.count()
    if "operator" in extra:
        extra |= {"operator": stranger.operator_id, "operator_id": stranger.operator_id}
    client.post(URL, {**FORM, **extra})
    assert User.objects.count() == before + 1
    user = User.objects.get(username="JPEREZ01")
    assert (user.operator, user.state, user.last_login) == (operator, User.State.ACTIVE, None)
    assert [user.is_principal, user.is_staff, user.is_superuser] == [False] * 3
    assert user.check_password(CLAVE)


def test_the_audit_entry_says_who_made_whom_with_what_and_from_where(client, principal):
    client.post(URL, FORM, REMOTE_ADDR="192.0.2.7")
    user = created().get()
    entry = AuditEntry.objects.get(action="user.created", subject=user)
    assert entry.actor == principal
    assert entry.operator == principal.operator
    assert (entry.channel, entry.address) == (AuditEntry.Channel.WEB, "192.0.2.7")
    assert entry.before == {}
    assert entry.after == {
        **{field: FORM[field] for field in PERSON},
        "is_principal": False,
        "state": "active",
    }


# Errors ------------------------------------------------------------------------------------------


NAMES_SENTENCE = "solo pueden tener letras, espacios, guion, punto y apóstrofo"
DNI_SENTENCE = "El DNI debe tener 8 dígitos"
OTHER_DOCUMENT_SENTENCE = (
    "El número de documento debe tener hasta 15 caracteres, solo letras y números"
)
CORREO_SENTENCE = "Ingrese un correo con el formato nombre@empresa.pe"
WITHOUT_ACCENTS = "Use letras sin tilde ni ñ, y números"
USUARIO_SENTENCE = "El usuario debe tener 8 caracteres, solo letras y números"
USUARIO_WITHOUT_RUC = (
    "Escriba solo el usuario, sin el RUC: al ingresar, el RUC va en su propio campo"
)
CLAVE_LENGTH = "La clave debe tener entre 8 y 12 caracteres"
CLAVE_DIGIT = "La clave debe incluir al menos un número"


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("document_type", "", "Seleccione el tipo de documento"),
        ("document_type", "6", "Seleccione el tipo de documento"),
        ("document_number", "", "Ingrese el número de documento"),
        ("document_number", "   ", "Ingrese el número de documento"),
        ("document_number", "9000000", DNI_SENTENCE),
        ("document_number", "900000022", DNI_SENTENCE),
        ("document_number", "90000002" * 3, DNI_SENTENCE),
        ("first_name", "", "Ingrese los nombres"),
        ("first_name", "Juan3", f"Los nombres {NAMES_SENTENCE}"),
        ("first_name", "a" * 151, "Los nombres pueden tener hasta 150 caracteres"),
        ("last_name", "", "Ingrese los apellidos"),
        ("last_name", "<b>", f"Los apellidos {NAMES_SENTENCE}"),
        ("last_name", "a" * 151, "Los apellidos pueden tener hasta 150 caracteres"),
        ("email", "juan", CORREO_SENTENCE),
        ("email", "juan@", CORREO_SENTENCE),
        ("username", "", "Ingrese el usuario"),
        ("username", "JPEREZ0", USUARIO_SENTENCE),
        ("username", "JPEREZ012", USUARIO_SENTENCE),
        ("username", "JPEREZ-1", USUARIO_SENTENCE),
        ("username", "J" * 200, USUARIO_SENTENCE),
        ("username", "20999999043JPEREZ01", USUARIO_WITHOUT_RUC),
        ("username", "titular1", "Ese usuario ya existe en su empresa. Elija otro"),
        ("document_number", "90000001", "Este documento ya lo usa TITULAR1 en su empresa"),
    ],
)
def test_each_problem_is_told_once_beside_its_field(client, field, typed, sentence):
    response = client.post(URL, {**FORM, field: typed})
    assert response.status_code == 200
    assert field_errors(response) == {field: sentence}
    assert not created().exists()


@pytest.mark.parametrize("document_type", ["4", "22"])
@pytest.mark.parametrize("typed", ["1234567890123456", "12-345", "Ñ123"])
def test_other_documents_have_their_own_sentence(client, document_type, typed):
    form = {**FORM, "document_type": document_type, "document_number": typed}
    assert field_errors(client.post(URL, form)) == {"document_number": OTHER_DOCUMENT_SENTENCE}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", {"password1": "Ingrese la clave", "password2": "Reingrese la clave"}),
        (CLAVE, "", {"password2": "Reingrese la clave"}),
        ("", CLAVE, {"password1": "Ingrese la clave"}),
        (CLAVE, "Zorzal2027", {"password2": "Las claves no coinciden"}),
        (CLAVE, f"{CLAVE} ", {"password2": "Las claves no coinciden"}),
        ("Zorzal1", "Zorzal1", {"password1": CLAVE_LENGTH}),
        ("Zorzal2026XYZ", "Zorzal2026XYZ", {"password1": CLAVE_LENGTH}),
        ("ZorzalAzul", "ZorzalAzul", {"password1": CLAVE_DIGIT}),
        ("Zorzal", "Zorzal", {"password1": f"{CLAVE_LENGTH} {CLAVE_DIGIT}"}),
    ],
)
def test_each_problem_of_the_claves_is_told_beside_its_field(client, first, second, expected):
    response = client.post(URL, {**FORM, "password1": first, "password2": second})
    assert field_errors(response) == expected
    assert not created().exists()


def test_an_empty_form_names_every_field_once_in_the_order_of_the_screen(client):
    response = client.post(URL, {})
    assert [sentence for sentence, _ in summary(response)] == [
        "Seleccione el tipo de documento",
        "Ingrese el número de documento",
        "Ingrese los nombres",
        "Ingrese los apellidos",
        "Ingrese el usuario",
        "Ingrese la clave",
        "Reingrese la clave",
    ]


def test_every_line_of_the_summary_leads_to_its_field(client):
    response = client.post(URL, {"email": "juan"})
    page = soup(response)
    for sentence, target in summary(response):
        assert page.find(id=target)["name"] in field_errors(response)
        assert sentence in field_errors(response)[page.find(id=target)["name"]]
    assert page.title.text.startswith("Error: Datos del usuario – Paso 1 de 3")


def test_after_an_error_what_was_typed_stays_and_the_claves_do_not(client):
    response = client.post(URL, {**FORM, "document_number": "123"})
    page = soup(response)
    kept = {field: page.select_one(f"main [name={field}]") for field in PERSON}
    assert page.select_one("[name=document_type] [selected]")["value"] == "1"
    assert {
        field: control["value"] for field, control in kept.items() if control.name == "input"
    } == {
        **{field: FORM[field] for field in PERSON if field != "document_type"},
        "document_number": "123",
    }
    for name in ("password1", "password2"):
        clave = page.select_one(f"main [name={name}]")
        assert clave["type"] == "password"
        assert clave["autocomplete"] == "new-password"
        assert not clave.get("value")
    assert CLAVE not in response.content.decode()


def test_after_an_error_elsewhere_the_summary_asks_for_the_clave_again(client):
    response = client.post(URL, {**FORM, "document_number": "123"})
    assert summary(response) == [
        (DNI_SENTENCE, "id_document_number"),
        ("Vuelva a escribir la clave", "id_password1"),
    ]
    assert soup(response).find(id="id_password1")


def test_claves_that_were_not_typed_are_not_asked_for_again(client):
    response = client.post(URL, {**FORM, "password1": "", "password2": ""})
    assert "Vuelva a escribir la clave" not in [sentence for sentence, _ in summary(response)]


# Hostile values ----------------------------------------------------------------------------------

HOSTILE = {
    "empty": "",
    "blanks": " \t ",
    "too long": "A" * 5000,
    "a megabyte": "A" * MEGABYTE,
    "NUL": "JPERE\x00Z1",
    "control": "JPERE\x07Z1",
    "line break": "JPEREZ\r\nSet-Cookie: a=b",
    "escape": "\x1b[31mJPEREZ",
    "bidi": "JPEREZ\u202e10",
    "zero width": "JPERE\u200bZ1",
    "byte order mark": "\ufeffJPEREZ1",
    "Cyrillic": "JР\u0415REZ01",
    "Greek": "JΡEREZ01",
    "full width": "ＪＰＥＲＥＺ０１",
    "Arabic digits": "٩٠٠٠٠٠٠٢",
    "long s": "JPEREſ01",
    "emoji": "JPEREZ😀",
    "lone surrogate": "JPEREZ%ED%A0%80",
    "script": "<script>alert(1)</script>",
    "attribute": '" autofocus onfocus=alert(1) x="',
    "template": "{{ 7*7 }}{% now 'Y' %}",
    "SQL": "'; DROP TABLE users_user; --",
    "formula": "=1+1|cmd",
    "other type": "[object Object]",
}

# The little of it that the rules take: the correo may be left out, a password may hold any character,
# and a key that is none only fails to recognise the same form.
TAKEN = {
    "email": {"empty", "blanks"},
    "password1": {
        "control",
        "escape",
        "bidi",
        "zero width",
        "byte order mark",
        "Cyrillic",
        "Greek",
        "long s",
        "formula",
    },
    "creation_key": HOSTILE.keys(),
}


@pytest.mark.parametrize("field", [*FORM, "creation_key"])
def test_a_hostile_value_is_refused_beside_its_field(client, field):
    wrong = []
    for kind, value in HOSTILE.items():
        form = {**FORM, field: value}
        if field == "password1":
            form["password2"] = value
        with undone():
            response = client.post(URL, form)
            is_created = created().exists()
        is_taken = kind in TAKEN.get(field, ())
        if (is_created, response.status_code) != (is_taken, 302 if is_taken else 200):
            wrong.append((kind, is_created, response.status_code))
        elif not is_taken:
            page = soup(response)
            if not field_errors(response).get(field):
                wrong.append((kind, "no sentence beside the field"))
            # What was typed comes back as text: no element and no handler is made of it.
            if page.select("main script, main [onfocus], main [autofocus]"):
                wrong.append((kind, "markup"))
    assert wrong == []


# One stray character inside what would be right without it, or in place of one of its own.
STRAY = {
    "NUL": "\0",
    "bell": "\x07",
    "bidi": "\u202e",
    "zero width": "\u200b",
    "Cyrillic": "е",
    "full width": "ｅ",
    "emoji": "😀",
    "HTML": "<b>",
}


@pytest.mark.parametrize(
    ("field", "around"),
    [
        ("document_type", "1{}"),
        ("document_number", "9000{}002"),
        ("first_name", "Ana{} María"),
        ("last_name", "P{}rez"),
        ("email", "ana{}maria@empresa.pe"),
        ("username", "JPER{}Z01"),
        ("username", "JPERE{}Z01"),
    ],
)
def test_one_stray_character_is_enough_to_refuse_a_value(client, field, around):
    wrong = []
    for kind, stray in STRAY.items():
        response = client.post(URL, {**FORM, field: around.format(stray)})
        if response.status_code != 200 or list(field_errors(response)) != [field]:
            wrong.append((kind, response.status_code, field_errors(response)))
    assert wrong == []
    assert not created().exists()


@pytest.mark.parametrize("around", ["JPERE{}01", "{}PEREZ01", "JPEREZ0{}"])
def test_no_letter_becomes_another_one_by_being_raised(client, around):
    wrong = []
    for letter in ["ſ", "ı", "ß", "İ", "Ñ", "\u212a"]:
        response = client.post(URL, {**FORM, "username": around.format(letter)})
        sentence = WITHOUT_ACCENTS if letter == "Ñ" else USUARIO_SENTENCE
        if field_errors(response) != {"username": sentence}:
            wrong.append((letter, field_errors(response)))
    assert wrong == []
    assert not created().exists()


@pytest.mark.parametrize(
    "clave", ["Ñandú😀26", " Zorzal 26 ", "<b>Zorz</b>1", "\u202eZorzal26", "ｅZorzal26"]
)
def test_a_clave_may_hold_any_character_and_opens_the_door_as_typed(client, client_of, clave):
    client.post(URL, {**FORM, "password1": clave, "password2": clave})
    assert created().get().check_password(clave)
    response = client_of(None).post(
        "/ingresar/", {"ruc": RUC, "username": FORM["username"], "password": clave}
    )
    assert response.url == "/"


@pytest.mark.parametrize("field", FORM)
def test_a_field_that_is_missing_is_an_empty_one(client, field):
    form = {name: value for name, value in FORM.items() if name != field}
    response = client.post(URL, form)
    assert created().exists() == (field == "email")
    assert response.status_code == (302 if field == "email" else 200)


@pytest.mark.parametrize("field", FORM)
def test_a_field_sent_twice_is_not_an_error_of_ours(client, field):
    response = client.post(URL, {**FORM, field: [FORM[field], FORM[field]]})
    assert response.status_code == 302
    assert created().count() == 1


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"username": "JPEREZ01"}'),
        ("multipart/form-data; boundary=x", "--x\r\nbroken"),
        ("application/x-www-form-urlencoded; charset=utf-7", "username=+ADw-"),
        ("text/plain", "username=JPEREZ01"),
    ],
)
def test_a_body_that_is_no_form_creates_no_user(client, content_type, body):
    response = client.generic("POST", URL, body, content_type=content_type)
    assert response.status_code in (200, 400)
    assert not created().exists()


# Twice -------------------------------------------------------------------------------------------


def test_every_form_has_a_key_of_its_own(client):
    first, second = (
        soup(client.get(URL)).select_one("[name=creation_key]")["value"] for _ in range(2)
    )
    assert first
    assert first != second


def test_the_same_form_sent_twice_makes_one_user_and_ends_on_the_same_page(client):
    form = {**FORM, "creation_key": str(uuid4())}
    first, second = client.post(URL, form), client.post(URL, form)
    assert first.status_code == second.status_code == 302
    assert first.url == second.url
    assert created().count() == 1
    assert AuditEntry.objects.filter(action="user.created", subject=created().get()).count() == 1


def test_the_key_stays_in_the_form_after_an_error(client):
    key = str(uuid4())
    page = soup(client.post(URL, {**FORM, "creation_key": key, "username": "corto"}))
    assert page.select_one("[name=creation_key]")["value"] == key


def test_going_back_to_correct_the_usuario_and_sending_again_makes_a_second_user(client):
    key = str(uuid4())
    client.post(URL, {**FORM, "creation_key": key})
    other = {"username": "OTRA0001", "document_number": "90000003"}
    response = client.post(URL, {**FORM, **other, "creation_key": key})
    assert response.url == "/usuarios/nuevo/OTRA0001/"
    assert created().count() == 2


def test_another_form_with_a_taken_usuario_is_not_taken_for_the_same_one(client):
    client.post(URL, {**FORM, "creation_key": str(uuid4())})
    response = client.post(URL, {**FORM, "creation_key": str(uuid4())})
    assert field_errors(response) == {
        "username": "Ese usuario ya existe en su empresa. Elija otro",
        "document_number": "Este documento ya lo usa JPEREZ01 en su empresa",
    }


def test_the_same_form_in_another_operator_makes_its_own_user(client, client_of, stranger):
    """The key is looked for among the principal's own users only."""
    form = {**FORM, "creation_key": str(uuid4())}
    client.post(URL, form)
    client_of(stranger).post(URL, form)
    assert created().filter(username="JPEREZ01").count() == 2


# The password stays nowhere -------------------------------------------------------------------------


@pytest.mark.argon2
@pytest.mark.parametrize("change", [{}, {"document_number": "1"}, {"password2": "Zorzal2027"}])
def test_the_clave_is_in_no_session_log_record_audit_entry_or_page(
    client, caplog, change, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.DEBUG)
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(URL, {**FORM, **change}, follow=True)
    assert CLAVE not in response.content.decode()
    assert CLAVE not in caplog.text
    for session in Session.objects.all():
        assert CLAVE not in str(session.get_decoded())
    for table in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            assert CLAVE not in str(cursor.fetchall()), table


@pytest.mark.argon2
def test_an_audit_entry_holds_no_hash(client):
    client.post(URL, FORM)
    user = created().get()
    entry = AuditEntry.objects.get(action="user.created", subject=user)
    assert user.password not in str(entry.after)
    assert "password" not in entry.after


@pytest.mark.parametrize("form", [{}, {"email": "juan"}, {**FORM, "username": "corto"}])
def test_every_reference_between_the_elements_of_the_page_resolves(client, form):
    page = soup(client.post(URL, form))
    ids = [element["id"] for element in page.select("[id]")]
    assert len(ids) == len(set(ids))
    for element in page.select("main [aria-describedby]"):
        assert set(element["aria-describedby"].split()) <= set(ids)
    for label in page.select("main label"):
        assert label["for"] in ids
    in_error = {control["name"] for control in page.select("main [aria-invalid=true]")}
    assert in_error == {
        part["id"].removeprefix("div_id_") for part in page.select("main .field-error")
    }
    assert in_error


def test_a_principals_clave_does_not_matter_here(client, principal):
    """The password of the new user is not asked of, nor given to, the one who creates it."""
    client.post(URL, FORM)
    principal.refresh_from_db()
    assert principal.check_password(PASSWORD)
