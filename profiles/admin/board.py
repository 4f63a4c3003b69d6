"""The board of an aula: what each trainee has made of each exercise, read from the history."""

from django.db.models import Max, Q

from operators.models import Classroom
from profiles.exercises.course import Course, courses_of, read_results
from profiles.models import Exercise

HEADS = ["Alumno", "RUC", "Práctica", "Estado", "Puntos", "Intentos", "Pistas", "Qué falta"]


def courses_in(classroom: Classroom) -> list[Course]:
    """Return the course of each company, which has the ``last_login`` of its principal."""
    signed_in = Max("users__last_login", filter=Q(users__is_principal=True))
    companies = classroom.companies.annotate(last_login=signed_in).order_by("pk")
    types = {*classroom.operator_types.values_list("code", flat=True)}
    courses = courses_of(companies, types)
    read_results(courses)
    return courses


def columns_of(courses: list[Course]) -> list[tuple[Exercise, int]]:
    """Return each exercise with how many companies passed it."""
    columns = zip(*(course.rows for course in courses), strict=True)
    return [(column[0].exercise, sum(bool(row.passed) for row in column)) for column in columns]


def table_of(courses: list[Course]) -> list[list]:
    """Return the board as the rows of a file."""
    return [HEADS] + [
        [
            *(course.name, course.company.ruc, row.exercise.title, row.label),
            *(row.points, row.attempts, row.hints, "; ".join(row.missing)),
        ]
        for course in courses
        for row in course.rows
    ]
