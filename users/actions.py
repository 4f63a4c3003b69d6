"""What happens to accounts: the only code that writes users and operators.

Each action is one transaction that ends with its audit entry. It refuses what the rules forbid,
whoever calls it (a screen, the administration, a command), with ValidationError or
PermissionDenied, and then nothing is written. Claves are hashed before the transaction begins: a
hash takes long, and on SQLite a transaction holds the only write lock. (Opening an operator is the
exception: rare, and its principal needs the operator's row first.)
"""

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from users import tenancy
from users.history.recording import Actor, entry, record, record_all
from users.models import AuditEntry, KnownNeighbours, RecoveryCode, SecondFactor, Session, User
from users.signin import second_factor, throttle

PERSON_FIELDS = ("document_type", "document_number", "first_name", "last_name", "email")
EDITABLE_FIELDS = (*PERSON_FIELDS, "valid_from", "valid_until")
WRONG_CODE = "Ese código no es correcto o ya se usó. Espere el siguiente y escríbalo"


class StaleUserError(Exception):
    """Somebody changed the account after the screen was shown; ``current`` holds its facts."""

    def __init__(self, current: dict) -> None:
        super().__init__(", ".join(current))
        self.current = current


@sensitive_variables()
def create_secondary_user(
    *, actor: Actor, username: str, password: str, creation_key: UUID | None = None, **person: str
) -> User:
    """Generate a secondary user of the actor's operator, active at once.

    ``person`` takes the PERSON_FIELDS. Raises ValidationError keyed by field, ``password`` among
    them; two equal calls at once give one user and one error.
    """
    tenancy.require_principal(actor.user)
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


@transaction.atomic
def change_user(*, actor: Actor, user: User, seen: dict, **facts: str | date | None) -> dict:
    """Correct a person's data and validity, the EDITABLE_FIELDS; returns what changed.

    ``seen`` are the facts on the screen where they were edited, as ``editable_facts`` gives them.
    If they have changed since, nothing is written and StaleUserError tells the present ones;
    unless they are already the wanted ones. Raises ValidationError keyed by field.
    """
    tenancy.require_power_over(actor.user, user)
    user = _lock(user)
    before = editable_facts(user)
    for field in EDITABLE_FIELDS:
        setattr(user, field, facts[field])
    user.full_clean(exclude=["password"], validate_constraints=False)
    after = editable_facts(user)
    change = _changed(actor, user, before, after)
    if not change["after"]:
        return {}
    if before != seen:
        raise StaleUserError(before)
    try:
        with transaction.atomic():
            user.save(update_fields=EDITABLE_FIELDS)
    except IntegrityError:
        # Somebody took the document since full_clean looked: it says who.
        user.full_clean(exclude=["password"], validate_constraints=False)
        raise
    record("user.changed", **change)
    return change["after"]


def editable_facts(user: User) -> dict:
    """The EDITABLE_FIELDS as text, the way they travel in a form and stand in an entry."""
    return {field: str(getattr(user, field) or "") for field in EDITABLE_FIELDS}


def suspend_user(*, actor: Actor, user: User) -> bool:
    """Keep the user from signing in until reactivated, and close his sessions.

    Like the other changes of state: true if it was changed by this call.
    """
    return _change_state(actor, user, User.State.SUSPENDED)


def reactivate_user(*, actor: Actor, user: User) -> bool:
    return _change_state(actor, user, User.State.ACTIVE)


def eliminate_user(*, actor: Actor, user: User) -> bool:
    """Close the account for good; its usuario and document may be used again.

    A principal is never eliminated: an operator would be left with nobody to administer it.
    """
    return _change_state(actor, user, User.State.ELIMINATED)


@transaction.atomic
def change_states(*, actor: Actor, users: Iterable[User], state: User.State) -> list[User]:
    """Bring several users to one state, all of them or none; returns those that were in another."""
    return [user for user in users if _change_state(actor, user, state)]


@transaction.atomic
def load_accounts(
    *, actor: Actor, operator: Operator, new: list[User], changed: list[tuple[User, dict]]
) -> None:
    """Make and correct many secondary users of one operator: what the single actions would do.

    ``new`` are accounts not yet saved, their claves already hashed by whoever checked them;
    ``changed`` are under the caller's lock, as they stand there, each with what shall be other of
    its EDITABLE_FIELDS and state. Each leaves the entries of the single actions. Raises
    PermissionDenied for a principal, ValidationError for the first account that breaks a rule, and
    IntegrityError for one that somebody else made meanwhile.
    """
    tenancy.require_administrator_of(actor.user, operator)
    neighbours = KnownNeighbours(
        operator,
        [user.username for user in new],
        [user.document_number for user in new]
        + [facts.get("document_number", user.document_number) for user, facts in changed],
    )
    entries = _load_new(actor, operator, new, neighbours)
    for user, facts in changed:
        tenancy.require_power_over(actor.user, user)
        if user.is_principal:
            raise PermissionDenied("La carga es de usuarios secundarios.")
        entries += _load_change(actor, operator, user, facts, neighbours)
    closing = [user for user, _ in changed if user.state != User.State.ACTIVE]
    Session.objects.filter(user__in=closing).delete()
    record_all(entries)


