"""The code that ends a sign-in at a door without cookies: it opens one session, once.

A code is the key of a row in the table of sessions that belongs to no browser and holds a pending
sign-in. As a session cookie it is worth nothing, and the key of a session is no code. Another
password or any block of the account voids it, and so do five minutes.
"""

from django.conf import settings

from users.models import Session, User
from users.signin import pending, throttle
from users.signin.sessions import SessionStore

KEY = "code_for"


def issue(request, user: User) -> str:
    """Return a code for an account that ``authenticate`` returned, and log the right password."""
    row = SessionStore()
    row[KEY] = pending.noted(user)
    row.set_expiry(settings.SECOND_FACTOR_SIGN_IN_AGE)
    row.create()
    throttle.report_pending(request, user)
    return row.session_key


def redeem(code: str) -> User | None:
    """Use a code up and return its account, ready for ``login``; None for a void or unknown code."""
    state = SessionStore(code).get(KEY)
    # Of several requests with one code, one deletes the row.
    if state is None or not Session.objects.filter(pk=code).delete()[0]:
        return None
    return pending.account_of(state)
