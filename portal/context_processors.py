from functools import partial

from django.conf import settings

from portal import demo
from users.unsent import owner_token


def site(request):
    """Whose form a page holds, and in a practice installation its accounts."""
    return {
        "form_owner": partial(owner_token, request.user) if hasattr(request, "user") else "",
        "practice_operators": demo.operators if settings.DEMO else None,
    }
