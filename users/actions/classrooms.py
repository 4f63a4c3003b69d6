"""Aulas: practice companies that a trainer opens together, one for each trainee.

All of this is for staff, in practice mode only: every action raises PermissionDenied otherwise, and
ValidationError keyed by argument. Each is about all companies of the aula or about none. Names of
trainees are one text: a line for each company, in their order, which is empty where it has none.
"""

from uuid import UUID, uuid4, uuid5

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from operators.models import Classroom, Operator
from operators.validators import plain_apostrophes
from users.actions import practice
from users.history.recording import Actor, record

MOST_COMPANIES = 60
WRONG_NUMBER = f"Escriba de 1 a {MOST_COMPANIES} empresas"


@sensitive_variables()
def open_classroom(
    *, actor: Actor, name: str, days: int, is_exam: bool = False, **companies
) -> list[practice.PracticeCompany]:
    """Open an aula, of which today is the first day, and add its ``companies``.

    These are the other arguments of ``add_companies``, ``operator_types`` among them.
    """
    classroom = Classroom(name=name, practice_until=practice.last_day(days), is_exam=is_exam)
    classroom.clean_fields()
    return add_companies(actor=actor, classroom=classroom, **companies)


@sensitive_variables()
def add_companies(
    *,
    actor: Actor,
    classroom: Classroom,
    number: int,
    operator_types=None,
    trainees: str = "",
    key: UUID | None = None,
) -> list[practice.PracticeCompany]:
    """Add practice companies to an aula that is open or new; return them with their passwords.

    ``trainees`` are the names of who uses the first ones; an aula that is new has ``operator_types``.
    The same ``key`` again returns the same companies: a form sent twice adds them once. With another
    aula or ``number`` it raises ValidationError.
    """
    classrooms = _classrooms_for(actor)
    if not 1 <= number <= MOST_COMPANIES:
        raise ValidationError({"number": WRONG_NUMBER})
    names = _names(trainees, number)
    # The last is of no company: the same form may have been sent with a larger number.
    keys = [uuid5(key or uuid4(), str(place)) for place in range(number + 1)]
    # The passwords are hashed before the transaction.
    companies = [practice.prepare(each) for each in keys[:number]]
    with transaction.atomic():
        facts = {"practice_until": classroom.practice_until, "is_exam": classroom.is_exam}
        # This waits for another request that has sent the same form, or takes the name.
        locked, is_new = classrooms.get_or_create(facts, name=classroom.name)
        if made := [*filter(None, map(practice.made_with, keys))]:
            of_made = made[0].operator.classroom
            if (of_made, len(made)) != (locked, number):
                raise ValidationError(
                    f"Este formulario ya se envió. Sus empresas están en el aula «{of_made}». Para "
                    "crear otras, ábralo de nuevo."
                )
            return made
        if is_new:
            locked.operator_types.set(operator_types)
        elif classroom.pk is None:
            # It raises, for the name is taken.
            classroom.validate_unique()
        elif not locked.is_open:
            raise ValidationError("El aula está cerrada. Reábrala primero.")
        types = locked.operator_types.all()
        shared = {"classroom": locked, "practice_until": locked.practice_until}
        for company, name in zip(companies, names, strict=True):
            practice.insert(company, actor=actor, operator_types=types, trainee=name, **shared)
        _record("classroom.opened" if is_new else "classroom.enlarged", actor, locked, number)
    return companies


@transaction.atomic
def name_trainees(*, actor: Actor, classroom: Classroom, trainees: str, seen: str) -> int:
    """Write who uses each company, where the name is another than was ``seen``; return how many."""
    companies = [*_classrooms_for(actor).get(pk=classroom.pk).companies.order_by("pk")]
    names, shown = _names(trainees, len(companies)), _names(seen, len(companies))
    changed = 0
    for company, name, was in zip(companies, names, shown, strict=True):
        if name not in (was, company.trainee):
            facts = {"before": {"trainee": company.trainee}, "after": {"trainee": name}}
            company.trainee = name
            company.save(update_fields=["trainee"])
            record("operator.trainee_named", actor=actor, operator=company, **facts)
            changed += 1
    return changed


@transaction.atomic
def reset(*, actor: Actor, classroom: Classroom) -> int:
    """Return the companies that are open to the state of their birth; return how many."""
    classroom = _classrooms_for(actor).get(pk=classroom.pk)
    companies = [each for each in classroom.companies.order_by("pk") if each.is_open]
    for company in companies:
        practice.reset(actor=actor, operator=company)
    return len(companies)


@transaction.atomic
def close(*, actor: Actor, classroom: Classroom) -> int:
    """Close the companies, as ``practice.close``; return how many this call closed."""
    classroom = _classrooms_for(actor).get(pk=classroom.pk)
    closed = practice.close_all(classroom.companies, actor=actor)
    return _record("classroom.closed", actor, classroom, closed)


@transaction.atomic
def reopen(*, actor: Actor, classroom: Classroom, days: int) -> int:
    """Open the companies, or let them stay open, for so many days, of which today is the first.

    Returns how many changed.
    """
    classroom = _classrooms_for(actor).get(pk=classroom.pk)
    classroom.practice_until = practice.last_day(days)
    classroom.save(update_fields=["practice_until"])
    opened = practice.open_all(classroom.companies, actor=actor, until=classroom.practice_until)
    return _record("classroom.reopened", actor, classroom, opened)


def _classrooms_for(actor: Actor) -> QuerySet[Classroom]:
    """Return all aulas, for a trainer; one that is read stays locked until the transaction ends."""
    practice.require_practice_mode()
    if not actor.user.is_staff:
        raise PermissionDenied("Las aulas son del personal del simulador.")
    return Classroom.objects.select_for_update(no_key=True)


def _record(action: str, actor: Actor, classroom: Classroom, companies: int) -> int:
    """Record what was done with so many companies, if it was with any; return how many."""
    if companies:
        facts = {"name": classroom.name, "companies": companies, "is_exam": classroom.is_exam}
        facts["practice_until"] = classroom.practice_until.isoformat()
        record(action, actor=actor, after=facts)
    return companies


def _names(text: str, number: int) -> list[str]:
    """Return a name for each of so many companies, as it is stored; empty where none was given."""
    lines = text.rstrip().splitlines()
    if len(lines) > number:
        raise ValidationError({"trainees": f"Hay {len(lines)} nombres y {number} empresas"})
    field, names = Operator._meta.get_field("trainee"), [""] * number
    for place, line in enumerate(lines):
        try:
            names[place] = field.clean(plain_apostrophes(" ".join(line.split())), None)
        except ValidationError as error:
            said = f"Nombre {place + 1}, «{line[:40]}»: {error.messages[0]}"
            raise ValidationError({"trainees": said}) from error
    return names
