"""A class of trainees who work side by side on a running server."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from itertools import cycle
from typing import NamedTuple

from tests.places import manage
from tests.server import Answer, Browser, Server
from tests.trainee import Trainee

OPEN = """
import json
from operators.models import OperatorType
from users.actions import classrooms
from users.history.recording import Actor
from users.models import AuditEntry, User

staff = Actor(User.objects.staff().get(username="admin"), AuditEntry.Channel.ADMIN)
made = classrooms.open_classroom(
    actor=staff,
    name="Aula de prueba",
    operator_types=OperatorType.objects.filter(code="AGENTE_ADUANA"),
    days=1,
    number={number},
)
print(json.dumps([[each.operator.ruc, each.password] for each in made]))
"""
BOARD = """
import csv, sys
from operators.models import Classroom
from profiles.admin import board

courses = board.courses_in(Classroom.objects.get())
csv.writer(sys.stdout).writerows(board.table_of(courses))
"""
FIRST, EMPTY_MENU, NO_ROLE = "primer-usuario", "menu-vacio", "falta-el-rol"


class Client:
    """The client of a ``Trainee``, over HTTP; it keeps the answers and follows redirects."""

    def __init__(self, server: Server) -> None:
        self.server, self.browser, self.answers = server, Browser(), []

    def get(self, path: str, query: dict | None = None) -> Answer:
        return self.answered(path, self.browser.get(self.server, path))

    def post(self, path: str, form: dict, *, follow: bool = True) -> Answer:
        return self.answered(path, self.browser.post(self.server, path, form))

    def answered(self, path: str, answer: Answer) -> Answer:
        self.answers.append(answer)
        answer.status_code = answer.status
        answer.request = {"PATH_INFO": path.partition("?")[0]}
        if location := answer.headers["Location"]:
            return self.get(location)
        return answer


class Pupil(Trainee):
    """A trainee of the class."""

    def sign_in(self, ruc: str, password: str) -> None:
        fields = {"ruc": ruc, "username": "TITULAR1", "password": password}
        self.fill("/ingresar/", "Ingresar", **fields)

    def start(self, code: str) -> None:
        self.fill(f"/practicas/{code}/", "Empezar")

    def check(self, code: str) -> None:
        self.fill(f"/practicas/{code}/", "Comprobar")

    def pass_first(self) -> None:
        self.start(FIRST)
        self.create("RQUISPE1", "90000101", "Rosa", "Quispe Mamani")
        self.options("RQUISPE1", "90.8.1.1.4", "62.1.5.1.1")
        self.roles("RQUISPE1")
        self.check(FIRST)

    def pass_empty_menu(self) -> None:
        self.start(EMPTY_MENU)
        self.options("CVALDEZ1", "11.9.5.1.1", "62.1.5.1.1")
        self.check(EMPTY_MENU)

    def pass_no_role(self) -> None:
        self.start(NO_ROLE)
        self.roles("LMAMANI1")
        self.check(NO_ROLE)

    def all_three(self) -> None:
        self.pass_first()
        self.pass_empty_menu()
        self.pass_no_role()

    def forgets_the_role(self) -> None:
        self.start(FIRST)
        self.create("RQUISPE1", "90000101", "Rosa", "Quispe Mamani")
        self.options("RQUISPE1", "90.8.1.1.4", "62.1.5.1.1")
        self.check(FIRST)

    def gives_an_option_too_many(self) -> None:
        self.pass_first()
        self.start(EMPTY_MENU)
        self.options("CVALDEZ1", "11.9.5.1.1", "62.1.5.1.1", "11.5.3.1.1")
        self.check(EMPTY_MENU)

    def mends_a_mistake(self) -> None:
        self.forgets_the_role()
        self.roles("RQUISPE1")
        self.check(FIRST)
        self.pass_empty_menu()

    def eliminates_the_wrong_person(self) -> None:
        self.pass_first()
        self.start(NO_ROLE)
        self.eliminate("LMAMANI1")
        self.check(NO_ROLE)


class Course(NamedTuple):
    """What a trainee does, and by exercise what the board shall say: state, points, attempts, faults."""

    do: str
    board: dict[str, tuple[str, str, str, str]]


PASSED = ("Lograda", "10", "1", "")
COURSES = [
    Course("all_three", {FIRST: PASSED, EMPTY_MENU: PASSED, NO_ROLE: PASSED}),
    Course(
        "forgets_the_role", {FIRST: ("En curso", "0", "1", "no puede usar «Consulta de envíos")}
    ),
    Course(
        "gives_an_option_too_many",
        {FIRST: PASSED, EMPTY_MENU: ("En curso", "0", "1", "le sobra la opción «Emitir Factura»")},
    ),
    Course("mends_a_mistake", {FIRST: ("Lograda", "10", "2", ""), EMPTY_MENU: PASSED}),
    Course(
        "eliminates_the_wrong_person",
        {
            FIRST: PASSED,
            NO_ROLE: ("En curso", "0", "1", "LMAMANI1 está Eliminado, y debería estar Activo"),
        },
    ),
]


def hold(server: Server, place: str, number: int) -> list[tuple[Course, dict, list[Answer]]]:
    """Let so many trainees work side by side.

    Returns of each its course, what the board says by title of exercise, and the answers it got.
    """
    opened = json.loads(shell(place, OPEN.format(number=number)))
    with ThreadPoolExecutor(number) as pool:
        places = [*zip(cycle(COURSES), opened, strict=False)]
        worked = [pool.submit(work, server, *each) for each in places]
        answers = [each.result() for each in worked]
    rows = [*csv.DictReader(StringIO(shell(place, BOARD)))]
    return [
        (course, {row["Práctica"]: row for row in rows if row["RUC"] == ruc}, got)
        for (course, (ruc, _)), got in zip(places, answers, strict=True)
    ]


def work(server: Server, course: Course, account: list[str]) -> list[Answer]:
    pupil = Pupil(Client(server))
    pupil.sign_in(*account)
    getattr(pupil, course.do)()
    return pupil.client.answers


def shell(place: str, code: str) -> str:
    return manage(place, "shell", "--verbosity", "0", "--command", code)
