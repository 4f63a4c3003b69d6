"""A pending sign-in: the password was right, the code of the second factor is still to come.

The session names the account, which is not signed in yet, with a hash of its password. A new
password or any block of the account voids the pending sign-in, and so do a few minutes.
"""

from datetime import datetime

from django.conf import settings
from django.contrib.auth import load_backend
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from users.models import User
from users.signin import throttle

KEY = "half_way"


def begin(request, user: User) -> None:
    """Make the sign-in of an account that ``authenticate`` returned pending."""
    # Rotate the key to prevent session fixation.
    request.session.cycle_key()
    request.session[KEY] = noted(user)
    throttle.report_pending(request, user)


def noted(user: User) -> dict[str, str | int]:
    """Return what a pending sign-in stores of an account that ``authenticate`` returned."""
    return {
        "user": user.pk,
        "backend": user.backend,
        "door": "admin:login" if user.is_staff else "users:sign_in",
        "clave": user.get_session_auth_hash(),
        "until": (timezone.now() + settings.SECOND_FACTOR_SIGN_IN_AGE).isoformat(),
    }


def end(request) -> bool:
    """End the pending sign-in; return whether there was one, expired or not."""
    return request.session.pop(KEY, None) is not None


def sign_in_page(request) -> str:
    """The URL name of the page where the password was typed."""
    return request.session.get(KEY, {}).get("door", "users:sign_in")


def user_of(request) -> User | None:
    """The account of the pending sign-in, ready for ``login``; None if there is none."""
    user = account_of(request.session.get(KEY))
    return user if user and user.has_second_factor else None


def account_of(state: dict | None) -> User | None:
    """Return the account that ``noted`` stored, ready for ``login``; None if it is void or expired."""
    if state is None or timezone.now() >= datetime.fromisoformat(state["until"]):
        return None
    user = load_backend(state["backend"]).get_user(state["user"])
    if user is None:
        return None
    if not constant_time_compare(user.get_session_auth_hash(), state["clave"]):
        return None
    user.backend = state["backend"]
    user.previous_sign_in = user.last_login
    # The message after sign-in leaves this attempt out, which counts as failed until then.
    user.failed_sign_ins = max(0, user.failed_sign_ins - 1)
    return user
