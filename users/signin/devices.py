"""The browsers in which an account has signed in before.

Whoever guesses from elsewhere can use up the failures that an account is allowed. A browser that
its owner used keeps an allowance of its own (``users.signin.throttle``), so nobody keeps him out of it.

The cookie holds a random name of the browser and, for each of the last accounts that signed in
there, a proof that binds name, account and clave. Another clave makes every browser a stranger.
"""

import secrets

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from users.models import User

# A shared machine; more would make the cookie a burden on every request.
ACCOUNTS = 8


def name_of_known(request, user: User | None) -> str | None:
    """The name of this browser, if the account has signed in in it; else None."""
    if request is None or user is None:
        return None
    name, proofs = _read(request)
    own = _proof(name, user)
    return name if any(constant_time_compare(own, proof) for proof in proofs) else None


def remember(request, user: User) -> None:
    """Let the answer to this request make its browser a known one of the account."""
    request.signed_in_here = user


class DeviceMiddleware:
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
    """The name and the proofs of this browser; of one without a cookie, a new name."""
    name, *proofs = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "").split(".")
    # With a name of his own choice nobody has a proof to go with it.
    return name or secrets.token_urlsafe(12), proofs[:ACCOUNTS]


def _proof(name: str, user: User) -> str:
    bound = f"{name} {user.pk} {user.password}"
    return salted_hmac("users.device", bound, algorithm="sha256").hexdigest()[:32]
