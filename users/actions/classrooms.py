"""Aulas: practice companies that a trainer opens together, one for each trainee.

All of this is for staff, in practice mode only: every action raises PermissionDenied otherwise, and
ValidationError keyed by argument. Each is about all companies of the aula or about none.
"""

from collections.abc import Sequence
from itertools import zip_longest
from uuid import UUID, uuid4, uuid5

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from operators.models import Classroom, Operator
from operators.validators import plain_apostrophes
from users.actions import practice
from users.actions.practice import PracticeCompany
from users.history.recording import Actor, record
from users.models import lock_in_order

MOST_COMPANIES = 60
OTHER_FORM = (
    "Este formulario ya se envió. Sus empresas están en el aula «{}». Para crear otras, ábralo de "
    "nuevo."
)
WRONG_NUMBER = f"Escriba de 1 a {MOST_COMPANIES} empresas"


@sensitive_variables()
def open_classroom(
    *, actor: Actor, name: str, operator_types, days: int, is_exam: bool = False, **companies
) -> list[PracticeCompany]:
    """Open an aula, of which today is the first day; return its ``companies`` as ``add_companies``."""
    classroom = Classroom(name=name, practice_until=practice.last_day(days), is_exam=is_exam)
    classroom.clean_fields()
    return add_companies(
        actor=actor, classroom=classroom, operator_types=operator_types, **companies
    )


@sensitive_variables()
def add_companies(
    *,
    actor: Actor,
    classroom: Classroom,
    number: int,
    operator_types=None,
    trainees: Sequence[str] = (),
    key: UUID | None = None,
) -> list[PracticeCompany]:
    """Add practice companies to an aula that is open or new; return them with their passwords.

    ``trainees`` are the names of who uses the first ones; an aula that is new has ``operator_types``.
    The same ``key`` again returns the same companies: a form sent twice adds them once. With another
    aula or ``number`` it raises ValidationError.
    """
    _require_trainer(actor)
    if not 1 <= number <= MOST_COMPANIES:
        raise ValidationError({"number": WRONG_NUMBER})
    names = _names(trainees, number)
    key = key or uuid4()
    if made := _made_with(key, classroom, number):
        return made
    # The passwords are hashed before the transaction.
    companies = [practice.prepare(uuid5(key, str(place))) for place in range(number)]
    try:
        with transaction.atomic():
            if is_new := classroom.pk is None:
                classroom.validate_unique()
                classroom.save()
                classroom.operator_types.set(operator_types)
            elif not (classroom := _locked(classroom)).is_open:
                raise ValidationError("El aula está cerrada. Reábrala primero.")
            for company, name in zip(companies, names, strict=True):
                practice.insert(
                    company,
                    actor=actor,
                    operator_types=classroom.operator_types.all(),
                    classroom=classroom,
                    practice_until=classroom.practice_until,
                    trainee=name,
                )
            done = "classroom.opened" if is_new else "classroom.enlarged"
            _record(done, actor, classroom, number)
    except (ValidationError, IntegrityError):
        # Another request sent the same form, or took the name meanwhile.
        if made := _made_with(key, classroom, number):
            return made
        if is_new:
            classroom.pk = None
            classroom.validate_unique()
        raise
    return companies


@transaction.atomic
def name_trainees(
    *, actor: Actor, classroom: Classroom, trainees: Sequence[str], seen: Sequence[str]
) -> int:
    """Write who uses each company, in their order, where the name is another than was ``seen``.

    Returns how many names this call changed.
    """
    _require_trainer(actor)
    companies = classroom.companies.filter(pk__in=lock_in_order(classroom.companies))
    companies = [*companies.order_by("pk")]
    names, changed = _names(trainees, len(companies)), 0
    for company, name, was in zip_longest(companies, names, seen, fillvalue=""):
        if company and name not in (was, company.trainee):
            facts = {"before": {"trainee": company.trainee}, "after": {"trainee": name}}
            company.trainee = name
            company.save(update_fields=["trainee"])
            record("operator.trainee_named", actor=actor, operator=company, **facts)
            changed += 1
    return changed


@transaction.atomic
def reset(*, actor: Actor, classroom: Classroom) -> int:
    """Return the companies that are open to the state of their birth; return how many."""
    _require_trainer(actor)
    companies = [each for each in _locked(classroom).companies.order_by("pk") if each.is_open]
    for company in companies:
        practice.reset(actor=actor, operator=company)
    return len(companies)


@transaction.atomic
def close(*, actor: Actor, classroom: Classroom) -> int:
    """Close the companies, as ``practice.close``; return how many this call closed."""
    _require_trainer(actor)
    closed = practice.close_all(_locked(classroom).companies, actor=actor)
    if closed:
        _record("classroom.closed", actor, classroom, closed)
    return closed


@transaction.atomic
def reopen(*, actor: Actor, classroom: Classroom, days: int) -> int:
    """Open the companies for so many days, of which today is the first; return how many changed."""
    _require_trainer(actor)
    classroom = _locked(classroom)
    classroom.practice_until = practice.last_day(days)
    classroom.save(update_fields=["practice_until"])
    opened = practice.open_all(classroom.companies, actor=actor, until=classroom.practice_until)
    if opened:
        _record("classroom.reopened", actor, classroom, opened)
    return opened


def _require_trainer(actor: Actor) -> None:
    practice.require_practice_mode()
    if not actor.user.is_staff:
        raise PermissionDenied("Las aulas son del personal del simulador.")


@sensitive_variables()
def _made_with(key: UUID, classroom: Classroom, number: int) -> list[PracticeCompany]:
    """Return the companies that were added with the key; none if it is new.

    Raises ValidationError if they are of another aula, or not so many.
    """
    # One place more: there may be more than so many.
    keys = [uuid5(key, str(place)) for place in range(number + 1)]
    made = [*filter(None, map(practice.made_with, keys))]
    if made:
        name = made[0].operator.classroom.name
        if (name, len(made)) != (classroom.name, number):
            raise ValidationError(OTHER_FORM.format(name))
    return made


def _locked(classroom: Classroom) -> Classroom:
    return Classroom.objects.select_for_update(no_key=True).get(pk=classroom.pk)


def _record(action: str, actor: Actor, classroom: Classroom, companies: int) -> None:
    facts = {"name": classroom.name, "companies": companies, "is_exam": classroom.is_exam}
    facts["practice_until"] = classroom.practice_until.isoformat()
    record(action, actor=actor, after=facts)


def _names(trainees: Sequence[str], number: int) -> list[str]:
    """Return a name for each of so many companies, as it is stored; empty where none was given."""
    if len(trainees) > number:
        raise ValidationError({"trainees": f"Hay {len(trainees)} nombres y {number} empresas"})
    field, names = Operator._meta.get_field("trainee"), [""] * number
    for place, name in enumerate(trainees):
        try:
            names[place] = field.clean(plain_apostrophes(" ".join(name.split())), None)
        except ValidationError as error:
            said = f"Nombre {place + 1}, «{name[:40]}»: {error.messages[0]}"
            raise ValidationError({"trainees": said}) from error
    return names
