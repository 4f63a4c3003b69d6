"""Compare a password or a code that a form asks for: each guess is counted before it is compared."""

from django import forms
from django.views.decorators.debug import sensitive_variables

from users.actions import signing_in
from users.address import client_address
from users.forms.second_factor import CodeForm
from users.history.recording import Actor
from users.models import AuditEntry, User
from users.signin import throttle
from users.signin.limits import CODES


@sensitive_variables()
def prove_password(
    request, form: forms.Form, field: str, *, wrong: str = "La clave actual no es correcta"
) -> bool:
    """Return whether the form is valid and the field holds the signed-in user's password.

    A refusal is added to the field. The password is compared even if another field is invalid, so
    that the page shows all errors at once.
    """
    form.full_clean()
    user, password = request.user, form.cleaned_data.get(field)
    if password is None:
        return False
    try:
        with throttle.guess(request, **throttle.name_of(user), event="own_password") as guess:
            guess.is_right = user.check_password(password)
    except throttle.LockedError as locked:
        form.add_error(field, locked.said_to(user))
    else:
        if not guess.is_right:
            form.add_error(field, wrong)
    return form.is_valid()


@sensitive_variables()
def prove_code(request, form: CodeForm, user: User) -> bool:
    """Return whether the valid form holds a right code of the account, and use that code up.

    A refusal is added to the field of the code.
    """
    field = form.given
    actor = Actor(user, AuditEntry.Channel.WEB, client_address(request))
    try:
        with throttle.guess(
            request, **throttle.name_of(user), event="second_factor", lockout=CODES
        ) as guess:
            guess.is_right = signing_in.use_code(actor=actor, code=form.cleaned_data[field])
    except throttle.LockedError as locked:
        form.add_error(field, locked.said_to(user))
    else:
        if not guess.is_right:
            form.add_error(field, form.WRONG[field])
    return form.is_valid()
