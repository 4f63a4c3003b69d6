"""The board of an aula: what each trainee has made of each exercise, read from the history."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from django.utils import timezone

from operators.models import Classroom, Operator
from profiles.exercises import progress
from profiles.exercises.reading import Definition
from profiles.models import Exercise
from users.models import User

# Of each state: the shape of its cell, and its word.
SHAPES = {
    "passed": ("✓", "Lograda"),
    "on": ("▶", "En curso"),
    "begun": ("◐", "A medias"),
    "new": ("·", "No empezada"),
}
HEADS = ["Alumno", "RUC", "Práctica", "Estado", "Puntos", "Intentos", "Pistas", "Qué falta"]


class Cell(NamedTuple):
    """What one company has made of one exercise, its text beside its shape.

    ``missing`` are the sentences of the last check; ``stuck`` are the whole minutes without
    progress in a company that is open, if most need fewer.
    """

    title: str
    state: str
    shape: str
    text: str
    points: int = 0
    attempts: int = 0
    hints: int = 0
    missing: Sequence[str] = ()
    stuck: int = 0


class Row(NamedTuple):
    """One trainee, who uses a company; ``last_login`` is that of its principal."""

    company: Operator
    last_login: datetime | None
    cells: list[Cell]
    passed: int
    points: int
    stuck: int

    @property
    def name(self) -> str:
        return self.company.trainee or self.company.name


def board_of(classroom: Classroom) -> tuple[list[tuple[Exercise, int]], list[Row]]:
    """Return the exercises for the aula, each with how many passed it, and a row for each company."""
    exercises = Exercise.objects.offered_to(classroom)
    companies = sorted(classroom.companies.all(), key=attrgetter("pk"))
    principals = User.objects.filter(operator__in=companies, is_principal=True)
    signed_in = dict(principals.values_list("operator_id", "last_login"))
    rows, made = [], progress.of_each(companies)
    for company in companies:
        cells = [_cell(exercise, made[company], company.is_open) for exercise in exercises]
        passed, points = sum(cell.points > 0 for cell in cells), sum(cell.points for cell in cells)
        stuck = max((cell.stuck for cell in cells), default=0)
        rows.append(Row(company, signed_in[company.pk], cells, passed, points, stuck))
    passes = [sum(row.cells[place].points > 0 for row in rows) for place in range(len(exercises))]
    return [*zip(exercises, passes, strict=True)], rows


def _cell(exercise: Exercise, made: progress.Progress, is_open: bool) -> Cell:
    state = made.state(exercise.code)
    shape, text = SHAPES[state]
    standing = made.standings.get(exercise.code)
    if standing is None:
        return Cell(exercise.title, state, shape, text)
    if standing.points:
        shape = f"{shape} {standing.points}"
    missing, stuck = (), 0
    if state == "passed" and standing.attempts > 1:
        text = f"{text}, intentos: {standing.attempts}"
    if state == "on":
        minutes = int((timezone.now() - made.run.moved).total_seconds()) // 60
        enough = exercise.definition.get("minutes", Definition.minutes)
        stuck = minutes if is_open and minutes >= enough else 0
        missing, attempts = made.run.missing, made.run.attempts
        text = f"{text}, intentos: {attempts}" if attempts else text
    counts = (standing.points, standing.attempts, standing.hints)
    return Cell(exercise.title, state, shape, text, *counts, missing, stuck)


def table_of(rows: list[Row]) -> list[list]:
    """Return the board as the rows of a file."""
    return [HEADS] + [
        [
            *(row.name, row.company.ruc, cell.title, cell.text),
            *(cell.points, cell.attempts, cell.hints, "; ".join(cell.missing)),
        ]
        for row in rows
        for cell in row.cells
    ]
