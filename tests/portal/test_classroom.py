"""A class works at once on the production server, and the board tells what each trainee has done."""

from profiles.exercises.reading import EXERCISES_FILE
from profiles.tables import toml_text
from tests import classroom
from tests.places import environment
from tests.server import Server

with EXERCISES_FILE.open("rb") as file:
    TITLES = {row["code"]: row["title"] for row in toml_text.read_file(file)["exercises"]}


def test_the_board_tells_of_each_trainee_what_was_done(place, tmp_path):
    with Server(environment(place), tmp_path / "log") as server:
        held = classroom.hold(server, place, len(classroom.COURSES))
    assert len(held) == len(classroom.COURSES)
    for course, board, answers in held:
        assert {answer.status for answer in answers} <= {200, 302}, course.do
        for code, title in TITLES.items():
            state, points, attempts, fault = course.board.get(code, ("No empezada", "0", "0", ""))
            row = board[title]
            said = (row["Estado"].partition(",")[0], row["Puntos"], row["Intentos"])
            assert said == (state, points, attempts), (course.do, title)
            assert fault in row["Qué falta"], (course.do, title)
            assert bool(fault) == bool(row["Qué falta"]), (course.do, title)
