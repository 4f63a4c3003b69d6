"""The board of an aula: each cell says what the history says, and the page costs the same for all."""

import csv
import io

import pytest

from operators.models import Classroom
from profiles.admin.board import courses_in
from profiles.models import Exercise
from tests.administration import allow, queries, texts
from tests.conftest import acting, soup
from tests.trainee import checked
from users.actions import classrooms, practice
from users.history.recording import Actor, record
from users.models import AuditEntry, User

TITLES = ["El primer usuario", "El menú vacío", "Solo lo necesario"]


@pytest.fixture
def companies(small_catalog, staff):
    facts = {"brief": "Una tarea.", "points": 10, "goal": []}
    for place, title in enumerate(TITLES):
        Exercise.objects.create(code=f"e{place}", title=title, position=place, **facts)
    Exercise.objects.filter(code="e0").update(minutes=8)
    for code, other in [
        ("de-otro-tipo", {"operator_types": ["DEPOSITO_TEMPORAL"]}),
        ("retirada", {"is_retired": True}),
    ]:
        Exercise.objects.create(code=code, title=code, position=9, **other, **facts)
    return classrooms.open_classroom(
        actor=acting(staff),
        name="Turno mañana",
        operator_types=["AGENTE_ADUANA"],
        days=7,
        number=3,
        trainees="Ana Ruiz\nLuis Quispe",
    )


@pytest.fixture
def did(companies):
    """did(n, "started", exercise, …) records what the company of that number did."""

    def call(number: int, action: str, exercise: int, **facts) -> None:
        company = companies[number]
        actor = Actor(company.principal, AuditEntry.Channel.WEB)
        facts |= {"exercise": f"e{exercise}", "title": TITLES[exercise]}
        record(f"practice.{action}", actor=actor, operator=company.operator, after=facts)

    return call


@pytest.fixture
def board(client_of, staff, companies):
    """Return the page; board(word) another page of the aula."""
    client = client_of(staff)
    address = f"/admin/operators/classroom/{Classroom.objects.get().pk}/"

    def show(word: str = "tablero", **query):
        return client.get(f"{address}{word}/", query)

    return show


MISSING = ["A RQUISPE1 le falta la opción «Consulta».", "Sobra <b>un rol</b>."]


def test_each_cell_says_in_words_what_a_company_has_made_of_an_exercise(did, board, clock):
    did(0, "started", 0)
    did(0, "passed", 0, points=9, hints=1, seconds=60, attempts=1)
    did(0, "started", 1)
    did(0, "checked", 1, **checked(*MISSING))
    did(1, "started", 0)
    did(1, "started", 2)
    clock.advance(minutes=6)
    page = soup(board())
    assert texts(page, "thead th") == [
        *("Alumno", "Logradas", "1 El primer usuario", "2 El menú vacío", "3 Solo lo necesario")
    ]
    assert [name.partition(" 2099")[0] for name in texts(page, "tbody th")[:2]] == [
        "Ana Ruiz",
        "Luis Quispe",
    ]
    rows = [texts(row, "td") for row in page.select("tbody tr")]
    assert rows[0][:2] == ["1 de 3 9 puntos", "9 Lograda, intentos: 1"]
    assert rows[0][2].startswith("En curso, intentos: 1 ⚠ 6 min sin avance Faltan 2")
    assert rows[0][3] == "No empezada"
    assert rows[1] == [
        *("0 de 3 0 puntos", "Sin terminar", "No empezada", "En curso ⚠ 6 min sin avance"),
    ]
    assert texts(page, "details li") == MISSING
    assert texts(page, "tfoot td")[1:] == ["1 de 3", "0 de 3", "0 de 3"]
    assert "Sin avance: Ana Ruiz (6 min), Luis Quispe (6 min)." in texts(page, "[data-board] p")[0]
    assert "9 puntos en total" in texts(page, "[data-board] p")[0]


def test_who_gets_on_or_has_the_time_of_the_exercise_is_not_stuck(did, board, clock):
    did(0, "started", 1)
    did(1, "started", 0)
    clock.advance(minutes=4)
    did(0, "checked", 1, **checked("Falta.") | {"done": 2})
    clock.advance(minutes=3)
    # Five minutes unless the exercise says otherwise; one more check that finds no more does not count.
    did(0, "checked", 1, **checked("Falta.") | {"done": 2})
    assert "sin avance" not in board().text
    clock.advance(minutes=2)
    assert board().text.count("sin avance") == 2
    practice.reset(actor=Actor.server(), operator=Classroom.objects.get().companies.earliest("pk"))
    assert board().text.count("sin avance") == 1


