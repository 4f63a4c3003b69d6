from functools import partial

from django.conf import settings

from portal import demo
from users.signin.sessions import end_of
from users.signin.unsent import owner_token


def site(request):
    """Whose form a page holds, until when its session lasts, and in a practice installation the
    accounts."""
    signed_in = hasattr(request, "user") and request.user.is_authenticated
    return {
        "session_end": end_of(request.session) if signed_in else None,
        "form_owner": partial(owner_token, request.user) if hasattr(request, "user") else "",
        "practice_operators": demo.operators if settings.DEMO else None,
    }
