"""Unlock accounts, turn second factors on and off, close sessions."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from users import tenancy
from users.history.recording import Actor, record
from users.models import RecoveryCode, SecondFactor, User
from users.signin import second_factor, throttle
from users.signin.sessions import delete_sessions

WRONG_CODE = "Ese código no es correcto o ya se usó. Espere el siguiente y escríbalo"


@transaction.atomic
def unlock_user(*, actor: Actor, user: User) -> bool:
    """Lift the account's lock after failed sign-ins; return whether it was locked.

    Raises PermissionDenied for an actor without power over the account.
    """
    tenancy.require_power_over(actor.user, user)
    if not throttle.lift(user):
        return False
    record("user.unlocked", actor=actor, operator=user.operator, subject=user)
    return True


@sensitive_variables()
@transaction.atomic
def turn_on_second_factor(
    *, actor: Actor, secret: str, code: str, session_key: str | None = None
) -> list[str]:
    """Require a code at each sign-in of the actor from now on; return the recovery codes.

    Closes the actor's sessions except ``session_key``. Raises ValidationError keyed by ``code`` if
    the code is not one of the secret's, and without a key if a second factor is on already.
    """
    user = tenancy.lock_account(actor.user)
    if user.has_second_factor:
        raise ValidationError("El segundo factor ya está activado.")
    step = second_factor.step_of(code, secret)
    if step is None:
        raise ValidationError({"code": WRONG_CODE})
    SecondFactor.objects.create(user=user, sealed_secret=second_factor.seal(secret), last_step=step)
    codes = _renew_recovery_codes(user, secret)
    closed = delete_sessions(user, keep=session_key)
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
    """Require the password alone again; return whether a second factor was on.

    The actor's own: the caller has just checked the password, and the wrong codes are reset.
    Another account's, for an actor with power over it: its lock is lifted. Raises PermissionDenied.
    """
    if actor.user != user:
        tenancy.require_power_over(actor.user, user)
    factor = _lock_factor(user)
    if factor is None:
        return False
    factor.delete()
    if actor.user == user:
        # The locks of the password and of the RUC stay: others lift them.
        throttle.forget_codes(user)
    else:
        throttle.lift(user)
    record("user.second_factor_off", actor=actor, operator=user.operator, subject=user)
    return True


@sensitive_variables()
@transaction.atomic
def make_recovery_codes(*, actor: Actor) -> list[str]:
    """Replace the actor's recovery codes; the caller has just checked the password.

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
    """Use up a code of the actor's app or a recovery code; return whether it was valid."""
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
def seal_secrets_anew(*, actor: Actor) -> int:
    """Seal every secret with the key in use, before a former key is dropped; return how many."""
    factors = SecondFactor.objects.select_for_update(no_key=True)
    for factor in factors:
        secret = second_factor.unseal(factor.sealed_secret)
        factor.sealed_secret = second_factor.seal(secret)
        factor.save(update_fields=["sealed_secret"])
    record("second_factors.resealed", actor=actor, after={"second_factors": len(factors)})
    return len(factors)


@transaction.atomic
def close_sessions(
    *, actor: Actor, user: User, public_id: str | None = None, keep: str | None = None
) -> int:
    """Close one session of an account, or all of them except ``keep``; return how many.

    Raises PermissionDenied for another account over which the actor has no power.
    """
    if actor.user != user:
        tenancy.require_power_over(actor.user, user)
    closed = delete_sessions(user, [public_id] if public_id else None, keep=keep)
    if closed:
        record(
            "user.sessions_closed",
            actor=actor,
            operator=user.operator,
            subject=user,
            before={"sessions": closed},
        )
    return closed


def _lock_factor(user: User) -> SecondFactor | None:
    """Return the user's second factor with its row locked, so that each code is used once."""
    return SecondFactor.objects.select_for_update(no_key=True).filter(user=user).first()


@sensitive_variables()
def _renew_recovery_codes(user: User, secret: str) -> list[str]:
    codes = second_factor.new_recovery_codes()
    RecoveryCode.objects.filter(factor=user.pk).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor_id=user.pk, digest=second_factor.recovery_digest(code, secret))
        for code in codes
    )
    return codes
