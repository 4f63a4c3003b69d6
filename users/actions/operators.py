"""Open and correct operators, name their principal, move their simulated clock."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from users import tenancy
from users.actions.accounts import insert_account, prepare_account
from users.history.recording import Actor, record
from users.models import User, lock_in_order

# The operator of an account whose operator is not saved yet: any but None, which would mean staff.
NOT_SAVED = 0


@sensitive_variables()
def create_operator(
    *,
    actor: Actor,
    ruc: str,
    name: str,
    operator_types,
    username: str,
    password: str,
    **person: str,
) -> Operator:
    """Open an operator together with its principal user. For staff.

    Raises ValidationError keyed by field.
    """
    operator = Operator(ruc=ruc, name=name)
    operator.full_clean()
    principal = prepare_principal(username, password, person)
    return open_operator(
        actor=actor, operator=operator, operator_types=operator_types, principal=principal
    )


@sensitive_variables()
def prepare_principal(username: str, password: str, person: dict[str, str]) -> User:
    """Return the validated principal of an operator that is not saved yet, its password hashed.

    Raises ValidationError keyed by field.
    """
    principal = User(operator_id=NOT_SAVED, username=username, is_principal=True)
    prepare_account(principal, password, person)
    return principal


@transaction.atomic
def open_operator(*, actor: Actor, operator: Operator, operator_types, principal: User) -> Operator:
    """Insert a validated operator and its prepared principal.

    Raises ValidationError keyed by field if another transaction took its RUC.
    """
    try:
        with transaction.atomic():
            operator.save(force_insert=True)
    except IntegrityError:
        # Another transaction opened it after full_clean: full_clean now says so.
        operator.full_clean()
        raise
    operator.operator_types.set(operator_types)
    record("operator.created", actor=actor, operator=operator, after=_operator_facts(operator))
    principal.operator = operator
    insert_account(principal, actor=actor)
    return operator


@transaction.atomic
def change_operator(
    *, actor: Actor, operator: Operator, name: str, operator_types, is_active: bool
) -> None:
    """Correct an operator's name and types, open or close it. For staff.

    The sessions of a closed operator end at their next request. Raises ValidationError keyed by
    field.
    """
    operator = Operator.objects.select_for_update(no_key=True).get(pk=operator.pk)
    before = _operator_facts(operator)
    operator.name, operator.is_active = name, is_active
    operator.full_clean()
    operator.save()
    operator.operator_types.set(operator_types)
    after = _operator_facts(operator)
    if after != before:
        record("operator.changed", actor=actor, operator=operator, before=before, after=after)


@transaction.atomic
def change_principal(*, actor: Actor, user: User, seen: str | None = None) -> bool:
    """Make an account the principal user of its operator. For staff.

    The former principal becomes a secondary user: an operator always has one principal. ``seen`` is
    the principal's usuario that the screen showed. Returns whether this call changed the
    principal. Raises PermissionDenied for an actor who is not staff, and ValidationError when the
    principal is no longer ``seen`` or the account may not sign in.
    """
    if not actor.user.is_staff:
        raise PermissionDenied("Solo el personal nombra al usuario principal de una empresa.")
    operator = Operator.objects.select_for_update(no_key=True).get(pk=user.operator_id)
    former = operator.users.existing().get(is_principal=True)
    lock_in_order(User.objects.filter(pk__in=[former.pk, user.pk]))
    successor = tenancy.lock_account(user)
    if successor == former:
        return False
    if seen is not None and seen != former.username:
        raise ValidationError(
            f"El usuario principal ya cambió mientras tanto: es {former}. Revise y repita."
        )
    if successor.blocks:
        raise ValidationError(f"{user} no puede ser el principal: {successor.blocks[0].label}.")
    former.is_principal, successor.is_principal = False, True
    # In this order: the database allows one principal at a time.
    former.save(update_fields=["is_principal"])
    successor.save(update_fields=["is_principal"])
    record(
        "operator.principal_changed",
        actor=actor,
        operator=operator,
        subject=successor,
        before={"principal": former.username},
        after={"principal": successor.username},
    )
    return True


@transaction.atomic
def advance_clock(
    *, actor: Actor, operator: Operator, by: timedelta, seen: timedelta | None = None
) -> None:
    """Move the operator's simulated clock forward. For staff and, in practice mode, its principal.

    ``seen`` is the offset that the screen showed, so that the same form sent twice moves the clock
    once. Raises PermissionDenied, and ValidationError when the offset is no longer ``seen``, when
    the step is not positive, and beyond MAX_CLOCK_OFFSET.
    """
    offset = _lock_clock(actor, operator).clock_offset
    if seen is not None and seen != offset:
        raise ValidationError("El reloj ya se movió mientras tanto. Revise la hora y repita.")
    if by <= timedelta():
        raise ValidationError("El reloj solo se adelanta. Para atrasarlo, vuelva a la hora real.")
    if by > Operator.MAX_CLOCK_OFFSET - offset:
        raise ValidationError(
            f"El reloj puede adelantarse hasta {Operator.MAX_CLOCK_OFFSET.days} días en total."
        )
    _set_clock(actor, operator, offset, offset + by)


@transaction.atomic
def return_to_real_time(*, actor: Actor, operator: Operator) -> None:
    """Reset the operator's simulated clock. Raises PermissionDenied as ``advance_clock``."""
    _set_clock(actor, operator, _lock_clock(actor, operator).clock_offset, timedelta())


@transaction.atomic
def set_activation_delay(*, actor: Actor, operator: Operator, delay: timedelta) -> None:
    """Set how long a new grant takes to have effect.

    Raises PermissionDenied as ``advance_clock``, and ValidationError for a delay that is not offered.
    """
    before = _lock_clock(actor, operator).activation_delay
    operator.activation_delay = delay
    operator.full_clean()
    if before != delay:
        operator.save(update_fields=["activation_delay"])
        record(
            "operator.delay_changed",
            actor=actor,
            operator=operator,
            before={"activation_delay": str(before)},
            after={"activation_delay": str(delay)},
        )


def _lock_clock(actor: Actor, operator: Operator) -> Operator:
    own = settings.DEMO and actor.user.is_principal and actor.user.operator_id == operator.pk
    if not (actor.user.is_staff or own):
        raise PermissionDenied("El reloj de la empresa lo mueve el personal del simulador.")
    return Operator.objects.select_for_update(no_key=True).get(pk=operator.pk)


def _set_clock(actor: Actor, operator: Operator, before: timedelta, after: timedelta) -> None:
    operator.clock_offset = after
    if before != after:
        operator.save(update_fields=["clock_offset"])
        record(
            "operator.clock_moved",
            actor=actor,
            operator=operator,
            before={"clock_offset": str(before)},
            after={"clock_offset": str(after)},
        )


def _operator_facts(operator: Operator) -> dict:
    facts = {
        "ruc": operator.ruc,
        "name": operator.name,
        "operator_types": sorted(operator.operator_types.values_list("code", flat=True)),
        "is_active": operator.is_active,
    }
    if operator.is_practice:
        facts["practice_until"] = operator.practice_until.isoformat()
    return facts
