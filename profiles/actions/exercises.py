"""Start an exercise, take a hint, check it; load the exercises of a file."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import BinaryIO

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.access.expectations import Catalogue, ExpectationsError
from profiles.access.judge import State
from profiles.access.role_needs import roles_for
from profiles.actions.grants import NotOfferedError, load_access
from profiles.exercises import progress, reading
from profiles.exercises.checking import problems
from profiles.exercises.course import Course
from profiles.exercises.judge import CHANGES, Event, Result, judge
from profiles.models import Exercise, Option, Role
from users import tenancy
from users.actions import bulk, operators, practice
from users.history.recording import Actor, record
from users.models import AuditEntry

NOT_ON = "Esta práctica no está en curso. Si quiere hacerla, presione Empezar."
NOT_OFFERED = "Esta práctica no se ofrece a su empresa. Elija otra."


@sensitive_variables()
def start(*, actor: Actor, exercise: Exercise, session_key: str | None = None) -> None:
    """Return the company to its beginning, and prepare the people of the exercise in it.

    Keeps the token of the company, and the session of ``session_key``. Raises PermissionDenied for
    an actor that is not the principal of an open practice company, and ValidationError if the
    exercise is not offered to the company or a person cannot be prepared.
    """
    operator = _company(actor)
    if Course.of(operator).row(exercise.code) is None:
        raise ValidationError(NOT_OFFERED)
    definition = reading.read(exercise.definition, Catalogue.current())
    # Hashed once, before the transaction: the clave of all is the same.
    password = make_password(reading.CLAVE) if definition.people else ""
    try:
        with transaction.atomic():
            practice.reset(actor=actor, operator=operator, session_key=session_key, keep_token=True)
            _prepare(actor, operator, definition, password)
            record("practice.started", actor=actor, operator=operator, after=_facts(exercise))
    except NotOfferedError as error:
        raise ValidationError(NOT_OFFERED) from error


def _prepare(actor: Actor, operator: Operator, definition: reading.Definition, password) -> None:
    delay = timedelta(hours=definition.activation_delay)
    operators.set_activation_delay(actor=actor, operator=operator, delay=delay)
    new = [person.user(password=password) for person in definition.people]
    bulk.load_accounts(actor=actor, operator=operator, new=new, changed=[])
    granted = Option.objects.granted({code for row in definition.people for code in row.options})
    leaves = {leaf.code: leaf for leaf in granted.for_verdicts()}
    reach, options, roles = _reach(operator), [], []
    for user, row in zip(new, definition.people, strict=True):
        if row.options:
            options.append((user, (), row.options))
        needed = roles_for([leaves[code] for code in row.options], reach)
        if needed and row.with_roles:
            roles.append((user, (), needed))
    load_access(actor=actor, operator=operator, options=options, roles=roles)


@transaction.atomic
def take_hint(*, actor: Actor, exercise: Exercise, seen: int) -> int:
    """Take the next hint of the exercise that is on; return how many were taken.

    ``seen`` says how many the screen showed: the same form sent twice takes one. Raises
    PermissionDenied as ``start``, and ValidationError in an exam, if the exercise is not on, and if
    no hint is left.
    """
    operator, run = _lock(actor, exercise)
    if operator.is_in_exam:
        raise ValidationError("En un examen no hay pistas.")
    if run.hints > seen:
        return run.hints
    if run.hints >= len(exercise.definition.get("hints", [])):
        raise ValidationError("Ya no quedan pistas.")
    record("practice.hint_taken", actor=actor, operator=operator, after=_facts(exercise))
    return run.hints + 1


@dataclass(frozen=True)
class Check:
    """The results of a check; ``passed`` is the entry by which the exercise is passed, or None."""

    results: list[Result]
    passed: AuditEntry | None


@transaction.atomic
def check(*, actor: Actor, exercise: Exercise) -> Check:
    """Judge the exercise that is on by the state of the company now.

    Raises PermissionDenied as ``start``, and ValidationError if the exercise is not on: another
    was started, the company was reset, or it is passed.
    """
    operator, run = _lock(actor, exercise)
    catalogue = Catalogue.current()
    definition = reading.read(exercise.definition, catalogue)
    state = State.of(operator, catalogue, definition.goal, leads_from=run.started)
    reach = _reach(operator) if definition.extra_cost else {}
    results = judge(definition, state, _events(operator, run, definition), reach)
    if operator.is_in_exam:
        results = [replace(result, why="", remedy=None) for result in results]
    facts = _facts(exercise)
    if all(result.ok or result.cost for result in results):
        cost = run.hints + sum(result.cost for result in results)
        facts |= {
            "points": max(1, definition.points - cost),
            # The constancia keeps this name when the company gets another trainee.
            "trainee": operator.trainee,
            "hints": run.hints,
            "seconds": int((timezone.now() - run.started).total_seconds()),
            "attempts": run.attempts + 1,
        }
        passed = record("practice.passed", actor=actor, operator=operator, after=facts)
        return Check(results, passed)
    missing = [result.sentence for result in results if not result.ok]
    facts |= {"done": len(results) - len(missing), "of": len(results), "missing": missing}
    record("practice.checked", actor=actor, operator=operator, after=facts)
    return Check(results, None)


def _events(operator: Operator, run: progress.Run, definition: reading.Definition) -> list[Event]:
    """Return what the history holds, since the start, of the users that an exercise asks about."""
    names = {*definition.untouched, *(each.username for each in definition.happened)}
    if not names:
        return []
    asked = AuditEntry.objects.filter(
        operator=operator,
        pk__gt=run.entry,
        action__in={*CHANGES, *(each.action for each in definition.happened)},
        subject__username__in=names,
    )
    columns = ("action", "subject__username", "before", "after")
    return [Event(*row) for row in asked.order_by("at", "pk").values_list(*columns)]


def _reach(operator: Operator) -> dict[str, int]:
    """Return how many options each role of the operator opens in the catalogue."""
    roles = Role.objects.offered_to(operator).annotate(reach=Count("options"))
    return dict(roles.values_list("code", "reach"))


def _company(actor: Actor) -> Operator:
    tenancy.require_principal(actor.user)
    practice.require_open(actor.user.operator)
    return actor.user.operator


def _lock(actor: Actor, exercise: Exercise) -> tuple[Operator, progress.Run]:
    """Return the company, locked, and its run of the exercise. Raises ValidationError without one."""
    operator = practice.lock_open(_company(actor))
    run = progress.of_company(operator).run
    if run is None or run.exercise != exercise.code:
        raise ValidationError(NOT_ON)
    return operator, run


def _facts(exercise: Exercise) -> dict:
    return {"exercise": exercise.code, "title": exercise.title}


def load_exercises(*, actor: Actor, file: BinaryIO) -> list[str]:
    """Create or change the exercises of a file; others stay.

    Returns the codes of those that are new or another: none, if the file was loaded before. Raises
    ExpectationsError with every problem of the file; then nothing is loaded.
    """
    catalogue = Catalogue.current()
    rows = reading.read_file(file, catalogue)
    principal = reading.Person(
        practice.USERNAME, **{key: practice.PERSON[key] for key in reading.PERSON_KEYS}
    )
    if found := [*problems([definition for definition, _ in rows], catalogue, principal)]:
        raise ExpectationsError(found)
    with transaction.atomic():
        known = Exercise.objects.select_for_update(no_key=True).in_bulk()
        last = Exercise.objects.aggregate(last=Max("position"))["last"] or 0
        codes = []
        for row, table in rows:
            exercise = known.get(row.code) or Exercise(code=row.code, position=(last := last + 1))
            if exercise.definition != table:
                codes.append(row.code)
                exercise.title, exercise.is_retired = row.title, row.retired
                exercise.definition = table
                exercise.save()
        if codes:
            record("exercises.loaded", actor=actor, after={"codes": codes})
    return codes