@sensitive_variables()
def reset_password(*, actor: Actor, user: User, password: str) -> None:
    """Give an operator's account a temporary clave, to be changed at the next sign-in.

    Closes the user's sessions and lifts his lock. Raises ValidationError keyed by ``password``.
    """
    tenancy.require_power_over(actor.user, user)
    if user.state == User.State.ELIMINATED:
        raise ValidationError({"password": "Un usuario eliminado ya no ingresa con clave"})
    _set_password(actor, user, password, "user.password_reset", must_change=True)


@sensitive_variables()
def change_own_password(*, actor: Actor, password: str, session_key: str | None = None) -> None:
    """Change the clave of an operator's account by its owner, who has just proved the old one.

    Closes his sessions but the one named. Raises ValidationError keyed by ``password``: by the
    rule, and for the clave that he has already.
    """
    user = actor.user
    if user.check_password(password):
        raise ValidationError({"password": "La clave nueva debe ser distinta de la actual"})
    _set_password(
        actor, user, password, "user.password_changed", must_change=False, keep=session_key
    )


@transaction.atomic
def unlock_user(*, actor: Actor, user: User) -> bool:
    """Let the user try again at once, whoever used up his attempts; true if he was locked.

    For whoever has power over him, and for staff among themselves.
    """
    if user.operator is not None or not actor.user.is_staff:
        tenancy.require_power_over(actor.user, user)
    if not throttle.lift(user):
        return False
    if user.operator is not None:
        record("user.unlocked", actor=actor, operator=user.operator, subject=user)
    return True


@sensitive_variables()
@transaction.atomic
def turn_on_second_factor(
    *, actor: Actor, secret: str, code: str, session_key: str | None = None
) -> list[str]:
    """Ask the actor for a code at each sign-in from now on; returns his recovery codes.

    Closes his sessions but the one named. Raises ValidationError keyed by ``code`` if it is not one
    of the secret's, and without a key if he has a second factor already.
    """
    user = _lock(actor.user)
    if user.has_second_factor:
        raise ValidationError("El segundo factor ya está activado.")
    step = second_factor.step_of(code, secret)
    if step is None:
        raise ValidationError({"code": WRONG_CODE})
    SecondFactor.objects.create(user=user, sealed_secret=second_factor.seal(secret), last_step=step)
    codes = _renew_recovery_codes(user, secret)
    closed = _close_sessions(user, keep=session_key)
    record(
        "user.second_factor_on",
        actor=actor,
        operator=user.operator,
        subject=user,
        after={"recovery_codes": len(codes), "sessions": closed},
    )
    return codes


@transaction.atomic
def turn_off_second_factor(*, actor: Actor, user: User) -> bool:
    """Ask an account for its clave alone again; true if it was asked for more.

    One's own, which its owner has just proved to be his: his wrong codes are forgotten. That of
    whomever one has power over; that of staff, for superusers: the lock of the account is lifted.
    """
    of_staff = user.operator is None
    if actor.user != user and not (of_staff and actor.user.is_superuser):
        tenancy.require_power_over(actor.user, user)
    factor = _lock_factor(user)
    if factor is None:
        return False
    factor.delete()
    if actor.user == user:
        # The lock of his clave and of his RUC is for others to lift.
        throttle.forget_codes(user)
    else:
        throttle.lift(user)
    record("user.second_factor_off", actor=actor, operator=user.operator, subject=user)
    return True


@sensitive_variables()
@transaction.atomic
def make_recovery_codes(*, actor: Actor) -> list[str]:
    """New recovery codes for the actor, who has just proved his clave; the former ones are void.

    Raises ValidationError without a second factor.
    """
    factor = _lock_factor(actor.user)
    if factor is None:
        raise ValidationError("Active primero el segundo factor.")
    before = factor.recovery_codes.count()
    codes = _renew_recovery_codes(actor.user, second_factor.unseal(factor.sealed_secret))
    record(
        "recovery_codes.made",
        actor=actor,
        operator=actor.user.operator,
        subject=actor.user,
        before={"recovery_codes": before},
        after={"recovery_codes": len(codes)},
    )
    return codes


