"""Set passwords: reset by an administrator, changed by the account itself."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from users import tenancy
from users.history.recording import Actor, record
from users.models import User
from users.signin import throttle
from users.signin.password_rules import check_password_rules
from users.signin.sessions import delete_sessions


@sensitive_variables()
def reset_password(*, actor: Actor, user: User, password: str, is_temporary: bool = True) -> None:
    """Set a password on another account. An account of an operator changes a temporary one at its
    next sign-in; staff keeps it.

    Closes the account's sessions and lifts its lock. Raises PermissionDenied, and ValidationError
    keyed by ``password``.
    """
    tenancy.require_power_over(actor.user, user)
    if user.state == User.State.ELIMINATED:
        raise ValidationError({"password": "Un usuario eliminado ya no ingresa con clave"})
    _set_password(actor, user, password, "user.password_reset", is_temporary=is_temporary)


@sensitive_variables()
def change_own_password(*, actor: Actor, password: str, session_key: str | None = None) -> None:
    """Change the actor's own password; the caller has just checked the current one.

    Closes the actor's sessions except ``session_key``. Raises ValidationError keyed by ``password``
    for a password that breaks the rule or equals the current one.
    """
    user = actor.user
    if user.check_password(password):
        raise ValidationError({"password": "La clave nueva debe ser distinta de la actual"})
    _set_password(actor, user, password, "user.password_changed", keep=session_key)


@sensitive_variables()
def _set_password(
    actor: Actor,
    user: User,
    password: str,
    action: str,
    *,
    is_temporary: bool = False,
    keep: str | None = None,
) -> None:
    check_password_rules(password, user)
    user.set_password(password)
    user.must_change_password = is_temporary and user.operator_id is not None
    with transaction.atomic():
        if actor.user != user:
            throttle.lift(user)
        tenancy.lock_account(user)
        user.save(update_fields=["password", "must_change_password"])
        delete_sessions(user, keep=keep)
        record(action, actor=actor, operator=user.operator, subject=user)
