"""Expectations of access as a document: what it may say, and each problem of one that is wrong."""

import io
import json
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.access.expectations import (
    MAX_USERS,
    Catalogue,
    ExpectationsError,
    ExpectedUser,
    ExpectedVerdict,
    read,
    read_file,
    toml_of,
)
from profiles.access.reasons import Reason
from profiles.tables import toml_text
from users.models import User

A, B, C = "90.1.1.1.1", "11.9.1.1.1", "90.1.2.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
WHOLE = {
    "username": "JPEREZ01",
    "state": "active",
    "options": [A, B],
    "roles": [ROLE],
    "can": [A, {"option": B, "at": "24h"}],
    "cannot": [C, {"option": B, "reason": "locked"}, {"option": A, "at": "30d"}],
}
STATES = "active, suspended, eliminated"
REASONS = ", ".join(reason.code for reason in Reason)


@pytest.fixture
def catalogue(small_catalog) -> Catalogue:
    return Catalogue.current()


def problems(document: object, catalogue: Catalogue) -> list[str]:
    with pytest.raises(ExpectationsError) as refused:
        read(document, catalogue)
    return str(refused.value).splitlines()


def test_a_document_says_what_is_expected_of_each_user(catalogue):
    assert read({"users": [WHOLE, {"username": "CVALDEZ1"}]}, catalogue) == (
        ExpectedUser(
            username="JPEREZ01",
            state=User.State.ACTIVE,
            options=(A, B),
            roles=(ROLE,),
            verdicts=(
                ExpectedVerdict(A, is_permitted=True),
                ExpectedVerdict(B, is_permitted=True, at="24h"),
                ExpectedVerdict(C, is_permitted=False),
                ExpectedVerdict(B, is_permitted=False, reason=Reason.LOCKED),
                ExpectedVerdict(A, is_permitted=False, at="30d"),
            ),
        ),
        # Of what is left out nothing is expected.
        ExpectedUser("CVALDEZ1", state=None, options=None, roles=None, verdicts=()),
    )


def test_an_empty_list_expects_that_there_is_nothing(catalogue):
    (user,) = read({"users": [{"username": "JPEREZ01", "options": [], "roles": []}]}, catalogue)
    assert (user.options, user.roles) == ((), ())


def test_what_the_portal_forgives_is_forgiven(catalogue):
    row = {"username": " jperez01 ", "options": [f" {A} "], "can": [{"option": A, "at": " 24H "}]}
    (user,) = read({"users": [row]}, catalogue)
    assert (user.username, user.options, user.verdicts[0].at) == ("JPEREZ01", (A,), "24H")


def test_toml_and_json_of_a_document_are_read_alike(catalogue):
    document = {"users": [WHOLE, {"username": "CVALDEZ1", "options": []}]}
    expected = read(document, catalogue)
    assert read(json.loads(json.dumps(document)), catalogue) == expected
    file = io.BytesIO(b"\xef\xbb\xbf" + toml_of(document).encode())
    assert read_file(file, catalogue) == expected


WRONG = [
    ([], "Debe ser una tabla con «users»."),
    (None, "Debe ser una tabla con «users»."),
    ({}, "Falta «users»."),
    ({"users": []}, "users: La lista está vacía: no se espera nada."),
    ({"users": {}}, "users: Debe ser una lista."),
    ({"users": ["JPEREZ01"]}, "users[0]: Debe ser una tabla con «username»."),
    ({"users": [{}]}, "users[0]: Falta «username»."),
    (
        {"users": [{"username": "A"}] * (MAX_USERS + 1)},
        "users: Tiene más de 1000 usuarios. Divida el archivo.",
    ),
]
# Of a user: the part that is wrong, and the problem without the usuario and the user's place.
WRONG_PARTS = [
    ({"username": 7}, ".username: Debe ser un texto."),
    ({"username": ""}, ".username: «» no es un usuario: solo lleva letras y números."),
    ({"username": "a\x00b"}, ".username: «a�b» no es un usuario: solo lleva letras y números."),
    ({"username": "ñ"}, ".username: «ñ» no es un usuario: solo lleva letras y números."),
    ({"clave": "x"}, f": No se conoce «clave». Puede llevar: {', '.join(WHOLE)}."),
    ({"state": True}, ".state: Debe ser un texto."),
    ({"state": "Activo"}, f".state: No existe el estado «Activo». Los que hay: {STATES}."),
    ({"options": A}, ".options: Debe ser una lista."),
    ({"options": [A, 90.1]}, ".options[1]: Debe ser un texto."),
    ({"options": ["90.9"]}, ".options[0]: No existe la opción «90.9»."),
    ({"options": ["90.1"]}, ".options[0]: 90.1 es una carpeta. Nombre sus opciones."),
    ({"options": [A, A]}, f".options[1]: {A} está dos veces. Deje una."),
    ({"roles": {}}, ".roles: Debe ser una lista."),
    ({"roles": ["DESPACHO"]}, ".roles[0]: No existe el rol «DESPACHO»."),
    ({"roles": [ROLE, ROLE]}, f".roles[1]: {ROLE} está dos veces. Deje una."),
    ({"can": A}, ".can: Debe ser una lista."),
    ({"can": [7]}, ".can[0]: Debe ser un texto."),
    ({"can": [{"at": "24h"}]}, ".can[0]: Falta «option»."),
    ({"can": [{"option": None}]}, ".can[0].option: Debe ser un texto."),
    (
        {"can": [{"option": A, "reason": "locked"}]},
        ".can[0]: No se conoce «reason». Puede llevar: option, at.",
    ),
    (
        {"can": [{"option": A, "at": "mañana"}]},
        ".can[0].at: Indique cuánto como 24h (horas) o 7d (días).",
    ),
    ({"can": [{"option": A, "at": 24}]}, ".can[0].at: Debe ser un texto."),
    ({"can": [{"option": A, "at": "367d"}]}, ".can[0].at: El reloj llega a 366 días."),
    (
        {"cannot": [{"option": A, "reason": "no_role"}]},
        f".cannot[0].reason: No existe el motivo «no_role». Los que hay: {REASONS}.",
    ),
    (
        {"can": [{"option": A, "at": "1d"}], "cannot": [{"option": A, "at": "24h"}]},
        f".cannot[0]: De {A} a la misma hora ya se dice algo en users[0].can[0].",
    ),
]


