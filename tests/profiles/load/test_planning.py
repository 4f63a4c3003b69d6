"""What each row of a file would do, and its problems."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.templates import save_template
from profiles.load import values
from profiles.load.planning import Planner
from profiles.models import AccessTemplate, Option, Outcome, Role
from tests.conftest import RUC, acting
from tests.profiles.load.conftest import as_csv, as_xlsx, new_user, read, table
from users.actions import accounts
from users.models import User
from users.validators import DocumentType

LEAF, OTHER_LEAF = "90.1.1.1.1", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def plan_row(operator):
    """plan_row(person) returns what a file with that one row would do."""

    def make(person, content=as_csv):
        sheet = read(content(*table(person)))
        (planned,) = Planner(operator, sheet.columns).plan(sheet.rows)
        return planned

    return make


def problem(planned) -> tuple[str, str]:
    ((column, _, sentence, _),) = planned.problems
    return column, sentence


def test_an_unknown_usuario_is_created(plan_row):
    planned = plan_row(new_user(1, Opciones=f"{LEAF}, {OTHER_LEAF}", Roles=ROLE))
    assert planned.outcome == Outcome.CREATE
    assert planned.before == {}
    assert planned.after == {
        "document_type": "1",
        "document_number": "90001001",
        "first_name": "Ana",
        "last_name": "Ficticia",
        "email": "",
        "valid_from": "",
        "valid_until": "",
        "state": "active",
        "options": [OTHER_LEAF, LEAF],
        "roles": [ROLE],
    }


def test_an_existing_user_is_changed_in_the_columns_of_the_file(plan_row, secondary):
    planned = plan_row({"Usuario": "JPEREZ01", "Nombres": "Juana", "Estado": "Suspendido"})
    assert planned.outcome == Outcome.CHANGE
    assert planned.before == {"first_name": "Juan", "state": "active"}
    assert planned.after == {"first_name": "Juana", "state": "suspended"}


def test_a_user_that_equals_its_row_is_unchanged(subtests, plan_row, secondary):
    for person in [{}, {"Estado": "activo"}, {"Correo": ""}, {"Opciones": ""}]:
        with subtests.test(person=person):
            planned = plan_row({"Usuario": "JPEREZ01"} | person)
            assert (planned.outcome, planned.before, planned.after) == (Outcome.UNCHANGED, {}, {})


def test_an_empty_cell_clears_a_fact_and_an_absent_column_does_not(plan_row, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[LEAF], seen=[])
    assert plan_row({"Usuario": "JPEREZ01", "Roles": ""}).outcome == Outcome.UNCHANGED
    assert plan_row({"Usuario": "JPEREZ01", "Opciones": ""}).after == {"options": []}


def test_a_template_gives_its_options_and_roles_besides_the_named_ones(plan_row, principal):
    save_template(actor=acting(principal), name="De siempre", options=[LEAF], roles=[ROLE])
    planned = plan_row(new_user(1, Plantilla="de siempre", Opciones=OTHER_LEAF))
    assert (planned.after["options"], planned.after["roles"]) == ([OTHER_LEAF, LEAF], [ROLE])


def test_codes_of_a_template_that_are_no_longer_offered_are_left_out(plan_row, principal):
    save_template(
        actor=acting(principal), name="De siempre", options=[LEAF, OTHER_LEAF], roles=[ROLE]
    )
    Option.objects.filter(code=LEAF).update(is_retired=True)
    Role.objects.filter(code=ROLE).update(is_retired=True)
    planned = plan_row(new_user(1, Plantilla="De siempre"))
    assert (planned.after["options"], planned.after["roles"]) == ([OTHER_LEAF], [])


def test_a_day_is_read_in_each_notation(plan_row):
    planned = plan_row(new_user(1, Desde="2026-01-02", Hasta="31/12/2026"))
    assert (planned.after["valid_from"], planned.after["valid_until"]) == (
        "2026-01-02",
        "2026-12-31",
    )


def test_a_day_of_excel_is_a_day(plan_row):
    planned = plan_row(new_user(1, Hasta=date(2026, 12, 31)), as_xlsx)
    assert planned.after["valid_until"] == "2026-12-31"


ERRORS = [
    ({"Usuario": ""}, "Usuario", "Ingrese el usuario"),
    ({"Usuario": "CORTO"}, "Usuario", "El usuario debe tener 8 caracteres, solo letras y números"),
    (
        {"Usuario": f"{RUC}NUEVO001"},
        "Usuario",
        "Escriba solo el usuario, sin el RUC: al ingresar, el RUC va en su propio campo",
    ),
    ({"Usuario": "TITULAR1"}, "Usuario", "Es el usuario principal: la carga es de usuarios secundarios"),
    ({"Tipo de documento": ""}, "Tipo de documento", "Seleccione el tipo de documento"),
    ({"Tipo de documento": "Brevete"}, "Tipo de documento", "Escriba uno de estos: DNI, Carné de extranjería, Pasaporte, Cédula diplomática de identidad, Documento de identidad de otro país, TAM, PTP, Salvoconducto, CPP, Carné de identidad de relaciones exteriores"),
    ({"Número de documento": ""}, "Número de documento", "Ingrese el número de documento"),
    ({"Número de documento": "123"}, "Número de documento", "El DNI debe tener 8 dígitos"),
    ({"Número de documento": "90000001"}, "Número de documento", "Este documento ya lo usa TITULAR1 en su empresa"),
    ({"Nombres": ""}, "Nombres", "Ingrese los nombres"),
    ({"Nombres": "=1+1"}, "Nombres", "Los nombres solo pueden tener letras, espacios, guion, punto y apóstrofo"),
    ({"Apellidos": "R2D2"}, "Apellidos", "Los apellidos solo pueden tener letras, espacios, guion, punto y apóstrofo"),
    ({"Correo": "no es"}, "Correo electrónico", "Ingrese un correo con el formato nombre@empresa.pe"),
    ({"Clave": "corta"}, "Clave", "La clave debe tener entre 8 y 12 caracteres. La clave debe incluir al menos un número"),
    ({"Estado": "Dormido"}, "Estado", "Escriba Activo, Suspendido o Eliminado"),
    ({"Estado": "Eliminado"}, "Estado", "En su empresa no hay un usuario con ese nombre"),
    ({"Desde": "ayer"}, "Vigente desde", "Ingrese una fecha como 31/12/2026"),
    ({"Desde": "2027-01-01", "Hasta": "2026-01-01"}, "Vigente hasta", "La fecha de fin es anterior a la de inicio"),
    ({"Plantilla": "Ninguna"}, "Plantilla", "En su empresa no hay una plantilla con ese nombre"),
    ({"Opciones": "90.1"}, "Opciones", "No se ofrece a su empresa. Los códigos están en Accesos"),
    ({"Roles": "NSIGAD.TRANSPORTISTA.TRANSMISOR"}, "Roles", "No se ofrece a su empresa. Los códigos están en Accesos"),
]  # fmt: skip


def test_an_error_says_the_column_and_what_to_do(subtests, plan_row):
    for cells, column, sentence in ERRORS:
        with subtests.test(cells=cells, column=column, sentence=sentence):
            planned = plan_row(new_user(1) | cells)
            assert planned.outcome == Outcome.ERROR
            assert problem(planned) == (column, sentence)


DOCUMENT_WORDS = {
    "1": "DNI|dni|Dni |D.N.I.|DOC. NACIONAL DE IDENTIDAD|documento nacional de identidad|L.E. / DNI|1|01|01 - DNI|1.0|Documento Nacional de Identidad (DNI)|DNI (Documento Nacional de Identidad)|DNI N°|D.N.I. Nº|DNI Nro.|DNI Núm.",
    "4": "CARNET DE EXTRANJERIA|Carnet de Extranjería|CE|C.E.|CARNÉ EXT.|4|04|4 - Carné de extranjería|4.0|Carné de Extranjería (CE)|Carnet de extranjería (C.E.)|C. Extranjería|C. EXT.|Carnet extranj.|CE N°",
    "7": "PASAPORTE|pasaporte|PAS|PAS.|Pasap.|PASS|Pasaporte N°|Pasaporte (PAS)|7|07|7.0",
    "A": "CED. DIPLOMATICA DE IDENTIDAD|Cédula diplomática de identidad|A|a|0A",
    "B": "DOC.IDENT.PAIS.RESIDENCIA-NO.D|DOC. DE IDENTIDAD EXTRANJERO|Documento de identidad de otro país|B|24",
    "E": "TAM|TAM- Tarjeta Andina de Migración|E",
    "F": "PTP|P.T.P.|PERM.TEMP.PERMANENCIA|Permiso Temporal de Permanencia - PTP|Permiso Temporal de Permanencia (PTP)|Carné PTP|F|23|23.0",
    "G": "Salvoconducto|SALVOCONDUCTO|G",
    "H": "CPP|Carné Permiso Temp.Perman. - CPP|CARNÉ DE PERMISO TEMP DE PERMANENCIA|Carné CPP|H|26",
    "22": "CARNÉ DE IDENTIDAD - RELACIONES EXTERIORES|C.IDENT.-RREE|CARNÉ IDENT. RREE|carne de identidad de relaciones exteriores|22",
    "": "RUC|6|06|Brevete|0|.|-|Carné|Cédula|DNI 4|DNI (CE)|DNI (Perú)|N°|1.1|1.00.0|(",
}  # fmt: skip


def test_the_words_of_the_authority_for_a_document_are_understood():
    found = {
        word: values.document_type(word)
        for words in DOCUMENT_WORDS.values()
        for word in words.split("|")
    }
    assert found == {
        word: kind for kind, words in DOCUMENT_WORDS.items() for word in words.split("|")
    }


CORRECTIONS = [
    ("Número de documento", "1234567", "01234567", "document_number"),
    ("Número de documento", " 9000 1001 ", "90001001", "document_number"),
    ("Nombres", "  Ana   María ", "Ana María", "first_name"),
    ("Apellidos", "O’Higgins", "O'Higgins", "last_name"),
    ("Correo", " ana@empresa.pe ", "ana@empresa.pe", "email"),
]


def test_a_certain_correction_is_made_with_a_notice(subtests, plan_row):
    for heading, given, kept, fact in CORRECTIONS:
        with subtests.test(heading=heading, given=given, kept=kept, fact=fact):
            planned = plan_row(new_user(1) | {heading: given})
            assert planned.outcome == Outcome.CREATE
            assert planned.after[fact] == kept
            ((_, value, _, corrected),) = planned.notices
            assert (value, corrected) == (given, kept)


def test_an_expiry_in_the_past_is_told_unless_it_stays(plan_row, secondary, principal):
    (notice,) = plan_row(new_user(1, Hasta="01/01/1900")).notices
    assert notice[:3] == [
        *("Vigente hasta", "01/01/1900", "Ya pasó: con esta fecha no podrá ingresar")
    ]
    User.objects.filter(pk=secondary.pk).update(valid_until=date(1900, 1, 1))
    planned = plan_row({"Usuario": "JPEREZ01", "Hasta": "01/01/1900"})
    assert (planned.outcome, planned.notices) == (Outcome.UNCHANGED, [])
    assert plan_row(new_user(1, Hasta="31/12/2999")).notices == []


def test_a_card_of_migraciones_with_few_digits_is_told(plan_row):
    for kind, number, is_told in (
        ("CE", "1234567", True),
        ("PTP", "12345678", True),
        ("CPP", "001234567", False),
        ("CE", "AB12345", False),
        ("Pasaporte", "1234567", False),
    ):
        cells = {"Tipo de documento": kind, "Número de documento": number}
        planned = plan_row(new_user(1) | cells)
        assert (planned.outcome, bool(planned.notices)) == (Outcome.CREATE, is_told), kind


def test_a_document_typed_as_a_number_is_told(plan_row):
    cells = {"Tipo de documento": "Pasaporte", "Número de documento": 1234567}
    planned = plan_row(new_user(1) | cells, as_xlsx)
    assert (planned.outcome, planned.after["document_number"]) == (Outcome.CREATE, "1234567")
    ((column, value, sentence, _),) = planned.notices
    assert (column, value) == ("Número de documento", "1234567")
    assert "si empezaba con ceros, Excel los quitó" in sentence


def test_a_stored_name_with_strange_letters_stays(plan_row, secondary):
    User.objects.filter(pk=secondary.pk).update(last_name="MUÃ'OZ")
    planned = plan_row({"Usuario": "JPEREZ01", "Apellidos": "MUÃ'OZ", "Nombres": "Juan"})
    assert planned.outcome == Outcome.UNCHANGED


def test_the_leading_zero_that_excel_removed_is_restored(plan_row):
    planned = plan_row(new_user(1) | {"Número de documento": 1234567}, as_xlsx)
    assert planned.after["document_number"] == "01234567"


def test_a_usuario_in_lower_case_is_corrected_with_a_notice(plan_row, secondary):
    planned = plan_row({"Usuario": " jperez01", "Nombres": "Juan"})
    assert (planned.outcome, planned.username) == (Outcome.UNCHANGED, "JPEREZ01")
    assert planned.notices == [["Usuario", " jperez01", "Se corrigió", "JPEREZ01"]]


def test_a_dni_that_lacks_more_than_one_digit_is_only_proposed(plan_row):
    ((_, _, sentence, corrected),) = plan_row(
        new_user(1) | {"Número de documento": "12345"}
    ).problems
    assert (sentence, corrected) == ("El DNI debe tener 8 dígitos", "00012345")


def test_a_dni_is_proposed_only_if_two_or_three_digits_are_missing():
    proposals = {"1234": "", "12345": "00012345", "123456": "00123456", "12345X": ""}
    assert {
        text: values.probable_document_number(text, DocumentType.DNI) for text in proposals
    } == proposals
    assert values.probable_document_number("12345", DocumentType.PASSPORT) == ""


def test_a_corrected_dni_must_be_unique_too(plan_row, make_secondary):
    make_secondary("CEROS001", "01234567")
    planned = plan_row(new_user(1) | {"Número de documento": "1234567"})
    assert problem(planned) == (
        "Número de documento",
        "Este documento ya lo usa CEROS001 en su empresa",
    )


def test_a_passport_keeps_its_seven_digits(plan_row):
    planned = plan_row(
        new_user(1) | {"Tipo de documento": "Pasaporte", "Número de documento": "1234567"}
    )
    assert (planned.after["document_number"], planned.notices) == ("1234567", [])


def test_the_password_of_an_existing_user_is_kept_with_a_notice(plan_row, secondary):
    planned = plan_row({"Usuario": "JPEREZ01", "Clave": "Distinta1"})
    assert planned.outcome == Outcome.UNCHANGED
    ((column, value, sentence, _),) = planned.notices
    assert (column, value) == ("Clave", "")
    assert "Restablecer clave" in sentence


def test_a_password_that_breaks_the_rule_is_not_quoted(plan_row):
    planned = plan_row(new_user(1, Clave="secretoso"))
    assert "secretoso" not in repr(planned)


def test_a_password_with_unseen_characters_is_noted_and_not_quoted(plan_row):
    for clave in (" Zorzal77", "Zorzal77\t", "\u00a0Zorzal77"):
        planned = plan_row(new_user(1, Clave=clave))
        ((column, value, sentence, _),) = planned.notices
        assert (planned.outcome, column, value) == (Outcome.CREATE, "Clave", "")
        assert sentence.startswith("La clave empieza o termina con un espacio")


def test_a_password_that_no_field_can_send_is_refused(plan_row, secondary):
    for clave in ("Zorzal\n77", "Zorzal77\r\n"):
        column, sentence = problem(plan_row(new_user(1, Clave=clave)))
        assert (column, "salto de línea" in sentence) == ("Clave", True)
    # The password of an existing user is not read.
    planned = plan_row({"Usuario": "JPEREZ01", "Clave": "Zorzal77\n"})
    assert planned.outcome == Outcome.UNCHANGED


def test_the_same_usuario_or_document_twice_names_the_first_row(plan):
    rows = plan(new_user(1), new_user(1), new_user(3, **{"Número de documento": "90001001"})).rows
    assert [row.problems for row in rows.all()] == [
        [],
        [
            ["Usuario", "NUEVO001", "Ya está en la fila 2", ""],
        ],
        [
            [
                "Número de documento",
                "90001001",
                "El mismo documento está en la fila 2",
                "",
            ]
        ],
    ]


def test_a_usuario_of_another_operator_is_free(plan_row, strangers_secondary):
    planned = plan_row(new_user(1, Usuario="AJENO001") | {"Número de documento": "90000003"})
    assert planned.outcome == Outcome.CREATE


def test_a_template_of_another_operator_is_unknown(plan_row, stranger):
    save_template(actor=acting(stranger), name="Ajena", options=[OTHER_LEAF], roles=[])
    assert problem(plan_row(new_user(1, Plantilla="Ajena")))[0] == "Plantilla"


@pytest.fixture
def templates(principal):
    """Two templates whose names differ in an accent and in case."""
    save_template(actor=acting(principal), name="Gestión", options=[LEAF], roles=[])
    save_template(actor=acting(principal), name="Gestion", options=[OTHER_LEAF], roles=[])


@pytest.mark.parametrize(("name", "options"), [("Gestión", [LEAF]), ("Gestion", [OTHER_LEAF])])
def test_a_template_with_the_exact_name_wins(plan_row, templates, name, options):
    assert plan_row(new_user(1, Plantilla=name)).after["options"] == options


def test_a_name_that_fits_two_templates_is_refused(plan_row, templates):
    assert problem(plan_row(new_user(1, Plantilla="GESTION"))) == (
        "Plantilla",
        "Hay más de una plantilla con ese nombre. Escriba sus opciones y sus roles",
    )


def test_a_template_of_ones_own_and_a_ready_made_one_of_the_same_name_are_two(plan_row, principal):
    kind = principal.operator.operator_types.first()
    AccessTemplate.objects.create(operator_type=kind, name="Despacho")
    assert plan_row(new_user(1, Plantilla="Despacho")).outcome == Outcome.CREATE
    save_template(actor=acting(principal), name="Despacho", options=[LEAF], roles=[])
    assert problem(plan_row(new_user(1, Plantilla="Despacho")))[0] == "Plantilla"


def test_an_option_that_is_held_and_no_longer_offered_may_stay(plan_row, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[ROLE], seen=[])
    Role.objects.filter(pk=ROLE).update(is_retired=True)
    assert plan_row({"Usuario": "JPEREZ01", "Roles": ROLE}).outcome == Outcome.UNCHANGED


def test_an_eliminated_user_stays_eliminated(plan_row, principal, secondary):
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    assert plan_row({"Usuario": "JPEREZ01", "Estado": "Eliminado"}).outcome == Outcome.UNCHANGED


def test_eliminating_changes_nothing_else(plan_row, secondary):
    planned = plan_row({"Usuario": "JPEREZ01", "Estado": "Eliminado", "Nombres": "Otra"})
    assert planned.after == {"state": "eliminated"}


def test_a_plan_costs_the_same_queries_for_one_row_and_for_five_hundred(operator):
    costs = []
    for people in ([new_user(0)], [new_user(number) for number in range(500)]):
        sheet = read(as_csv(*table(*people)))
        with CaptureQueriesContext(connection) as queries:
            planned = list(Planner(operator, sheet.columns).plan(sheet.rows))
        assert len(planned) == len(people)
        costs.append(len(queries))
    assert costs[0] == costs[1]
