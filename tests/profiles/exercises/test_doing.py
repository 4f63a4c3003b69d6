"""An exercise is started, checked and passed; what happens in between is read from the history."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from operators.models import Operator
from profiles.actions.exercises import check, load_exercises, start, take_hint
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.validity import set_validity, validity_facts
from profiles.exercises.certificates import entry_of, number_of
from profiles.exercises.course import Course, courses_of, read_results
from profiles.models import Exercise, Option
from tests.calls import file_of
from tests.conftest import acting, person
from tests.profiles.exercises.conftest import PERSON
from users.actions import accounts, operators, practice
from users.actions.passwords import reset_password
from users.history.recording import Actor
from users.history.wording import changes
from users.models import AuditEntry, User
from users.signin import practice_token

FREE, OTHER, OPEN = "11.9.1.1.1", "11.9.1.1.2", "90.1.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
FILE = f"""
[[exercises]]
code = "una"
title = "Una"
brief = "Dele la opción. Hoy es {{hoy}}; en una semana, {{dia:7}}."
points = 10
hints = ["Primera.", "Segunda."]
untouched = ["QUIETA01"]
operator_types = ["AGENTE_ADUANA"]
{PERSON}[[exercises.people]]
username = "QUIETA01"
document_number = "90000081"
first_name = "Quieta"
last_name = "Siempre"
options = ["{OPEN}"]
with_roles = true
[[exercises.goal]]
username = "ANUEVA01"
state = "active"
can = ["{FREE}"]

