"""What ``startproject`` would say, over the portal's own accounts and its database.

Served by the same server, without the portal's middleware, sessions, templates and log.
"""

from pathlib import Path

import portal.settings as portal

SECRET_KEY = portal.SECRET_KEY
ALLOWED_HOSTS = portal.ALLOWED_HOSTS
DATABASES = portal.DATABASES
DEFAULT_AUTO_FIELD = portal.DEFAULT_AUTO_FIELD
AUTH_USER_MODEL = portal.AUTH_USER_MODEL
# Nobody signs in here by name: the session is made beforehand.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]
USERNAME_LENGTH = portal.USERNAME_LENGTH
LANGUAGE_CODE = portal.LANGUAGE_CODE
TIME_ZONE = portal.TIME_ZONE
ROOT_URLCONF = "tests.bench.bare"

INSTALLED_APPS = [
    "users",
    "operators",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
