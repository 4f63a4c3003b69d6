"""Every setting of the portal, in one file; what differs between machines comes from the environment."""

from datetime import timedelta
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# What kind of installation this is --------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)

# A practice installation: demo data may be loaded and the sign-in page lists its accounts,
# whose claves are public. Never on a machine that holds anybody's real work.
DEMO = env.bool("DEMO", default=False)

# Sessions of a practice installation are worth nothing, so its key may be public.
SECRET_KEY = (
    env.str("SECRET_KEY", default="django-insecure-practica")
    if DEMO or DEBUG
    else env.str("SECRET_KEY")
)

ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEMO or DEBUG else []
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Domain -----------------------------------------------------------------------------------------

# Characters of a usuario of an operator. The real portal asks for exactly 8: docs/fidelity.md.
USERNAME_LENGTH = 8

# Carga masiva: what one file may weigh and hold, and how long a plan is kept with its claves.
# A longer file is loaded in parts; whoever leaves a plan for another day makes it anew.
LOAD_MAX_BYTES = 8 * 1024**2
LOAD_MAX_ROWS = 10_000
LOAD_PLAN_AGE = timedelta(hours=24)
# A file that is too long is cut while it arrives: it never fills the disk.
FILE_UPLOAD_HANDLERS = [
    "profiles.load.upload.CuttingUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Applications -----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal",
    "profiles",
    "users",
    "operators",
    "crispy_forms",
    "crispy_bootstrap5",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.NeverStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "users.middleware.SignInRequiredMiddleware",
    "portal.middleware.PlainRequestMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
        },
    },
]

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# Database ---------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # With Django's defaults half of the transactions of 8 concurrent writers end in "database is
    # locked": one that reads first cannot upgrade to a write. IMMEDIATE takes the write lock at
    # the start; FULL keeps every commit through a power loss.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }

# Accounts ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"

# Two doors that cannot cross: Django picks the backend whose authenticate() takes the credentials
# given, RUC + usuario + clave for operators, usuario + password for staff.
AUTHENTICATION_BACKENDS = ["users.backends.OperatorBackend", "users.backends.StaffBackend"]

PASSWORD_HASHERS = ["users.hashers.PinnedArgon2PasswordHasher"]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "users.validators.OperatorPasswordValidator"},
    {"NAME": "users.validators.StaffPasswordValidator"},
]

LOGIN_URL = "users:sign_in"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "users:sign_in"

# auth.W004 asks for a unique USERNAME_FIELD. A usuario is unique within its operator only, by a
# database constraint, and both backends look accounts up inside their own door.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# The real portal closes a session after some 20 minutes without activity: docs/fidelity.md.
SESSION_COOKIE_AGE = 20 * 60
SESSION_ENGINE = "users.sessions"
SESSION_SAVE_EVERY_REQUEST = True
# The cookie outlives the session, so that whoever comes back late can be told what happened.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A form kept through a new sign-in (users/unsent.py) is worth a working day.
UNSENT_FORM_MAX_AGE = 8 * 60 * 60
SESSION_COOKIE_NAME = "sessionid" if DEMO or DEBUG else "__Host-sessionid"

# Transport --------------------------------------------------------------------------------------

# A practice installation answers on plain http at the loopback address; any other one only on TLS.
TLS_ONLY = not (DEMO or DEBUG)
SECURE_SSL_REDIRECT = TLS_ONLY
SESSION_COOKIE_SECURE = TLS_ONLY
CSRF_COOKIE_SECURE = TLS_ONLY
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if TLS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS_ONLY
SECURE_HSTS_PRELOAD = TLS_ONLY
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.views.csrf_failure"

# Language and time ------------------------------------------------------------------------------

LANGUAGE_CODE = "es-pe"
USE_I18N = True
TIME_ZONE = "America/Lima"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]

# Static files -----------------------------------------------------------------------------------

STATIC_URL = "static/"
# A practice installation is served straight from the source tree, with no collectstatic.
WHITENOISE_USE_FINDERS = DEMO or DEBUG
STATIC_ROOT = None if WHITENOISE_USE_FINDERS else BASE_DIR / "staticfiles"