@sensitive_variables()
@transaction.atomic
def use_code(*, actor: Actor, code: str) -> bool:
    """Take a code of the actor's app, or a recovery code of his: each once; true if it was right."""
    factor = _lock_factor(actor.user)
    if factor is None:
        return False
    secret = second_factor.unseal(factor.sealed_secret)
    if second_factor.APP_CODE.fullmatch(code):
        step = second_factor.step_of(code, secret)
        if step is None or step <= factor.last_step:
            return False
        factor.last_step = step
        factor.save(update_fields=["last_step"])
        return True
    digest = second_factor.recovery_digest(code, secret)
    before = factor.recovery_codes.count()
    if not factor.recovery_codes.filter(digest=digest).delete()[0]:
        return False
    record(
        "recovery_code.used",
        actor=actor,
        operator=actor.user.operator,
        subject=actor.user,
        before={"recovery_codes": before},
        after={"recovery_codes": before - 1},
    )
    return True


@transaction.atomic
def seal_secrets_anew() -> int:
    """Seal every secret with the key in use, before a former one is given up; returns how many."""
    factors = SecondFactor.objects.select_for_update()
    for factor in factors:
        secret = second_factor.unseal(factor.sealed_secret)
        factor.sealed_secret = second_factor.seal(secret)
        factor.save(update_fields=["sealed_secret"])
    return len(factors)


@transaction.atomic
def close_sessions(
    *, actor: Actor, user: User, public_id: str | None = None, keep: str | None = None
) -> int:
    """Close one session of an account, or all of them but the key to keep; returns how many."""
    if actor.user != user:
        tenancy.require_power_over(actor.user, user)
    closed = _close_sessions(user, [public_id] if public_id else None, keep=keep)
    if closed:
        record(
            "user.sessions_closed",
            actor=actor,
            operator=user.operator,
            subject=user,
            before={"sessions": closed},
        )
    return closed


@transaction.atomic
def change_principal(*, actor: Actor, user: User, seen: str | None = None) -> bool:
    """Name another account of its operator the principal user. For staff.

    The former one stays as a secondary user: an operator is never left without a principal. True
    if it was another one; ``seen`` is his usuario on the screen that asks. Raises ValidationError
    if he has changed since, and for a user who may not sign in.
    """
    if not actor.user.is_staff:
        raise PermissionDenied("Solo el personal nombra al usuario principal de una empresa.")
    operator = Operator.objects.select_for_update().get(pk=user.operator_id)
    former = operator.users.existing().select_for_update().get(is_principal=True)
    successor = _lock(user)
    if successor == former:
        return False
    if seen is not None and seen != former.username:
        raise ValidationError(
            f"El usuario principal ya cambió mientras tanto: es {former}. Revise y repita."
        )
    if successor.bars:
        raise ValidationError(f"{user} no puede ser el principal: {successor.bars[0].label}.")
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

    ``seen`` is how far ahead it ran on the screen that asks: the same form sent twice moves it
    once. Raises ValidationError for that, for a step that is not forward, and for one beyond
    MAX_CLOCK_OFFSET.
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
    _set_clock(actor, operator, _lock_clock(actor, operator).clock_offset, timedelta())


@transaction.atomic
def set_activation_delay(*, actor: Actor, operator: Operator, delay: timedelta) -> None:
    """How long a new grant takes to have effect. For whom the clock is, too."""
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
    return Operator.objects.select_for_update().get(pk=operator.pk)


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


def _lock(user: User) -> User:
    """The row of the user, under the lock by which two editors of the same user take turns."""
    user = User.objects.select_for_update(of=("self",)).select_related("operator").get(pk=user.pk)
    if user.state == User.State.ELIMINATED:
        raise PermissionDenied("Ese usuario fue eliminado.")
    return user


@sensitive_variables()
def _set_password(
    actor: Actor,
    user: User,
    password: str,
    action: str,
    *,
    must_change: bool,
    keep: str | None = None,
) -> None:
    _check_password(password, user)
    user.set_password(password)
    user.must_change_password = must_change
    with transaction.atomic():
        if must_change:
            throttle.lift(user)
        _lock(user)
        user.save(update_fields=["password", "must_change_password"])
        _close_sessions(user, keep=keep)
        record(action, actor=actor, operator=user.operator, subject=user)