def test_no_company_is_stuck_while_it_is_closed_nor_at_once_when_it_is_reopened(
    did, companies, staff, clock
):
    def stuck() -> list[int]:
        return [course.stuck for course in courses_in(Classroom.objects.get())]

    did(0, "started", 0)
    clock.advance(minutes=9)
    assert stuck() == [9, 0, 0]
    room = {"actor": acting(staff), "classroom": Classroom.objects.get()}
    classrooms.close(**room)
    clock.advance(days=3)
    assert stuck() == [0, 0, 0]
    classrooms.reopen(days=2, **room)
    assert stuck() == [0, 0, 0]
    clock.advance(minutes=8)
    assert stuck() == [8, 0, 0]
    # Its last day is over.
    clock.advance(days=2)
    assert stuck() == [0, 0, 0]


def test_the_board_is_downloaded_as_rows(did, board):
    did(0, "started", 1)
    did(0, "checked", 1, **checked(*MISSING))
    response = board(formato="csv")
    assert "aula-turno-manana-" in response["Content-Disposition"]
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    head, first, second, *others = csv.reader(io.StringIO(text), delimiter=";")
    assert head[:4] == ["Alumno", "RUC", "Práctica", "Estado"]
    assert first[2:7] == ["El primer usuario", "No empezada", "0", "0", "0"]
    assert second[2:] == [
        "El menú vacío",
        "En curso",
        "0",
        "1",
        "0",
        "; ".join(MISSING),
    ]
    assert len(others) == 7
    assert board(formato="exe").status_code == 404


def test_an_exercise_that_was_begun_stays_on_the_board(did, board):
    Exercise.objects.filter(code="e2").update(is_retired=True)
    assert "Solo lo necesario" not in board().text
    did(1, "started", 2)
    rows = [texts(row, "td") for row in soup(board()).select("tbody tr")]
    assert [row[3] for row in rows] == ["No empezada", "En curso", "No empezada"]


def test_closing_and_resetting_say_first_how_many_are_in_the_middle(did, board):
    assert "en medio" not in board("cerrar").text
    did(0, "started", 0)
    assert "Un alumno está en medio de una práctica." in board("cerrar").text
    did(1, "started", 0)
    assert "2 alumnos están en medio de una práctica." in board("inicio").text
    assert "en medio" not in board("reabrir").text


def test_an_aula_closed_in_the_middle_and_reopened_goes_on_where_it_was(did, board, staff):
    did(0, "started", 0)
    did(0, "checked", 0, **checked(*MISSING))
    room = {"actor": acting(staff), "classroom": Classroom.objects.get()}
    classrooms.close(**room)
    assert "Turno mañana: cerrada." in board("reabrir").text
    page = soup(board())
    assert "Cerrada." in texts(page, "[data-board] p")[0]
    assert "cerrada" in texts(page, "tbody th")[0]
    assert "En curso" in texts(page, "tbody tr td")[1]
    classrooms.reopen(days=1, **room)
    page = soup(board())
    assert "Abierta hasta el" in texts(page, "[data-board] p")[0]
    assert "cerrada" not in texts(page, "tbody th")[0]
    assert texts(page, "details li") == MISSING


def test_the_historial_is_for_staff_that_may_see_it(board, client_of, did):
    clerk = User.objects.create_user("profesora", is_staff=True)
    client = client_of(allow(clerk, "add_operator", "change_operator"))
    company = Classroom.objects.get().companies.earliest("pk")
    link = f"auditentry/?operator__id__exact={company.pk}"
    assert (
        link not in client.get(f"/admin/operators/classroom/{company.classroom_id}/tablero/").text
    )
    assert link in board().text


def test_the_board_costs_the_same_queries_for_any_class_and_any_history(
    did, board, companies, client_of, staff
):
    client, room = client_of(staff), Classroom.objects.get()
    address = f"/admin/operators/classroom/{room.pk}/tablero/"
    did(0, "started", 0)
    did(0, "checked", 0, **checked(*MISSING))
    few = queries(client, address)
    classrooms.add_companies(actor=acting(staff), classroom=room, number=20)
    for number in range(3):
        for exercise in range(3):
            did(number, "started", exercise)
            did(number, "checked", exercise, **checked(*MISSING))
    assert queries(client, address) == few < 12


def test_an_aula_without_exercises_has_a_board(companies, board):
    Exercise.objects.all().delete()
    assert board().status_code == 200
