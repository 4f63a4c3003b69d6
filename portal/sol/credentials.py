"""Credentials that a program sends in the body, without a CSRF token; nothing else is read."""

from functools import wraps

from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from users.forms.sign_in import SignInForm
from users.models import User
from users.signin.sessions import SessionStore


def without_cookies(view):
    """Hide from a view all that the browser sends of its own accord, and exempt it from CSRF checks.

    A form that another site sends then does no more than a program could that never saw the browser.
    """

    @csrf_exempt
    @login_not_required
    @sensitive_post_parameters()
    @wraps(view)
    def wrapped(request, *args, **kwargs):
        request.COOKIES, request.session = {}, SessionStore()
        request.user = AnonymousUser()
        return view(request, *args, **kwargs)

    return wrapped


@sensitive_variables()
def account_of(request, *, ruc: str, username: str, password: str, **options: bool) -> User | None:
    """Return the account of these credentials, by the form and the throttle of Ingreso, or None.

    ``options`` go to the backend. Raises LockedError.
    """
    form = SignInForm(request, {"ruc": ruc, "username": username, "password": password})
    return authenticate(request, **form.cleaned_data, **options) if form.is_valid() else None
