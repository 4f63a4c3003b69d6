"""Every setting of the portal, in one file; what differs between machines comes from the environment."""

import os
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def flag(name: str, *, default: bool = False) -> bool:
    """What it says, if it is there. Anything else than true or false may be meant either way."""
    value = env.str(name, default=str(default).lower())
    if value not in ("true", "false"):
        raise ImproperlyConfigured(f"{name} debe ser true o false, en minúsculas: dice «{value}».")
    return value == "true"


# What kind of installation this is --------------------------------------------------------------

# A practice installation: demo data may be loaded and the sign-in page lists its accounts,
# whose claves are public. Never on a machine that holds anybody's real work.
DEMO = flag("DEMO")

# Django's pages for whoever develops, with its own words and the code that failed.
DEBUG = flag("DEBUG")
if DEBUG and not DEMO:
    raise ImproperlyConfigured(
        "DEBUG=true muestra el interior del programa: solo se acepta con DEMO=true."
    )

# Sessions of a practice installation are worth nothing, so its key may be public.
SECRET_KEY = env.str("SECRET_KEY", default="django-insecure-practica" if DEMO else "")
# Keys of before a rotation: what they signed still counts, and nothing new is signed with them.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
for key in [] if DEMO else [SECRET_KEY, *SECRET_KEY_FALLBACKS]:
    if len(key) < 50 or len(set(key)) < 5 or key.startswith("django-insecure"):
        raise ImproperlyConfigured(
            "SECRET_KEY falta, es corta o es la de ejemplo. Son 50 caracteres al azar o más: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "[::1]"] if DEMO else [])
if not DEMO and (not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS):
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS debe decir con qué nombres se llega al portal, separados por comas, y no *: "
        "ALLOWED_HOSTS=portal.ejemplo.pe"
    )
# Whoever watches over the process from beside it does not know its names.
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "127.0.0.1"]
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
    "portal.admin_config.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    # Its templates of widgets, beside which ours stand.
    "django.forms",
]

MIDDLEWARE = [
    "portal.middleware.RequestNumberMiddleware",
    "portal.middleware.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.NeverStoreMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "users.middleware.SignInRequiredMiddleware",
    "portal.middleware.ErrorPageMiddleware",
    "portal.middleware.PlainRequestMiddleware",
    "portal.middleware.OverloadMiddleware",
    "users.signin.devices.DeviceMiddleware",
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

# Forms are drawn by our own template pack, templates/forms/: docs/decisions/0058.
CRISPY_TEMPLATE_PACK = CRISPY_ALLOWED_TEMPLATE_PACKS = "forms"
CRISPY_FAIL_SILENTLY = False

FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database ---------------------------------------------------------------------------------------

DATABASES = {"default": env.db("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}")}
# A connection lives on from request to request; one that died meanwhile is made anew.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # With Django's defaults half of the transactions of 8 concurrent writers end in "database is
    # locked": one that reads first cannot upgrade to a write. IMMEDIATE takes the write lock at
    # the start; FULL keeps every commit through a power loss. A cache of 2 MiB for each thread of
    # each worker would hold the same pages sixteen times; the system holds them once.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
        "PRAGMA cache_size=-512;",
    }

# Accounts ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"

# Two doors that cannot cross: Django picks the backend whose authenticate() takes the credentials
# given, RUC + usuario + clave for operators, usuario + password for staff.
AUTHENTICATION_BACKENDS = [
    "users.signin.backends.OperatorBackend",
    "users.signin.backends.StaffBackend",
]

PASSWORD_HASHERS = ["users.signin.hashers.PinnedArgon2PasswordHasher"]

# Hashes at once in one process, and how many seconds one more waits for its turn before the answer
# is 503. Each takes a core and 19 MiB, which the process keeps: more than there are cores would
# only wait for one another.
HASHES_AT_ONCE = os.cpu_count() or 1
HASHING_WAIT = 3

# The guide's rule says nothing of claves that others would try first (users/signin/guessable.py). They are
# taken, and advised against, unless this refuses them.
REFUSE_GUESSABLE_CLAVES = flag("REFUSE_GUESSABLE_CLAVES")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "users.signin.password_rules.OperatorPasswordValidator"},
    {"NAME": "users.signin.password_rules.StaffPasswordValidator"},
]

LOGIN_URL = "users:sign_in"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "users:sign_in"

