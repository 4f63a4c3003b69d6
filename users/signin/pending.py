"""Between the right clave and the code of the second factor: nobody is signed in yet.

Who it was stands in the session, on the server, with a proof of the clave: another clave, or any
block of the account, voids it. It lasts a few minutes.
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
    """Remember whom a door has just let through (``authenticate``)."""
    # A key that somebody else has put into this browser is of no more use to him.
    request.session.cycle_key()
    request.session[KEY] = {
        "user": user.pk,
        "backend": user.backend,
        "door": "admin:login" if user.is_staff else "users:sign_in",
        "clave": user.get_session_auth_hash(),
        "until": (timezone.now() + settings.SECOND_FACTOR_SIGN_IN_AGE).isoformat(),
    }
    throttle.report_pending(request, user)


def end(request) -> bool:
    """Forget it; true if there was anything to forget."""
    return request.session.pop(KEY, None) is not None


def door(request) -> str:
    """The name of the page where the clave was given."""
    return request.session.get(KEY, {}).get("door", "users:sign_in")


def user_of(request) -> User | None:
    """Who has yet to give a code in this session, ready for ``login``."""
    state = request.session.get(KEY)
    if state is None or timezone.now() >= datetime.fromisoformat(state["until"]):
        return None
    user = load_backend(state["backend"]).get_user(state["user"])
    if user is None or not user.has_second_factor:
        return None
    if not constant_time_compare(user.get_session_auth_hash(), state["clave"]):
        return None
    user.backend = state["backend"]
    user.previous_sign_in = user.last_login
    # He is told of the others: this one has not failed when he is in.
    user.failed_sign_ins = max(0, user.failed_sign_ins - 1)
    return user
