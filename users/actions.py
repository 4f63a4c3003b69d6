"""What happens to accounts: the only code that writes users and operators.

Each action is one transaction that ends with its audit entry. It refuses what the rules forbid,
whoever calls it (a screen, the administration, a command), with ValidationError or
PermissionDenied, and then nothing is written. Claves are hashed before the transaction begins: a
hash takes long, and on SQLite a transaction holds the only write lock. (Opening an operator is the
exception: rare, and its principal needs the operator's row first.)
"""

from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from users import access
from users.audit import Actor, record
from users.models import User

PERSON_FIELDS = ("document_type", "document_number", "first_name", "last_name", "email")


@sensitive_variables()
def create_secondary_user(
    *, actor: Actor, username: str, password: str, creation_key: UUID | None = None, **person: str
) -> User:
    """Generate a secondary user of the actor's operator, active at once.

    ``person`` takes the PERSON_FIELDS. Raises ValidationError keyed by field, ``password`` among
    them; two equal calls at once give one user and one error.
    """
    access.require_principal(actor.user)
    user = User(operator=actor.user.operator, username=username, creation_key=creation_key)
    return _create_account(user, password, person, actor=actor)


@sensitive_variables()
@transaction.atomic
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
    try:
        with transaction.atomic():
            operator.save()
    except IntegrityError:
        # Somebody opened it since full_clean looked: it says so.
        operator.pk = None
        operator.full_clean()
        raise
    operator.operator_types.set(operator_types)
    record("operator.created", actor=actor, operator=operator, after=_operator_facts(operator))
    principal = User(operator=operator, username=username, is_principal=True)
    _create_account(principal, password, person, actor=actor)
    return operator


@transaction.atomic
def change_operator(
    *, actor: Actor, operator: Operator, name: str, operator_types, is_active: bool
) -> None:
    """Correct an operator's name and types, open or close it. For staff.

    A closed operator's users are out at their next request.
    """
    operator = Operator.objects.select_for_update().get(pk=operator.pk)
    before = _operator_facts(operator)
    operator.name, operator.is_active = name, is_active
    operator.full_clean()
    operator.save()
    operator.operator_types.set(operator_types)
    after = _operator_facts(operator)
    if after != before:
        record("operator.changed", actor=actor, operator=operator, before=before, after=after)


def suspend_user(*, actor: Actor, user: User) -> None:
    """Keep the user from signing in until reactivated; whoever is in is out at the next request."""
    _change_state(actor, user, User.State.SUSPENDED, "user.suspended")


def reactivate_user(*, actor: Actor, user: User) -> None:
    _change_state(actor, user, User.State.ACTIVE, "user.reactivated")


def eliminate_user(*, actor: Actor, user: User) -> None:
    """Close the account for good; its usuario and document may be used again.

    A principal is never eliminated: an operator would be left with nobody to administer it.
    """
    if user.is_principal:
        raise ValidationError("El usuario principal no se puede eliminar.")
    _change_state(actor, user, User.State.ELIMINATED, "user.eliminated")


@sensitive_variables()
def set_password(*, actor: Actor, user: User, password: str) -> None:
    """Give an operator's account another clave. Raises ValidationError keyed by ``password``."""
    access.require_power_over(actor.user, user)
    _check_password(password, user)
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        record("user.password_set", actor=actor, operator=user.operator, subject=user)


@sensitive_variables()
def _create_account(user: User, password: str, person: dict[str, str], *, actor: Actor) -> User:
    for field in PERSON_FIELDS:
        setattr(user, field, person.pop(field, ""))
    if person:
        raise TypeError(f"unknown fields of a person: {', '.join(person)}")
    user.full_clean(exclude=["password"], validate_constraints=False)
    _check_password(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            record(
                "user.created",
                actor=actor,
                operator=user.operator,
                subject=user,
                after=_user_facts(user),
            )
    except IntegrityError:
        # Somebody took the usuario or the document since full_clean looked: it names which.
        user.pk = None
        user.full_clean(exclude=["password"], validate_constraints=False)
        raise
    return user


@sensitive_variables()
def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error


@transaction.atomic
def _change_state(actor: Actor, user: User, state: User.State, action: str) -> None:
    access.require_power_over(actor.user, user)
    before = User.objects.select_for_update().get(pk=user.pk).state
    if before == User.State.ELIMINATED != state:
        raise ValidationError("Un usuario eliminado ya no cambia de estado.")
    user.state = state
    if before == state:
        return
    user.save(update_fields=["state"])
    record(
        action,
        actor=actor,
        operator=user.operator,
        subject=user,
        before={"state": before},
        after={"state": state},
    )


def _operator_facts(operator: Operator) -> dict:
    return {
        "ruc": operator.ruc,
        "name": operator.name,
        "operator_types": sorted(operator.operator_types.values_list("code", flat=True)),
        "is_active": operator.is_active,
    }


def _user_facts(user: User) -> dict:
    return {
        field: getattr(user, field)
        for field in ("username", *PERSON_FIELDS, "is_principal", "state")
    }
