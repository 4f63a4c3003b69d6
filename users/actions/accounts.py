"""Create, correct, suspend, reactivate and eliminate one account."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from users import tenancy
from users.history.recording import Actor, record
from users.models import User, lock_in_order
from users.signin.password_rules import check_password_rules
from users.signin.sessions import delete_sessions
from users.stale import StaleError

PERSON_FIELDS = ("document_type", "document_number", "first_name", "last_name", "email")
EDITABLE_FIELDS = (*PERSON_FIELDS, "valid_from", "valid_until")


@sensitive_variables()
def create_secondary_user(
    *, actor: Actor, username: str, password: str, creation_key: UUID | None = None, **person: str
) -> User:
    """Create a secondary user of the actor's operator, active at once.

    ``person`` takes the PERSON_FIELDS. Raises PermissionDenied unless the actor is a principal,
    and ValidationError keyed by field, ``password`` among them. Two equal calls at the same time
    create one user and raise one error.
    """
    tenancy.require_principal(actor.user)
    user = User(operator=actor.user.operator, username=username, creation_key=creation_key)
    return create_account(user, password, person, actor=actor)


@transaction.atomic
def change_user(*, actor: Actor, user: User, seen: dict, **facts: str | date | None) -> dict:
    """Correct a person's data and validity, the EDITABLE_FIELDS; return the new values.

    ``seen`` are the facts that the screen showed, as ``editable_facts`` returns them. Raises
    StaleError with the current facts if they are no longer ``seen`` and not yet the wanted ones,
    PermissionDenied, and ValidationError keyed by field.
    """
    tenancy.require_power_over(actor.user, user)
    user = tenancy.lock_account(user)
    before = editable_facts(user)
    for field in EDITABLE_FIELDS:
        setattr(user, field, facts[field])
    user.full_clean(exclude=["password"], validate_constraints=False)
    after = editable_facts(user)
    change = data_change(actor, user, before, after)
    if not change["after"]:
        return {}
    if before != seen:
        raise StaleError(before)
    try:
        with transaction.atomic():
            user.save(update_fields=EDITABLE_FIELDS)
    except IntegrityError:
        # Another transaction took the document after full_clean: full_clean now names its holder.
        user.full_clean(exclude=["password"], validate_constraints=False)
        raise
    record("user.changed", **change)
    return change["after"]


def editable_facts(user: User) -> dict:
    """Return the EDITABLE_FIELDS as text, as a form carries them and an audit entry stores them."""
    return {field: str(getattr(user, field) or "") for field in EDITABLE_FIELDS}


def suspend_user(*, actor: Actor, user: User) -> bool:
    """Refuse the account's sign-in until it is reactivated, and close its sessions.

    Returns whether this call changed the state. Raises PermissionDenied and, for an eliminated
    account, ValidationError.
    """
    return _change_state(actor, user, User.State.SUSPENDED)


def reactivate_user(*, actor: Actor, user: User) -> bool:
    """Let a suspended account sign in again. Returns and raises as ``suspend_user``."""
    return _change_state(actor, user, User.State.ACTIVE)


def eliminate_user(*, actor: Actor, user: User) -> bool:
    """Close the account for good; its usuario and document may be used again.

    Returns and raises as ``suspend_user``, and ValidationError for a principal: without one, an
    operator has no administrator.
    """
    return _change_state(actor, user, User.State.ELIMINATED)


@transaction.atomic
def change_states(*, actor: Actor, users: Iterable[User], state: User.State) -> list[User]:
    """Change the state of several users, of all or of none; return those that it changed."""
    users = list(users)
    lock_in_order(User.objects.filter(pk__in=[user.pk for user in users]))
    return [user for user in users if _change_state(actor, user, state)]


@sensitive_variables()
def create_account(user: User, password: str, person: dict[str, str], *, actor: Actor) -> User:
    """Validate and insert an account, whatever its kind; the caller has proved the power.

    Raises as ``prepare_account``.
    """
    prepare_account(user, password, person)
    try:
        insert_account(user, actor=actor)
    except IntegrityError:
        # Another transaction took the usuario or the document after full_clean: ask it again.
        user.full_clean(exclude=["password"], validate_constraints=False)
        raise
    return user


@sensitive_variables()
def prepare_account(user: User, password: str, person: dict[str, str]) -> None:
    """Validate a new account and hash its password; nothing is written.

    The row of its operator need not exist yet. Raises ValidationError keyed by field, and TypeError
    for a field that is not of PERSON_FIELDS.
    """
    if unknown := person.keys() - {*PERSON_FIELDS}:
        raise TypeError(f"unknown fields of a person: {', '.join(sorted(unknown))}")
    for field in PERSON_FIELDS:
        setattr(user, field, person.get(field, ""))
    user.full_clean(exclude=["password", "operator"], validate_constraints=False)
    check_password_rules(password, user)
    user.set_password(password)


@transaction.atomic
def insert_account(user: User, *, actor: Actor) -> None:
    """Insert an account that ``prepare_account`` has validated. Raises IntegrityError."""
    user.save(force_insert=True)
    record(
        "user.created", actor=actor, operator=user.operator, subject=user, after=user_facts(user)
    )


# The audit action of each change of state.
STATE_ACTIONS = {
    User.State.ACTIVE: "user.reactivated",
    User.State.SUSPENDED: "user.suspended",
    User.State.ELIMINATED: "user.eliminated",
}


@transaction.atomic
def _change_state(actor: Actor, user: User, state: User.State) -> bool:
    # The account may have become the principal since the caller read it.
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    tenancy.require_power_over(actor.user, current)
    before = current.state
    refuse_state(current, state)
    user.state = state
    if before == state:
        return False
    user.save(update_fields=["state"])
    if state != User.State.ACTIVE:
        delete_sessions(user)
    record(STATE_ACTIONS[state], **state_change(actor, user, before))
    return True


def refuse_state(user: User, state: str) -> None:
    """Raise ValidationError if the account may not change to that state."""
    if user.is_principal and state == User.State.ELIMINATED:
        raise ValidationError("El usuario principal no se puede eliminar.")
    if user.state == User.State.ELIMINATED != state:
        raise ValidationError("Un usuario eliminado ya no cambia de estado.")


def state_change(actor: Actor, user: User, before: str) -> dict:
    """Return the arguments of ``entry`` for a change of state."""
    return {
        "actor": actor,
        "operator": user.operator,
        "subject": user,
        "before": {"state": before},
        "after": {"state": user.state},
    }


def data_change(actor: Actor, user: User, before: dict, after: dict) -> dict:
    """Return the arguments of ``entry`` for a change of EDITABLE_FIELDS: the changed ones alone."""
    changed = [field for field in EDITABLE_FIELDS if before[field] != after[field]]
    return {
        "actor": actor,
        "operator": user.operator,
        "subject": user,
        "before": {field: before[field] for field in changed},
        "after": {field: after[field] for field in changed},
    }


def user_facts(user: User) -> dict:
    """Return what the audit entry of a new account stores of it."""
    return {
        field: getattr(user, field)
        for field in ("username", *PERSON_FIELDS, "is_principal", "state")
    }
