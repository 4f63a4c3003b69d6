"""The board of an aula in a browser: it fits, breaks no rule, and follows the class by itself."""

import pytest

from operators.models import Classroom
from profiles.models import Exercise
from tests.conftest import acting
from tests.trainee import checked
from users.actions import classrooms
from users.history.recording import Actor, record
from users.models import AuditEntry, Session

LONGEST = "Maximiliano Ñahuinlla Huarancca de la Concepción Inmaculada Imaginario"
SECOND = 1000


@pytest.fixture
def did(small_catalog, staff):
    """did("checked", …) records what the first company of an aula did in the first exercise."""
    for place in range(9):
        Exercise.objects.create(
            code=f"e{place}",
            title=f"Una práctica con su título {place}",
            position=place,
            brief="Una tarea.",
            points=10,
            goal=[],
        )
    first, *_ = classrooms.open_classroom(
        actor=acting(staff),
        name="Turno mañana",
        operator_types=["AGENTE_ADUANA"],
        days=7,
        number=2,
        trainees=f"Ana Ruiz\n{LONGEST}",
    )

    def call(action: str, **facts) -> None:
        actor = Actor(first.principal, AuditEntry.Channel.WEB)
        facts |= {"exercise": "e0", "title": "Una práctica"}
        record(f"practice.{action}", actor=actor, operator=first.operator, after=facts)

    return call


def test_the_board_fits_every_screen_follows_the_class_and_keeps_what_is_open(
    page_of, staff, did, axe
):
    did("started")
    did("checked", **checked("Falta uno.", "Falta otro."))
    desk = page_of(staff)
    desk.clock.install()
    desk.goto(f"/admin/operators/classroom/{Classroom.objects.get().pk}/tablero/")
    desk.get_by_text("Faltan 2").click()
    axe(desk)
    for width in (360, 1280):
        desk.set_viewport_size({"width": width, "height": 800})
        assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert desk.get_by_text("Falta otro.").is_visible()
    did("checked", **checked("Falta otro."))
    desk.clock.fast_forward(10 * SECOND)
    desk.get_by_text("intentos: 2").wait_for()
    assert desk.get_by_text("Falta otro.").is_visible()
    assert desk.evaluate("document.activeElement.textContent") == "Falta 1"
    # An outage of the server stops nothing, and the time of the session is that of the last answer.
    hour = desk.locator(".session-end")
    desk.route("**/tablero/", lambda route: route.fulfill(status=503))
    with desk.expect_response("**/tablero/"):
        desk.clock.run_for(10 * SECOND)
    desk.unroute("**/tablero/")
    hour.evaluate("hour => { hour.textContent = 'antes'; }")
    did("checked", **checked("Falta otro."))
    desk.clock.run_for(10 * SECOND)
    desk.get_by_text("intentos: 3").wait_for()
    assert hour.text_content() != "antes"
    # A page that is hidden asks for nothing; one whose session has ended stops asking.
    asked = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    desk.clock.run_for(30 * SECOND)
    assert asked == []
    desk.evaluate("delete document.hidden")
    Session.objects.all().delete()
    with desk.expect_event("requestfinished"):
        desk.clock.run_for(10 * SECOND)
    asked.clear()
    desk.clock.run_for(30 * SECOND)
    assert [address for address in asked if "login" not in address] == []
    assert desk.get_by_text("Ana Ruiz").is_visible()
