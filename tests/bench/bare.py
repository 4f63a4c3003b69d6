"""What ``startproject`` writes, over the portal's database: the least that a list of users costs."""

from pathlib import Path

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.urls import path

from portal import settings as portal


def of_django(names: list[str]) -> list[str]:
    return [name for name in names if name.startswith("django.")]


SECRET_KEY = portal.SECRET_KEY
ALLOWED_HOSTS = portal.ALLOWED_HOSTS
DATABASES = portal.DATABASES
AUTH_USER_MODEL = portal.AUTH_USER_MODEL
SILENCED_SYSTEM_CHECKS = ["auth.E003"]  # no user signs in here by name
ROOT_URLCONF = __name__
INSTALLED_APPS = ["users", "operators", *of_django(portal.INSTALLED_APPS)]
MIDDLEWARE = of_django(portal.MIDDLEWARE)
OPTIONS = {"context_processors": of_django(portal.TEMPLATES[0]["OPTIONS"]["context_processors"])}
TEMPLATES = [portal.TEMPLATES[0] | {"DIRS": [Path(__file__).parent], "OPTIONS": OPTIONS}]


def enter(request):
    """Without ``login``, whose signal the portal answers."""
    user = get_user_model().objects.first()
    request.session[SESSION_KEY] = str(user.pk)
    request.session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    return page(request)


@login_required
def page(request):
    return render(request, "bare.html", {"users": get_user_model().objects.order_by("pk")[:20]})


urlpatterns = [path("", page), path("enter/", enter)]