def _lock_factor(user: User) -> SecondFactor | None:
    """The user's second factor, under the lock by which each code counts once."""
    return SecondFactor.objects.select_for_update().filter(user=user).first()


@sensitive_variables()
def _renew_recovery_codes(user: User, secret: str) -> list[str]:
    codes = second_factor.new_recovery_codes()
    RecoveryCode.objects.filter(factor=user.pk).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor_id=user.pk, digest=second_factor.recovery_digest(code, secret))
        for code in codes
    )
    return codes


def _close_sessions(
    user: User, public_ids: list[str] | None = None, *, keep: str | None = None
) -> int:
    closing = [
        session.pk
        for session in Session.objects.filter(user=user).exclude(pk=keep)
        if public_ids is None or session.public_id in public_ids
    ]
    Session.objects.filter(pk__in=closing).delete()
    return len(closing)


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


# What each change of state is called in the history.
STATE_ACTIONS = {
    User.State.ACTIVE: "user.reactivated",
    User.State.SUSPENDED: "user.suspended",
    User.State.ELIMINATED: "user.eliminated",
}


@transaction.atomic
def _change_state(actor: Actor, user: User, state: User.State) -> bool:
    # Who may be a principal by now, whatever he was when he was looked up.
    current = User.objects.select_for_update().get(pk=user.pk)
    tenancy.require_power_over(actor.user, current)
    before = current.state
    _refuse_state(current, state)
    user.state = state
    if before == state:
        return False
    user.save(update_fields=["state"])
    if state != User.State.ACTIVE:
        _close_sessions(user)
    record(STATE_ACTIONS[state], **_changed_state(actor, user, before))
    return True


def _refuse_state(user: User, state: str) -> None:
    """Raise ValidationError if an account that stands as ``user`` does may not come to be in it."""
    if user.is_principal and state == User.State.ELIMINATED:
        raise ValidationError("El usuario principal no se puede eliminar.")
    if user.state == User.State.ELIMINATED != state:
        raise ValidationError("Un usuario eliminado ya no cambia de estado.")


def _changed_state(actor: Actor, user: User, before: str) -> dict:
    """What the entry of a change of state says."""
    return {
        "actor": actor,
        "operator": user.operator,
        "subject": user,
        "before": {"state": before},
        "after": {"state": user.state},
    }


def _changed(actor: Actor, user: User, before: dict, after: dict) -> dict:
    """What the entry of a change of EDITABLE_FIELDS says: those that are other, if any."""
    changed = [field for field in EDITABLE_FIELDS if before[field] != after[field]]
    return {
        "actor": actor,
        "operator": user.operator,
        "subject": user,
        "before": {field: before[field] for field in changed},
        "after": {field: after[field] for field in changed},
    }


def _load_new(
    actor: Actor, operator: Operator, new: list[User], neighbours: KnownNeighbours
) -> list[AuditEntry]:
    """Write the new accounts; returns their entries, the ones of the single actions in turn."""
    for user in new:
        user.operator, user.neighbours = operator, neighbours
        user.full_clean(exclude=["password", "operator"], validate_constraints=False)
        # A clave that nobody hashed must not get into the table.
        identify_hasher(user.password)
        user.index()
    User.objects.bulk_create(new)
    entries = []
    for user in new:
        made = {**_user_facts(user), "state": User.State.ACTIVE}
        entries.append(
            entry("user.created", actor=actor, operator=operator, subject=user, after=made)
        )
        facts = editable_facts(user)
        always = {**facts, "valid_from": "", "valid_until": ""}
        entries += _entries_of_change(actor, user, always, User.State.ACTIVE)
    return entries


def _load_change(
    actor: Actor, operator: Operator, user: User, facts: dict, neighbours: KnownNeighbours
) -> list[AuditEntry]:
    before, state = editable_facts(user), user.state
    _refuse_state(user, facts.get("state", state))
    for field, value in facts.items():
        setattr(user, field, value)
    user.operator, user.neighbours = operator, neighbours
    if not facts.keys().isdisjoint(EDITABLE_FIELDS):
        user.full_clean(exclude=["password", "operator"], validate_constraints=False)
    user.save(update_fields=[*facts])
    return _entries_of_change(actor, user, before, state)


def _entries_of_change(actor: Actor, user: User, before: dict, state: str) -> list[AuditEntry]:
    """The entries of what became other than these facts and this state."""
    entries = []
    if (change := _changed(actor, user, before, editable_facts(user)))["after"]:
        entries.append(entry("user.changed", **change))
    if user.state != state:
        entries.append(entry(STATE_ACTIONS[user.state], **_changed_state(actor, user, state)))
    return entries


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
