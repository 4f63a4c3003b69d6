"""All settings of the portal; what differs between installations comes from the environment."""

import os
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from portal import environment

BASE_DIR = Path(__file__).resolve().parent.parent

environment.read(BASE_DIR / ".env")

# What kind of installation this is --------------------------------------------------------------

# A practice installation: demo data may be loaded, and the sign-in page lists its accounts with
# their public passwords. Never on a machine with real data.
DEMO = environment.flag("DEMO")

# Django's error pages for developers, in English and with the code that failed.
DEBUG = environment.flag("DEBUG")
if DEBUG and not DEMO:
    raise ImproperlyConfigured(
        "DEBUG=true muestra el interior del programa: solo se acepta con DEMO=true."
    )

# The key of a practice installation may be public: its sessions are worth nothing.
SECRET_KEY = environment.text("SECRET_KEY", default="django-insecure-practica" if DEMO else "")
# Keys from before a rotation: they verify old signatures and sign nothing new.
SECRET_KEY_FALLBACKS = environment.items("SECRET_KEY_FALLBACKS")
for key in [] if DEMO else [SECRET_KEY, *SECRET_KEY_FALLBACKS]:
    if len(key) < 50 or len(set(key)) < 5 or key.startswith("django-insecure"):
        raise ImproperlyConfigured(
            "SECRET_KEY, o una de SECRET_KEY_FALLBACKS, falta, es corta o es la de ejemplo. Son 50 "
            "caracteres al azar o más: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )

ALLOWED_HOSTS = environment.hosts("ALLOWED_HOSTS", default=["localhost", "[::1]"] if DEMO else [])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "ALLOWED_HOSTS debe decir con qué nombres se llega al portal, separados por comas: "
        "ALLOWED_HOSTS=portal.ejemplo.pe"
    )
# A health check on the same machine uses the loopback address.
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "127.0.0.1"]
CSRF_TRUSTED_ORIGINS = environment.origins("CSRF_TRUSTED_ORIGINS")

# Server (portal/server.py) ----------------------------------------------------------------------

# Only the proxy on the same machine, where TLS ends, reaches it.
BIND = environment.socket("BIND", default="127.0.0.1:8000")
WEB_WORKERS = environment.number("WEB_WORKERS", default=2)
WEB_THREADS = environment.number("WEB_THREADS", default=8)

# Whether TLS ends at our proxy, and the networks of the proxies in front of the portal: what only
# they can say, in X-Forwarded-Proto and X-Forwarded-For, is believed from these alone. Without a
# network, all visitors would share the address of the proxy, and its count of failed sign-ins.
BEHIND_TLS_PROXY = environment.flag("BEHIND_TLS_PROXY")
TRUSTED_PROXIES = environment.networks("TRUSTED_PROXIES")
if BEHIND_TLS_PROXY and not TRUSTED_PROXIES:
    raise ImproperlyConfigured(
        "BEHIND_TLS_PROXY=true pide TRUSTED_PROXIES: la dirección desde la que el proxy se conecta "
        "al portal. Con el proxy en esta máquina: TRUSTED_PROXIES=127.0.0.1/32"
    )
# A container has to listen on all its interfaces: its proxies are beyond it, in a private network.
private_proxies = [proxy for proxy in TRUSTED_PROXIES if proxy.is_private and not proxy.is_loopback]
if BEHIND_TLS_PROXY and BIND.startswith(("0.0.0.0:", "[::]:")) and not private_proxies:
    raise ImproperlyConfigured(
        f"BIND={BIND} atiende a cualquiera, y solo el proxy debe alcanzar el portal. Con el proxy "
        "en esta máquina: BIND=127.0.0.1:8000. En un contenedor, TRUSTED_PROXIES dice desde qué "
        "dirección de su red privada llega el proxy."
    )

# Servers and Django know these names. Under a path, the portal would share its cookies with the
# rest of the host.
for name in ("SCRIPT_NAME", "FORCE_SCRIPT_NAME"):
    if environment.text(name):
        raise ImproperlyConfigured(
            f"El portal no se sirve bajo una ruta de otro sitio: quite {name} y dele un nombre "
            "propio, como portal.ejemplo.pe."
        )

# Domain -----------------------------------------------------------------------------------------

# Characters of a usuario of an operator. The real portal asks for exactly 8: docs/fidelity.md.
USERNAME_LENGTH = 8

# Bulk load: limits of one file, and how long a plan keeps its passwords.
# Longer files are loaded in parts; an expired plan is made again.
LOAD_MAX_BYTES = 8 * 1024**2
LOAD_MAX_ROWS = 10_000
LOAD_PLAN_AGE = timedelta(hours=24)
# An upload beyond the limit is cut while it arrives, so it never fills the disk.
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
    "portal.middleware.ProxyMiddleware",
    "portal.middleware.WholeBodyMiddleware",
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

DATABASES = {
    "default": {
        # Connections are kept between requests; a dead one is replaced.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Outside a transaction, a pooler gives each statement a connection of the server, which has
        # not opened the cursor of the statement before.
        "DISABLE_SERVER_SIDE_CURSORS": environment.flag("BEHIND_POOLER"),
        # What the URL says of these wins: ?conn_max_age=0
        **environment.database("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}"),
    }
}
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

