"""The browsers in which an account has signed in before.

Wrong guesses from anywhere can lock an account. A browser in which the account has signed in has a
separate limit (``users.signin.throttle``), so such a lock does not reach it (docs/decisions/0032).

The cookie holds a random name of the browser and, for each of the last accounts that signed in
there, a MAC of name, account and password hash. A new password makes every browser unknown.
"""

import secrets

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from users.models import User

# Enough for a shared machine. The browser sends the cookie with every request, so it stays short.
ACCOUNTS = 8


def name_of_known(request, user: User | None) -> str | None:
    """The name of this browser if the account has signed in with it, or None."""
    if request is None or user is None:
        return None
    name, proofs = _read(request)
    own = _proof(name, user)
    return name if any(constant_time_compare(own, proof) for proof in proofs) else None


def remember(request, user: User) -> None:
    """Make the browser of this request a known browser of the account (see DeviceMiddleware)."""
    request.signed_in_here = user


class DeviceMiddleware:
    """Sets the cookie of a browser for which ``remember`` was called during the request."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if user := getattr(request, "signed_in_here", None):
            name, proofs = _read(request)
            own = _proof(name, user)
            latest = [own, *(proof for proof in proofs if proof != own)][:ACCOUNTS]
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                ".".join([name, *latest]),
                max_age=settings.DEVICE_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _read(request) -> tuple[str, list[str]]:
    """The name and the MACs in the cookie; without a cookie, a new name."""
    name, *proofs = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "").split(".")
    # A client-chosen name is harmless: it cannot be signed.
    return name or secrets.token_urlsafe(12), proofs[:ACCOUNTS]


def _proof(name: str, user: User) -> str:
    bound = f"{name} {user.pk} {user.password}"
    return salted_hmac("users.device", bound, algorithm="sha256").hexdigest()[:32]