def test_each_problem_of_a_document_is_named_with_its_place(catalogue, subtests):
    for document, problem in WRONG:
        with subtests.test(problem=problem):
            assert problems(document, catalogue) == [problem]
    for part, problem in WRONG_PARTS:
        with subtests.test(problem=problem):
            row = {"username": "JPEREZ01"} | part
            place, _, sentence = problem.partition(": ")
            about = "" if "username" in part else " (JPEREZ01)"
            assert problems({"users": [row]}, catalogue) == [f"users[0]{place}{about}: {sentence}"]


def test_a_user_is_expected_once_whatever_the_case_of_the_usuario(catalogue):
    rows = [{"username": name} for name in ("JPEREZ01", "CVALDEZ1", "jperez01")]
    assert problems({"users": rows}, catalogue) == [
        "users[2] (JPEREZ01): El usuario ya está en users[0]."
    ]


def test_all_problems_are_named_at_once(catalogue):
    parts = [part for part, _ in WRONG_PARTS if "username" not in part]
    rows = [{"username": f"U{number}"} | part for number, part in enumerate(parts)]
    found = problems({"users": rows, "version": 1}, catalogue)
    assert found[0] == "No se conoce «version». Puede llevar: users."
    assert len(found) == 1 + len(parts)


def test_the_problems_of_a_document_stay_short(catalogue):
    rows = [{"username": "A", "x" * 10_000: "", "options": ["y" * 10_000] * 1000}]
    with pytest.raises(ExpectationsError) as refused:
        read({"users": rows}, catalogue)
    assert len(refused.value.problems) == 1001
    assert len(str(refused.value)) < 20_000


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "Falta «users»."),
        (b"users = [", "El archivo no es TOML válido"),
        (
            b"[[users]]\nusername = 'A'\nusername = 'B'\n\n",
            "El archivo no es TOML válido: revise la línea 3",
        ),
        (b"[users.A]\nstate = 'active'", "users: Debe ser una lista."),
        ("users = [] # ñ".encode("latin-1"), "El archivo no está en UTF-8."),
        ("users = []".encode("utf-16"), "El archivo no está en UTF-8."),
        (b"PK\x03\x04\xff", "El archivo no está en UTF-8."),
        (b"a.b.c.d.e.f = 1", "El archivo tiene claves con puntos."),
        (b"#" * (toml_text.MAX_BYTES + 1), "El archivo pesa más de 200 KB."),
    ],
)
def test_a_file_that_is_no_document_is_refused(catalogue, content, problem):
    with pytest.raises(ExpectationsError) as refused:
        read_file(io.BytesIO(content), catalogue)
    (found,) = str(refused.value).splitlines()
    assert found.startswith(problem)


texts = st.sampled_from([*WHOLE, "option", "reason", "at", "users", A, ROLE, "active", "24h"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | texts
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def refusal(document: object, catalogue: Catalogue) -> str:
    try:
        assert read(document, catalogue)
    except ExpectationsError as error:
        return str(error)
    return ""


def test_any_document_is_read_or_refused(catalogue):
    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents, st.lists(st.dictionaries(texts, documents, max_size=6), max_size=3))
    def read_any(anything, rows):
        for document in (anything, {"users": anything}, {"users": rows}):
            lines = refusal(document, catalogue).split("\n")
            assert all(line.isprintable() for line in lines)

    read_any()


def test_a_written_document_is_toml():
    document = {"users": [{"username": "A", "options": [], "can": [A], "cannot": [{"option": B}]}]}
    assert tomllib.loads(toml_of(document)) == document
