"""A file of exercises is checked whole: each problem is named with its place, and nothing is loaded."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from profiles.access.expectations import ExpectationsError
from profiles.actions.exercises import load_exercises
from profiles.models import Exercise, Role
from tests.administration import allow, errors
from tests.calls import EXERCISES, file_of
from tests.conftest import acting, soup
from users.models import AuditEntry, User

OPEN, FREE = "90.1.1.1.1", "11.9.1.1.1"
LIST, IMPORT, EXPORT = (f"/admin/profiles/exercise/{end}" for end in ("", "add/", "practicas.toml"))
FIRST = "exercises[0]"
OFFER = "(AGENTE_ADUANA)"
CANNOT_OPEN = f"{FIRST}: No se puede lograr. ANUEVA01 no puede usar «Numeración de la declaración»."
CANNOT_FREE = f"{FIRST}: No se puede lograr. ANUEVA01 no puede usar «Servicio Web»."


@pytest.fixture
def problems_of(small_catalog, staff):
    """problems_of(text) are the sentences of the refusal of a file."""

    def refused(text: str) -> list[str]:
        with pytest.raises(ExpectationsError) as refusal:
            load_exercises(actor=acting(staff), file=file_of(text))
        assert not Exercise.objects.exists()
        return str(refusal.value).split("\n")

    return refused


@pytest.fixture
def make_staff(db, client_of):
    """make_staff(*permissions) is the browser of a member of staff with these permissions."""

    def make(*codenames: str):
        user = User.objects.create_user(f"persona{len(codenames)}{codenames[0]}", is_staff=True)
        return client_of(allow(user, *codenames))

    return make


# What is written instead of what, and the problems.
WRONG = [
    ("[[exercises]]", "[[practicas]]", ["No se conoce «practicas». Puede llevar: exercises.", "exercises: Debe ser una lista."]),
    ("title = ", "titulo = ", [f"{FIRST}: No se conoce «titulo»", f"{FIRST}.title: Este campo no puede estar vacío."]),
    ('code = "de-prueba"', "", [f"{FIRST}: Falta «code».", f"{FIRST}.code: Este campo no puede estar vacío."]),
    ('"de-prueba"', '"De Prueba"', [f"{FIRST}.code: Solo lleva letras sin tilde, números y guiones."]),
    ("points = 10", "points = 0", [f"{FIRST}.points: Asegúrese de que este valor es mayor o igual a 1."]),
    ("points = 10", 'points = "diez"', [f"{FIRST}.points: Debe ser un número entero."]),
    ("points = 10", "points = inf", [f"{FIRST}.points: Debe ser un número entero."]),
    ("points = 10", "points = true", [f"{FIRST}.points: Debe ser un número entero."]),
    ("points = 10", 'points = 10\nextra_cost = ""', [f"{FIRST}.extra_cost: Debe ser un número entero."]),
    ("points = 10", 'points = 10\nis_retired = "f"', [f"{FIRST}.is_retired: Debe ser true o false."]),
    ('"De prueba"', "[]", [f"{FIRST}.title: Debe ser un texto."]),
    ('"De prueba"', '"  "', [f"{FIRST}.title: Está vacío o tiene caracteres que no se ven."]),
    ('"Dele a ANUEVA01 las dos opciones."', '" "', [f"{FIRST}.brief: El enunciado está vacío."]),
    ("activation_delay = 24", "activation_delay = 7", [f"{FIRST}.activation_delay: Puede ser: 0, 1, 24, 48."]),
    ('"Una.", "Otra."', '"Una.", " "', [f"{FIRST}.hints[1]: Está vacío o tiene caracteres que no se ven."]),
    ('"AGENTE_ADUANA"', '"NOTARIO"', [f"{FIRST}.operator_types[0]: No existe el tipo de operador «NOTARIO»."]),
    ('"Una.", "Otra."', '"Una.", "Una."', [f"{FIRST}.hints[1]: Una. está dos veces. Deje una."]),
    ("las dos opciones.", "las opciones el {lunes}.", [f"{FIRST}.brief: Entre llaves solo va {{hoy}} o un día como {{dia:7}}."]),
    ("Dele a", r"Dele\u0000 a", [f"{FIRST}.brief: Hay caracteres que no se ven."]),
    ("with_roles = true", 'with_roles = "sí"', [f"{FIRST}.people[0].with_roles: Debe ser true o false."]),
    ('options = ["90.1.1.1.1"]', 'options = ["90.9"]', [f"{FIRST}.people[0].options[0]: No existe la opción «90.9»."]),
    ('last_name = "Nueva"', "", [f"{FIRST}.people[0].last_name (ANUEVA01): Ingrese los apellidos"]),
    ("can = [", "puede = [", [f"{FIRST}.goal[0] (ANUEVA01): No se conoce «puede»."]),
    # Each row is right; what they ask for is not.
    ('"90000080"', '"900"', [f"{FIRST}.people[0].document_number (ANUEVA01): El DNI debe tener 8 dígitos"]),
    ('"90000080"', '"90000001"', [f"{FIRST} (ANUEVA01): Otro usuario tiene ya ese usuario o ese documento."]),
    ('"ANUEVA01"', '"TITULAR1"', [f"{FIRST} (TITULAR1): Otro usuario tiene ya ese usuario o ese documento."]),
    ('"ANUEVA01"', '"CORTO"', [f"{FIRST}.people[0].username (CORTO): El usuario debe tener 8 caracteres"]),
    ('"AGENTE_ADUANA"', '"TRANSPORTISTA"', [f"{FIRST}: No se ofrece {OPEN}. (TRANSPORTISTA)"]),
    ("activation_delay = 24", 'untouched = ["OTRA0001"]', [f"{FIRST} (OTRA0001): No se prepara: no puede quedar como estaba."]),
    ('state = "active"', 'state = "suspended"', [f"{CANNOT_OPEN} ANUEVA01 está suspendido y no puede ingresar. {OFFER}", f"{CANNOT_FREE} ANUEVA01 está suspendido"]),
    (f'can = ["{OPEN}", ', f'roles = []\ncan = ["{OPEN}", ', [f"{CANNOT_OPEN} ANUEVA01 no tiene ninguno de los roles"]),
    (f'can = ["{OPEN}", ', f'roles = ["NSIGAD.TRANSPORTISTA.TRANSMISOR"]\ncan = ["{OPEN}", ', [f"{FIRST}: No se ofrece NSIGAD.TRANSPORTISTA.TRANSMISOR. {OFFER}"]),
    (f'options = ["{OPEN}", "{FREE}"]', f'options = ["{FREE}"]', [f"{CANNOT_OPEN} ANUEVA01 no tiene asignada"]),
    (f'can = ["{OPEN}", "{FREE}"]', f'cannot = [{{ option = "{FREE}", reason = "role_missing" }}]', [f"{FIRST}.goal[0] (ANUEVA01): Aquí «cannot» no lleva motivo."]),
    ('"ANUEVA01"\nstate = "active"', '"OTRA0001"\nstate = "active"', [f"{FIRST} (OTRA0001): No está entre «people»."]),
    (f'can = ["{OPEN}", "{FREE}"]', f'can = ["{OPEN}", {{ option = "{FREE}", at = "24h" }}]', [f"{FIRST} (ANUEVA01): Con demora, «at» depende de la hora"]),
    # A grant would touch the user.
    ("activation_delay = 24", 'untouched = ["ANUEVA01"]', [f"{FIRST}: No se puede lograr. ANUEVA01 está Suspendido, y debería estar Activo.", f"{CANNOT_OPEN} ANUEVA01 está suspendido", f"{CANNOT_FREE} ANUEVA01 está suspendido"]),
    ('state = "active"', "", [f"{FIRST}.goal[0] (ANUEVA01): Falta «state»."]),
    (f'can = ["{OPEN}", "{FREE}"]', f'can = ["{OPEN}", {{ option = "{FREE}", at = "36h" }}]', [f"{FIRST}.goal[0] (ANUEVA01): Aquí «at» va en días enteros."]),
    (f'state = "active"\noptions = ["{OPEN}", "{FREE}"]\ncan = ["{OPEN}", "{FREE}"]', 'state = "suspended"', [f"{FIRST}: Se cumple sin hacer nada. {OFFER}"]),
]  # fmt: skip


def test_each_problem_of_a_file_is_named_with_its_place(problems_of, subtests):
    for old, new, expected in WRONG:
        with subtests.test(new=new or old):
            assert old in EXERCISES
            found = problems_of(EXERCISES.replace(old, new))
            assert len(found) == len(expected), found
            for sentence, beginning in zip(found, expected, strict=True):
                assert sentence.startswith(beginning)


def test_what_happened_is_about_a_user_of_the_exercise_and_an_action_on_one(problems_of):
    def refused(happened: str) -> list[str]:
        return problems_of(EXERCISES.replace("points", f"happened = {happened}\npoints"))

    assert refused('{ OTRA0001 = "user.password_reset" }') == [
        f"{FIRST} (OTRA0001): No está entre «people»."
    ]
    assert refused('{ ANUEVA01 = "operator.closed" }') == [
        f"{FIRST}.happened.ANUEVA01: No existe la acción «operator.closed»."
    ]
    assert refused('["ANUEVA01"]')[0].startswith(f"{FIRST}.happened: Debe ser una tabla")


def test_an_option_is_open_in_one_span_of_days(problems_of):
    text = EXERCISES.replace("activation_delay = 24", "").replace(
        f'can = ["{OPEN}", "{FREE}"]',
        f'can = ["{FREE}", {{ option = "{FREE}", at = "3d" }}]\n'
        f'cannot = [{{ option = "{FREE}", at = "2d" }}]',
    )
    assert problems_of(text)[0].startswith(f"{FIRST}: No se puede lograr. El ")


def test_two_exercises_of_one_code_and_what_is_no_file_of_exercises_are_refused(problems_of):
    assert problems_of(EXERCISES * 2) == [
        "exercises[1]: El código de-prueba ya está en exercises[0]."
    ]
    assert problems_of("exercises = []") == ["exercises: La lista está vacía."]
    assert problems_of("exercises = [7]")[0] == f"{FIRST}: Debe ser una tabla con «code»."
    assert problems_of("code =")[0].startswith("El archivo no es TOML válido")


def test_two_goals_of_one_user_are_named_with_their_place_and_the_other_problems(problems_of):
    goal = EXERCISES[EXERCISES.index("[[exercises.goal]]") :]
    assert problems_of(EXERCISES.replace("points = 10", "points = 0") + goal) == [
        f"{FIRST}.goal[1] (ANUEVA01): El usuario ya está en {FIRST}.goal[0].",
        f"{FIRST}.points: Asegúrese de que este valor es mayor o igual a 1.",
    ]


def test_a_type_whose_roles_are_retired_is_a_type(problems_of):
    Role.objects.filter(operator_type="AGENTE_ADUANA").update(is_retired=True)
    assert problems_of(EXERCISES)[0].startswith(CANNOT_OPEN)
    # An exercise without types is for each of them.
    found = problems_of(EXERCISES.replace('operator_types = ["AGENTE_ADUANA"]', ""))
    assert any(sentence.startswith(CANNOT_OPEN) for sentence in found)
    Role.objects.all().delete()
    assert "(TRANSPORTISTA)" in problems_of(EXERCISES.replace("AGENTE_ADUANA", "TRANSPORTISTA"))[0]


def test_all_problems_of_a_file_are_named_at_once(problems_of):
    text = EXERCISES.replace("points = 10", "points = 0") + EXERCISES.replace(OPEN, "90.9")
    assert [sentence.split(":")[0] for sentence in problems_of(text)] == [
        "exercises[0].points",
        "exercises[1].people[0].options[0]",
        "exercises[1].goal[0].options[0] (ANUEVA01)",
        "exercises[1].goal[0].can[0] (ANUEVA01)",
        "exercises[1]",
    ]
    # What cannot be done is named with what cannot be read.
    impossible = EXERCISES.replace("de-prueba", "otra").replace('can = ["', 'roles = []\ncan = ["')
    found = problems_of(EXERCISES.replace("points = 10", "points = 0") + impossible)
    assert [sentence.split(":")[0] for sentence in found] == [
        "exercises[0].points",
        "exercises[1]",
    ]


def test_what_is_wrong_for_each_type_is_said_once(problems_of):
    text = EXERCISES.replace('operator_types = ["AGENTE_ADUANA"]', "")
    text = text.replace(f'options = ["{OPEN}"]\n', "").split('state = "active"')[0]
    (sentence,) = problems_of(text + 'state = "suspended"\n')
    assert sentence.startswith(f"{FIRST}: Se cumple sin hacer nada. (")
    assert {"TRANSPORTISTA", "AGENTE_ADUANA"} <= {*sentence.split("(")[1].strip(")").split(", ")}


def test_loading_changes_what_the_file_names_and_leaves_the_rest(small_catalog, staff):
    def load(text: str) -> list[str]:
        return load_exercises(actor=acting(staff), file=file_of(text))

    both = EXERCISES + EXERCISES.replace("de-prueba", "otra")
    assert load(both) == ["de-prueba", "otra"]
    assert load(both) == []
    changed = EXERCISES.replace('"De prueba"', '"Primera"\nis_retired = true')
    assert load(changed) == ["de-prueba"]
    assert [(row.title, row.is_retired) for row in Exercise.objects.all()] == [
        ("Primera", True),
        ("De prueba", False),
    ]
    codes = [entry.after["codes"] for entry in AuditEntry.objects.filter(action="exercises.loaded")]
    assert codes == [["de-prueba"], ["de-prueba", "otra"]]


# The administration -------------------------------------------------------------------------------


def upload(client, text: str):
    file = SimpleUploadedFile("practicas.toml", text.encode())
    return client.post(IMPORT, {"file": file}, follow=True)


def test_staff_imports_a_file_and_what_is_downloaded_changes_nothing(
    small_catalog, staff, client_of
):
    client = client_of(staff)
    assert "Prácticas nuevas o cambiadas: de-prueba." in upload(client, EXERCISES).content.decode()
    entry = AuditEntry.objects.get(action="exercises.loaded")
    assert (entry.actor, entry.after) == (staff, {"codes": ["de-prueba"]})
    assert "De prueba" in client.get(LIST).content.decode()
    downloaded = client.get(EXPORT).content.decode()
    # It says what its keys mean.
    assert re.search("^#   goal +lo que debe ser cierto al final", downloaded, re.MULTILINE)
    assert "cambiadas: ninguna." in upload(client, downloaded).content.decode()


def test_an_import_with_problems_names_them_and_loads_nothing(small_catalog, staff, client_of):
    client = client_of(staff)
    response = upload(client, EXERCISES.replace("points = 10", "points = 0"))
    assert errors(response)["file"] == [
        f"{FIRST}.points: Asegúrese de que este valor es mayor o igual a 1."
    ]
    assert errors(client.post(IMPORT, {}))["file"] == ["Elija el archivo"]
    assert not Exercise.objects.exists()


def test_importing_needs_the_permissions_to_add_and_to_change(small_catalog, make_staff):
    reader = make_staff("view_exercise")
    assert reader.get(LIST).status_code == 200
    assert reader.get(IMPORT).status_code == 403
    assert make_staff("view_user").get(EXPORT).status_code == 403
    # A file also changes the exercises that are there.
    assert make_staff("add_exercise").get(IMPORT).status_code == 403
    importer = make_staff("add_exercise", "change_exercise")
    page = soup(importer.get(IMPORT))
    assert importer.get(page.select_one("#content a")["href"]).status_code == 200
