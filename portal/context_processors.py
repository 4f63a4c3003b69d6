from functools import partial

from django.conf import settings

from portal import demo
from profiles.views.exercises import bar_of
from users.signin.sessions import end_of
from users.signin.unsent import owner_token


def site(request):
    """Add the owner of the page's forms, the end of the session and, with DEMO, the practice
    accounts and the exercise that is on."""
    signed_in = hasattr(request, "user") and request.user.is_authenticated
    return {
        "session_end": end_of(request.session) if signed_in else None,
        "form_owner": partial(owner_token, request.user) if hasattr(request, "user") else "",
        "practice_operators": demo.operators if settings.DEMO else None,
        "exercise_on": partial(bar_of, request.user) if settings.DEMO and signed_in else None,
    }
