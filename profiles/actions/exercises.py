"""Start an exercise, take a hint, check it; load the exercises of a file."""

from dataclasses import replace
from datetime import timedelta
from typing import BinaryIO

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.access.expectations import Catalogue, ExpectationsError, ExpectedUser
from profiles.access.judge import State
from profiles.access.role_needs import roles_for
from profiles.actions.grants import NotOfferedError, load_access
from profiles.exercises import course, judge, reading
from profiles.exercises.checking import problems
from profiles.models import Exercise, Option, Role
from users import tenancy
from users.actions import bulk, operators, practice
from users.history.recording import Actor, record
from users.models import AuditEntry, User

# The clave of every user that the portal prepares: public, as the exercise says it.
CLAVE = "Practica01"
NOT_OFFERED = "Esta práctica no se ofrece a su empresa. Elija otra."
# By how the exercise stands, why it cannot be checked.
NOT_ON = {
    "passed": "Esta práctica ya está lograda. No se comprobó de nuevo.",
    "begun": "Esta práctica ya no está en curso: empezó otra, o la empresa volvió a su inicio.",
    "new": "Esta práctica no está en curso. Si quiere hacerla, presione Empezar.",
}


@sensitive_variables()
def start(*, actor: Actor, exercise: Exercise, session_key: str | None = None) -> None:
    """Return the company to its beginning, and prepare the people of the exercise in it.

    Keeps the token of the company, and the session of ``session_key``. Raises PermissionDenied for
    an actor that is not the principal of an open practice company, and ValidationError if the
    exercise is not offered to the company or a person cannot be prepared.
    """
    operator = _company(actor)
    if course.Course.of(operator).row(exercise.code) is None:
        raise ValidationError(NOT_OFFERED)
    # Hashed once, before the transaction: the clave of all is the same.
    password = make_password(CLAVE)
    try:
        with transaction.atomic():
            practice.reset(actor=actor, operator=operator, session_key=session_key, keep_token=True)
            _prepare(actor, operator, exercise, password)
            record(course.STARTED, actor=actor, operator=operator, after=_facts(exercise))
    except NotOfferedError as error:
        raise ValidationError(NOT_OFFERED) from error


def _prepare(actor: Actor, operator: Operator, exercise: Exercise, password: str) -> None:
    delay = timedelta(hours=exercise.activation_delay)
    operators.set_activation_delay(actor=actor, operator=operator, delay=delay)
    people = [person for person in exercise.persons().values() if not person.is_new]
    users = [person.user(password=password) for person in people]
    bulk.load_accounts(actor=actor, operator=operator, new=users, changed=[])
    granted = Option.objects.granted({code for person in people for code in person.options})
    leaves = {leaf.code: leaf for leaf in granted.for_verdicts()}
    reach, options, roles = Role.objects.offered_to(operator).reach(), [], []
    for user, person in zip(users, people, strict=True):
        # What is no option any more is refused below.
        needed = roles_for([leaves[code] for code in person.options if code in leaves], reach)
        options += [(user, (), person.options)] if person.options else []
        roles += [(user, (), needed)] if needed and person.with_roles else []
    load_access(actor=actor, operator=operator, options=options, roles=roles)


@transaction.atomic
def take_hint(*, actor: Actor, exercise: Exercise, seen: int) -> None:
    """Take the next hint of the exercise that is on.

    ``seen`` says how many the screen showed: the same form sent twice takes one. Raises
    PermissionDenied as ``start``, and ValidationError in an exam, if the exercise is not on, and if
    no hint is left.
    """
    operator, standing = _lock(actor, exercise)
    if operator.is_in_exam:
        raise ValidationError("En un examen no hay pistas.")
    if standing.hints > seen:
        return
    if standing.hints >= len(exercise.hints):
        raise ValidationError("Ya no quedan pistas.")
    record(course.HINT_TAKEN, actor=actor, operator=operator, after=_facts(exercise))