[[exercises]]
code = "otra"
title = "Otra"
brief = "Dele la opción y nada más, desde mañana."
points = 5
extra_cost = 2
{PERSON}[[exercises.goal]]
username = "ANUEVA01"
state = "active"
options = ["{FREE}"]
can = [{{ option = "{FREE}", at = "24h" }}]
"""


@pytest.fixture
def operator(small_catalog, staff) -> Operator:
    load_exercises(actor=acting(staff), file=file_of(FILE))
    return practice.create(actor=Actor.server(), operator_types=["AGENTE_ADUANA"]).operator


@pytest.fixture
def actor(operator):
    """actor() is the principal as a new request reads it."""
    return lambda: acting(operator.users.select_related("operator").get(is_principal=True))


def exercise(code: str = "una") -> Exercise:
    return Exercise.objects.get(code=code)


def user(name: str = "ANUEVA01") -> User:
    return User.objects.existing().select_related("operator").get(username=name)


def grant(actor, *codes: str, seen=()) -> None:
    assign_options(actor=actor(), user=user(), codes=codes, seen=seen)


def held() -> list[str]:
    return [row.option_id for row in user().option_grants.all()]


def missing(checked) -> list[str]:
    return [result["sentence"] for result in checked.after["results"] if not result["ok"]]


def standing(operator, code: str = "una"):
    return Course.of(operator).row(code)


def actions(operator) -> list[str]:
    entries = AuditEntry.objects.filter(operator=operator, action__startswith="practice.")
    return [*entries.order_by("pk").values_list("action", flat=True)]


def test_a_start_prepares_the_people_in_a_company_at_its_beginning(operator, actor):
    accounts.create_secondary_user(
        actor=actor(), username="PROPIO01", password="Practica01", **person(90000081)
    )
    token = practice.issue_token(actor=actor(), operator=operator)
    start(actor=actor(), exercise=exercise())
    assert {*operator.users.existing().values_list("username", flat=True)} == {
        "TITULAR1",
        "ANUEVA01",
        "QUIETA01",
    }
    assert user().check_password("Practica01")
    assert not user().must_change_password
    assert [grant.role_id for grant in user("QUIETA01").role_grants.all()] == [ROLE]
    assert practice_token.principal_of(token) == actor().user


def test_an_exercise_is_passed_once_with_its_points(operator, actor, clock):
    start(actor=actor(), exercise=exercise())
    take_hint(actor=actor(), exercise=exercise(), seen=0)
    # The same form sent twice takes one hint.
    take_hint(actor=actor(), exercise=exercise(), seen=0)
    assert standing(operator).hints == 1
    checked = check(actor=actor(), exercise=exercise())
    assert missing(checked) == [
        "ANUEVA01 no puede usar «Servicio Web». ANUEVA01 no tiene asignada esta opción. Una "
        "carpeta no la otorga: se marca la opción misma."
    ]
    (wrong,) = [result for result in checked.after["results"] if not result["ok"]]
    assert (wrong["url_name"], wrong["username"]) == ("profiles:options", "ANUEVA01")
    grant(actor, FREE)
    clock.advance(seconds=90)
    passed = check(actor=actor(), exercise=exercise())
    assert passed.action == "practice.passed"
    assert passed.after | {"results": []} == {
        "exercise": "una",
        "title": "Una",
        "points": 9,
        "most_points": 10,
        "trainee": "",
        "hints": 1,
        "seconds": 90,
        "attempts": 2,
        "done": 3,
        "of": 3,
        "results": [],
    }
    with pytest.raises(ValidationError, match="ya está lograda"):
        check(actor=actor(), exercise=exercise())
    assert actions(operator) == [
        "practice.started",
        "practice.hint_taken",
        "practice.checked",
        "practice.passed",
    ]
    said = [line.text for line in changes(passed, {})]
    assert {"Práctica: Una", "Puntos: 9", "Comprobaciones: 2"} <= {*said}


def test_the_history_says_what_was_missing(operator, actor):
    start(actor=actor(), exercise=exercise())
    checked = check(actor=actor(), exercise=exercise())
    entry = AuditEntry.objects.get(action="practice.checked")
    assert missing(checked)[0] in [line.text for line in changes(entry, {})]
    assert (entry.after["done"], entry.after["of"]) == (2, 3)


def test_hints_end_and_there_is_none_in_an_exam(operator, actor, monkeypatch):
    start(actor=actor(), exercise=exercise())
    for seen in (0, 1):
        take_hint(actor=actor(), exercise=exercise(), seen=seen)
    with pytest.raises(ValidationError, match="Ya no quedan pistas"):
        take_hint(actor=actor(), exercise=exercise(), seen=2)
    monkeypatch.setattr(Operator, "is_in_exam", True)
    with pytest.raises(ValidationError, match="En un examen no hay pistas"):
        take_hint(actor=actor(), exercise=exercise(), seen=2)
    checked = check(actor=actor(), exercise=exercise())
    assert not any("words" in result for result in checked.after["results"])
    assert missing(checked) == ["ANUEVA01 no puede usar «Servicio Web»."]


def test_what_is_beyond_the_goal_costs_points_where_the_exercise_says_so(operator, actor, clock):
    start(actor=actor(), exercise=exercise("otra"))
    grant(actor, FREE, OTHER)
    checked = check(actor=actor(), exercise=exercise("otra"))
    assert missing(checked) == ["A ANUEVA01 le sobra la opción «Servicio Web»."]
    assert checked.after["points"] == 3
    start(actor=actor(), exercise=exercise("otra"))
    grant(actor, FREE, OTHER, OPEN)
    assign_roles(actor=actor(), user=user(), codes=[ROLE], seen=[])
    # One point is always left.
    assert check(actor=actor(), exercise=exercise("otra")).after["points"] == 1


def test_another_exercise_a_reset_and_an_end_leave_no_exercise_on(operator, actor):
    start(actor=actor(), exercise=exercise())
    start(actor=actor(), exercise=exercise("otra"))
    before = actions(operator)
    for call in (check, lambda **given: take_hint(seen=0, **given)):
        with pytest.raises(ValidationError, match="ya no está en curso"):
            call(actor=actor(), exercise=exercise())
    practice.reset(actor=actor(), operator=operator)
    with pytest.raises(ValidationError, match="no está en curso"):
        check(actor=actor(), exercise=exercise("otra"))
    start(actor=actor(), exercise=exercise())
    Operator.objects.update(practice_until=timezone.localdate() - timedelta(days=1))
    with pytest.raises(PermissionDenied, match="ya terminó"):
        check(actor=actor(), exercise=exercise())
    assert actions(operator) == [*before, "practice.started"]


def test_restarting_begins_again_with_new_people(operator, actor):
    start(actor=actor(), exercise=exercise())
    grant(actor, FREE)
    start(actor=actor(), exercise=exercise())
    assert len(missing(check(actor=actor(), exercise=exercise()))) == 1


def test_a_hint_is_charged_once_and_a_restart_does_not_give_its_point_back(operator, actor):
    for seen in (0, 1):
        start(actor=actor(), exercise=exercise())
        take_hint(actor=actor(), exercise=exercise(), seen=seen)
    # Before the first pass, and when the exercise is done again.
    for _ in range(2):
        start(actor=actor(), exercise=exercise())
        with pytest.raises(ValidationError, match="Ya no quedan pistas"):
            take_hint(actor=actor(), exercise=exercise(), seen=2)
        grant(actor, FREE)
        facts = check(actor=actor(), exercise=exercise()).after
        assert (facts["points"], facts["hints"]) == (8, 2)
    assert standing(operator).hints == 2


def test_the_wrong_person_eliminated_is_named(operator, actor):
    start(actor=actor(), exercise=exercise())
    grant(actor, FREE)
    accounts.eliminate_user(actor=actor(), user=user("QUIETA01"))
    assert missing(check(actor=actor(), exercise=exercise())) == [
        "QUIETA01 no debía cambiar, y en el Historial está «Usuario eliminado»."
    ]


def test_each_change_of_a_user_that_shall_stay_as_it_is_is_named_though_it_was_put_back(
    operator, actor
):
    def change() -> None:
        seen = accounts.editable_facts(user("QUIETA01"))
        facts = {**seen, "valid_from": None, "valid_until": None, "first_name": "Otra"}
        accounts.change_user(actor=actor(), user=user("QUIETA01"), seen=seen, **facts)

    def validity() -> None:
        today = timezone.localdate()
        days = {"options": {OPEN: (today, today)}, "roles": {ROLE: (None, None)}}
        seen = validity_facts(user("QUIETA01"))
        set_validity(actor=actor(), user=user("QUIETA01"), seen=seen, **days)

    def state() -> None:
        accounts.suspend_user(actor=actor(), user=user("QUIETA01"))
        accounts.reactivate_user(actor=actor(), user=user("QUIETA01"))

    def grants() -> None:
        assign_roles(actor=actor(), user=user("QUIETA01"), codes=[], seen=[ROLE])
        assign_options(actor=actor(), user=user("QUIETA01"), codes=[], seen=[OPEN])

    def password() -> None:
        reset_password(actor=actor(), user=user("QUIETA01"), password="Practica01")

    for do, changed in [
        (validity, ["Vigencia de opciones y roles cambiada"]),
        (grants, ["Opciones asignadas", "Roles asignados"]),
        (change, ["Datos modificados"]),
        (state, ["Usuario reactivado", "Usuario suspendido"]),
        (password, ["Clave restablecida"]),
    ]:
        start(actor=actor(), exercise=exercise())
        grant(actor, FREE)
        do()
        assert missing(check(actor=actor(), exercise=exercise())) == [
            f"QUIETA01 no debía cambiar, y en el Historial está «{'», «'.join(changed)}»."
        ]
    start(actor=actor(), exercise=exercise())
    grant(actor, FREE)
    assert missing(check(actor=actor(), exercise=exercise())) == []


def test_a_company_that_closes_meanwhile_is_changed_no_more(operator, actor):
    late = actor()
    practice.close(actor=Actor.server(), operator=Operator.objects.get(pk=operator.pk))
    company = {"actor": late, "operator": late.user.operator}
    for call in (
        partial(start, actor=late, exercise=exercise()),
        partial(practice.reset, **company),
        partial(practice.issue_token, **company),
        partial(practice.set_fault, **company, fault="down", seconds=60),
    ):
        with pytest.raises(PermissionDenied, match="ya terminó"):
            call()
    assert AuditEntry.objects.filter(operator=operator).latest("pk").action == "operator.closed"


def test_the_days_of_a_goal_count_from_the_start_wherever_the_clock_is(operator, actor):
    start(actor=actor(), exercise=exercise("otra"))
    operators.advance_clock(actor=actor(), operator=operator, by=timedelta(days=3))
    # Granted too late for the day after the start.
    grant(actor, FREE)
    (sentence,) = missing(check(actor=actor(), exercise=exercise("otra")))
    assert sentence.startswith("El ")
    assert "ANUEVA01 no puede usar «Servicio Web». ANUEVA01 ya tiene asignada" in sentence


def test_only_the_principal_of_an_open_practice_company_starts(actor, stranger):
    Operator.objects.filter(pk=stranger.operator_id).update(practice_until=None)
    with pytest.raises(PermissionDenied, match="no es de práctica propia"):
        start(actor=acting(stranger), exercise=exercise())
    start(actor=actor(), exercise=exercise())
    with pytest.raises(PermissionDenied, match="Solo el usuario principal"):
        start(actor=acting(user()), exercise=exercise())


def test_an_exercise_whose_options_the_catalogue_lost_is_refused_in_words(operator, actor):
    start(actor=actor(), exercise=exercise())
    # As a catalogue that is imported may do.
    Option.objects.filter(code=FREE).update(is_folder=True)
    with pytest.raises(ValidationError, match="no se ofrece a su empresa"):
        check(actor=actor(), exercise=exercise())
    Option.objects.filter(code=OPEN).update(is_folder=True)
    with pytest.raises(ValidationError, match="no se ofrece a su empresa"):
        start(actor=actor(), exercise=exercise())


def test_an_exercise_of_another_type_or_retired_is_not_offered(actor):
    for change in ({"operator_types": ["TRANSPORTISTA"]}, {"is_retired": True}):
        Exercise.objects.filter(code="otra").update(**change)
        with pytest.raises(ValidationError, match="no se ofrece a su empresa"):
            start(actor=actor(), exercise=exercise("otra"))


def test_the_progress_of_companies_is_read_from_their_history(
    operator, actor, clock, django_assert_num_queries
):
    start(actor=actor(), exercise=exercise())
    clock.advance(minutes=1)
    take_hint(actor=actor(), exercise=exercise(), seen=0)
    check(actor=actor(), exercise=exercise())
    moved = clock.now
    clock.advance(minutes=1)
    check(actor=actor(), exercise=exercise())
    course = Course.of(operator)
    read_results([course])
    row = course.current
    assert (row.exercise.code, row.hints, row.attempts, row.most_done) == ("una", 1, 2, 2)
    assert (row.moved, row.missing) == (moved, missing(check(actor=actor(), exercise=exercise())))
    grant(actor, FREE)
    first = check(actor=actor(), exercise=exercise())
    start(actor=actor(), exercise=exercise())
    grant(actor, FREE)
    check(actor=actor(), exercise=exercise())
    start(actor=actor(), exercise=exercise("otra"))
    other = practice.create(actor=Actor.server(), operator_types=["TRANSPORTISTA"]).operator
    with django_assert_num_queries(2):
        course, of_other = courses_of([operator, other], {"AGENTE_ADUANA"})
    una, otra = course.rows
    assert (una.points, una.attempts, una.hints, una.passed) == (9, 5, 1, first)
    assert (una.state, otra.state, course.current) == ("passed", "on", otra)
    assert (of_other.current, of_other.rows[0].state) == (None, "new")


def test_a_check_costs_as_many_queries_whatever_was_done_before(operator, actor):
    def queries() -> int:
        acting_principal = actor()
        with CaptureQueriesContext(connection) as captured:
            check(actor=acting_principal, exercise=exercise())
        return len(captured)

    start(actor=actor(), exercise=exercise())
    first = queries()
    for number in range(10):
        accounts.create_secondary_user(
            actor=actor(),
            username=f"OTRO{number:04}",
            password="Practica01",
            **person(91000000 + number),
        )
        grant(actor, OTHER, *([OPEN] if number % 2 else []), seen=held())
        queries()
    assert queries() == first <= 18


def test_a_number_of_a_constancia_cannot_be_guessed(operator, actor):
    start(actor=actor(), exercise=exercise())
    grant(actor, FREE)
    check(actor=actor(), exercise=exercise())
    number, passed = standing(operator).certificate, standing(operator).passed
    assert (entry_of(number), entry_of(number).operator) == (passed, operator)
    for wrong in (number[:-8] + "00000000", number.replace("PR", "US"), "", "SIM-x"):
        assert entry_of(wrong) is None


def test_a_constancia_is_valid_while_its_key_is_in_the_settings(operator, actor, settings):
    start(actor=actor(), exercise=exercise())
    grant(actor, FREE)
    check(actor=actor(), exercise=exercise())
    passed = standing(operator).passed
    number, settings.SECRET_KEY_FALLBACKS = number_of(passed), [settings.SECRET_KEY]
    settings.SECRET_KEY = "otra-clave"
    assert number_of(passed) != number
    for valid in (number, number_of(passed)):
        assert entry_of(valid) == passed
    settings.SECRET_KEY_FALLBACKS = []
    assert entry_of(number) is None