# Two separate sign-ins: Django picks the backend whose authenticate() accepts the credentials
# given, RUC + usuario + password for operators, usuario + password for staff.
AUTHENTICATION_BACKENDS = [
    "users.signin.backends.OperatorBackend",
    "users.signin.backends.StaffBackend",
]

PASSWORD_HASHERS = ["users.signin.hashers.PinnedArgon2PasswordHasher"]

# Concurrent hashes in one process, and the seconds that a further one waits before the answer is
# 503. Each takes a core and 19 MiB, which the process keeps: more hashes than cores would only wait
# for each other.
HASHES_AT_ONCE = os.cpu_count() or 1
HASHING_WAIT = 3

# The guide's rule allows guessable passwords (users/signin/guessable.py). The portal accepts them
# and advises against them; with this setting it refuses them.
REFUSE_GUESSABLE_CLAVES = environment.flag("REFUSE_GUESSABLE_CLAVES")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "users.signin.password_rules.OperatorPasswordValidator"},
    {"NAME": "users.signin.password_rules.StaffPasswordValidator"},
]

LOGIN_URL = "users:sign_in"
LOGIN_REDIRECT_URL = "portal:home"
LOGOUT_REDIRECT_URL = "users:sign_in"

# auth.W004 asks for a unique USERNAME_FIELD. A usuario is unique within its operator only, by a
# database constraint, and each backend looks up the accounts of its own kind only.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]

# Failed sign-ins (users/signin/throttle.py; docs/decisions/0010 has the arithmetic). After so many
# consecutive failures an account waits, longer each time, never so long that a stranger could lock
# it out for good; the count expires after a night.
SIGN_IN_FAILURES = 5
SIGN_IN_WAITS = [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15)]
SIGN_IN_MEMORY = timedelta(hours=12)
# One password tried on many accounts: failures per minute from one address (an office may share
# one) and per hour in one operator.
SIGN_IN_FAILURES_PER_ADDRESS = 25
SIGN_IN_FAILURES_PER_RUC = 50
# Practice companies per hour that visitors from one address create (users/actions/practice.py).
PRACTICE_COMPANIES_PER_ADDRESS = 60

# The second factor (docs/decisions/0039). Only someone with the password can guess codes, so the
# waits grow to a day: then five guesses count per day, each right with a chance of 1 in 333,333.
SECOND_FACTOR_WAITS = [*SIGN_IN_WAITS, timedelta(hours=1), timedelta(days=1)]
# From the correct password to the code, and from the secret on the page to its first code.
SECOND_FACTOR_SIGN_IN_AGE = timedelta(minutes=5)
SECOND_FACTOR_OFFER_AGE = timedelta(minutes=30)
# Staff without a second factor can only turn it on.
STAFF_SECOND_FACTOR_REQUIRED = environment.flag("STAFF_SECOND_FACTOR_REQUIRED", default=not DEMO)

# A browser in which an account has signed in has an allowance of its own for half a year.
DEVICE_COOKIE_NAME = "device" if DEMO else "__Host-device"
DEVICE_COOKIE_AGE = 180 * 24 * 60 * 60

# The real portal closes a session after some 20 minutes without activity: docs/fidelity.md.
SESSION_COOKIE_AGE = 20 * 60
# A session ends after a working day, however active.
SESSION_ABSOLUTE_AGE = timedelta(hours=8)
SESSION_ENGINE = "users.signin.sessions"
# Activity is saved at most this often: on SQLite each write waits for the disk and for the other
# writers, which took longer than the rest of a page. A session may end that much early, never late.
SESSION_SAVED_EVERY = timedelta(minutes=1)
# The cookie outlives the session, so that a user who returns late is told what happened.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A form kept through a new sign-in (users/signin/unsent.py) is valid for a working day.
UNSENT_FORM_MAX_AGE = 8 * 60 * 60
# Messages end with the session: the next user of the browser does not see them.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "sessionid" if DEMO else "__Host-sessionid"

# Transport --------------------------------------------------------------------------------------

# A practice installation serves plain http on the loopback address; a real one requires TLS.
TLS_ONLY = not DEMO
SECURE_SSL_REDIRECT = TLS_ONLY
# Health checks on the same machine use plain http.
SECURE_REDIRECT_EXEMPT = [r"^salud/"]
# The proxy must overwrite this header of its clients.
if BEHIND_TLS_PROXY:
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

# On every response, the administration's too: nothing loads from or is sent to another site.
# The QR code of a second factor is in its page, as a data: image.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# A file slightly too long still gets its error in the form.
MAX_REQUEST_BYTES = 4 * LOAD_MAX_BYTES

# Log --------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": f"portal.logs.{'Text' if DEMO else 'Json'}Formatter"}},
    "filters": {"failures": {"()": "portal.logs.FailuresFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # No mail: the log has it.
        "django": {"handlers": []},
        # The portal logs each request, a refused one with its reason; of Django's lines only the
        # failures are needed.
        "django.request": {"level": "ERROR", "filters": ["failures"]},
        "django.server": {"level": "CRITICAL"},
        # Any client may send any of it, any number of times.
        "django.security": {"level": "CRITICAL"},
        "django.security.csrf": {"level": "WARNING"},
        # Loading the practice data is a hundred actions; the Historial shows them.
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
# Other sites may not use our files.
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