@transaction.atomic
def check(*, actor: Actor, exercise: Exercise) -> AuditEntry:
    """Judge the exercise that is on by the state of the company now; return the entry of the check.

    Its facts hold the results, and if the exercise is passed the points. Raises PermissionDenied as
    ``start``, and ValidationError if the exercise is not on: another was started, the company was
    reset, or it is passed.
    """
    operator, standing = _lock(actor, exercise)
    catalogue, start = Catalogue.current(), standing.start
    try:
        goal = reading.goal_of(exercise, catalogue)
    except ExpectationsError as error:
        # The catalogue has changed since the exercise was loaded.
        raise ValidationError(NOT_OFFERED) from error
    named = [*goal, *map(ExpectedUser, exercise.happened)]
    state = State.of(operator, catalogue, named, leads_from=start.at)
    since = AuditEntry.objects.filter(operator=operator, pk__gt=start.pk, subject__isnull=False)
    done = {*since.values_list("action", "subject__username")}
    # Whom the start eliminated is of an earlier run, and is no user of this one.
    accounts = {
        name: account
        for name, account in state.accounts.items()
        if account.user.state != User.State.ELIMINATED or ("user.eliminated", name) in done
    }
    state = replace(state, accounts=accounts)
    reach = Role.objects.offered_to(operator).reach() if exercise.extra_cost else {}
    results = judge.judge(exercise, goal, state, done, reach)
    if operator.is_in_exam:
        results = [replace(result, why="", remedy=None) for result in results]
    action = course.PASSED if judge.is_passed(results) else course.CHECKED
    facts = {
        **_facts(exercise),
        "done": sum(result.ok for result in results),
        "of": len(results),
        "results": [result.facts() for result in results],
    }
    if action == course.PASSED:
        cost = standing.hints + sum(result.cost for result in results)
        facts |= {
            "points": max(1, exercise.points - cost),
            "most_points": exercise.points,
            # The constancia keeps this name when the company gets another trainee.
            "trainee": operator.trainee,
            "hints": standing.hints,
            "seconds": int((timezone.now() - start.at).total_seconds()),
            "attempts": standing.attempts + 1,
        }
    return record(action, actor=actor, operator=operator, after=facts)


def _company(actor: Actor) -> Operator:
    tenancy.require_principal(actor.user)
    practice.require_open(actor.user.operator)
    return actor.user.operator


def _lock(actor: Actor, exercise: Exercise) -> tuple[Operator, course.Standing]:
    """Return the company, locked, and its standing in the exercise, which is on.

    Raises ValidationError if the exercise is not on.
    """
    operator = practice.lock_open(_company(actor))
    standing = course.Course.of(operator).row(exercise.code)
    if standing is None or not standing.is_on:
        raise ValidationError(NOT_ON[standing.state if standing else "new"])
    return operator, standing


def _facts(exercise: Exercise) -> dict:
    return {"exercise": exercise.code, "title": exercise.title}


def load_exercises(*, actor: Actor, file: BinaryIO) -> list[str]:
    """Create or change the exercises of a file; others stay.

    Returns the codes of those that are new or another: none, if the file was loaded before. Raises
    ExpectationsError with every problem of the file; then nothing is loaded.
    """
    catalogue = Catalogue.current()
    exercises, found = reading.read_file(file, catalogue)
    principal = {"username": practice.USERNAME, **practice.PERSON}
    found += problems(exercises, catalogue, principal)
    if found:
        raise ExpectationsError(found)
    with transaction.atomic():
        known = Exercise.objects.select_for_update(no_key=True).in_bulk()
        last = Exercise.objects.aggregate(last=Max("position"))["last"] or 0
        codes = []
        for exercise in exercises.values():
            before = known.get(exercise.code)
            exercise.position = before.position if before else (last := last + 1)
            if before is None or before.facts() != exercise.facts():
                exercise.save()
                codes.append(exercise.code)
        if codes:
            record("exercises.loaded", actor=actor, after={"codes": codes})
    return codes