# auth.W004 asks for a unique USERNAME_FIELD. A usuario is unique within its operator only, by a
# database constraint, and both backends look accounts up inside their own door.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# Guesses at a clave (users/signin/throttle.py; docs/decisions/0010 has the arithmetic). After so many
# failures in a row of one account a wait, longer each time, never so long that a stranger could
# keep anybody out for good; forgotten after a night.
SIGN_IN_FAILURES = 5
SIGN_IN_WAITS = [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)]
SIGN_IN_MEMORY = timedelta(hours=12)
# One clave tried on many accounts: per minute from one address (an office behind one), per hour
# in one company.
SIGN_IN_FAILURES_PER_ADDRESS = 25
SIGN_IN_FAILURES_PER_RUC = 50

# The second factor (docs/decisions/0039). Whoever guesses at its codes has the clave already, so the
# waits grow to a day: then five guesses a day are heard, of which one in 333,333 is right.
SECOND_FACTOR_WAITS = [*SIGN_IN_WAITS, timedelta(hours=1), timedelta(days=1)]
# From the right clave to the code, and from the secret on the page to the code that turns it on.
SECOND_FACTOR_SIGN_IN_AGE = timedelta(minutes=5)
SECOND_FACTOR_OFFER_AGE = timedelta(minutes=30)
# Staff without one is led to turn it on, and nowhere else.
STAFF_SECOND_FACTOR_REQUIRED = flag("STAFF_SECOND_FACTOR_REQUIRED", default=not DEMO)

# A browser in which an account has signed in keeps an allowance of its own, half a year long.
DEVICE_COOKIE_NAME = "device" if DEMO else "__Host-device"
DEVICE_COOKIE_AGE = 180 * 24 * 60 * 60

# The networks of the proxies in front of the portal: only what they add to X-Forwarded-For is
# believed. Empty: the address is that of the connection.
TRUSTED_PROXIES = [ip_network(network) for network in env.list("TRUSTED_PROXIES", default=[])]

# The real portal closes a session after some 20 minutes without activity: docs/fidelity.md.
SESSION_COOKIE_AGE = 20 * 60
# However busy, a session ends after a working day.
SESSION_ABSOLUTE_AGE = timedelta(hours=8)
SESSION_ENGINE = "users.signin.sessions"
# Activity is written down at most so often: on SQLite each writing waits for the disk, and for all
# others, which took longer than the rest of a page. A session may end so much early, never late.
SESSION_SAVED_EVERY = timedelta(minutes=1)
# The cookie outlives the session, so that whoever comes back late can be told what happened.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A form kept through a new sign-in (users/signin/unsent.py) is worth a working day.
UNSENT_FORM_MAX_AGE = 8 * 60 * 60
# What was said to one person is gone with his session, not kept for the next one.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "sessionid" if DEMO else "__Host-sessionid"

# Transport --------------------------------------------------------------------------------------

# A practice installation answers on plain http at the loopback address; any other one only on TLS.
TLS_ONLY = not DEMO
SECURE_SSL_REDIRECT = TLS_ONLY
# Whoever watches over the process asks it from beside it, on plain http.
SECURE_REDIRECT_EXEMPT = [r"^salud/"]
# Whether TLS ends at a proxy of ours. It must set this header itself, whatever its client sent.
if flag("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = TLS_ONLY
CSRF_COOKIE_SECURE = TLS_ONLY
CSRF_COOKIE_NAME = "__Host-csrftoken" if TLS_ONLY else "csrftoken"
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if TLS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = TLS_ONLY
SECURE_HSTS_PRELOAD = TLS_ONLY
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"

# On every answer, the administration's too: nothing runs, loads or is sent but from and to here.
# The QR code of a second factor is in its page, as a data: image.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# A file of users somewhat too long still gets its answer in its form.
MAX_REQUEST_BYTES = 4 * LOAD_MAX_BYTES

# Log --------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"portal.logs.{'Text' if DEMO else 'Json'}Formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # No mail: who reads the log is told by the log.
        "django": {"handlers": []},
        # Each request has a line of its own, so of Django's only the failures are wanted.
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "CRITICAL"},
        # Anybody may send any Host, as often as he likes.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Loading the practice data is a hundred actions, and whoever rehearses has the Historial.
        "users.audit": {"level": "WARNING" if DEMO else "INFO"},
    },
}
DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.reports.SecretsFilter"

# Language and time ------------------------------------------------------------------------------

LANGUAGE_CODE = "es-pe"
USE_I18N = True
TIME_ZONE = "America/Lima"
USE_TZ = True
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]

# Static files -----------------------------------------------------------------------------------

STATIC_URL = "static/"
# No other site is to use our files.
WHITENOISE_ALLOW_ALL_ORIGINS = False
# A practice installation is served straight from the source tree, with no collectstatic.
WHITENOISE_USE_FINDERS = DEMO
STATIC_ROOT = None if DEMO else BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEMO
        # Names that change with the content, kept by browsers for ever, compressed beforehand.
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
