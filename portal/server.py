"""How gunicorn serves the portal: ``gunicorn --config portal/server.py portal.wsgi``.

The Makefile and deploy/ start it with MALLOC_ARENA_MAX=1: with a heap for each thread, as glibc
has it, every thread keeps the 19 MiB of its last hash (docs/benchmarks/memory.md). They start it
in the root of the repository.
"""

import gc
import subprocess
import sys
from http import HTTPStatus
from importlib import import_module
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.urls import resolve
from gunicorn import util

try:
    settings = import_module("portal.settings")
except ImproperlyConfigured as error:
    sys.exit(f"No se puede iniciar: {error}")

bind = settings.BIND

# A page is mostly Python and a sign-in mostly hashing, which releases the GIL: one process for each
# processor, and threads for requests that wait for the database.
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
worker_class = "gthread"

# Longer than SQLite waits for its lock, so that a wait ends in a page.
timeout = 60
# Longer than a proxy keeps an idle connection (nginx: 60), so that none closes under a request.
keepalive = 75

# Gunicorn else opens a socket that takes commands, in the home folder of its user.
control_socket_disable = True

# No header decides here the client's address or whether TLS was used: portal.settings does.
forwarded_allow_ips = ""
secure_scheme_headers = {}

# The portal logs each request; the server's own lines have the same format.
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "portal.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"propagate": True, "handlers": []}},
}


def on_starting(server):
    """Refuse to serve with the public passwords of practice or an unsafe setting."""
    check = [sys.executable, "manage.py", "check", "--deploy", "--database", "default"]
    if subprocess.run(check, check=False).returncode:
        sys.exit("El portal no se inicia: corrija lo anterior.")
    # Loaded once and then forked, the workers share what none of them changes. Gunicorn's own
    # preload_app comes before this check, and answers a wrong setting with a traceback.
    import_module("portal.wsgi")
    resolve("/")
    # The collector would look at all of it, and so make each worker copy it.
    gc.freeze()


# What gunicorn refuses is no request for Django: malformed, or with a header or an address too long.
PAGES = Path(__file__).parent.parent / "templates" / "bare"
REFUSED, UNAVAILABLE = (
    (PAGES / f"{name}.html").read_bytes() for name in ("refused", "unavailable")
)


def write_error(client, status, reason, message):
    """Answer with a page of ours, which repeats nothing of what was sent."""
    page = UNAVAILABLE if status == HTTPStatus.INTERNAL_SERVER_ERROR else REFUSED
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        f"Content-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n\r\n"
    )
    util.write_nonblock(client, head.encode("latin-1") + page)


# Gunicorn has no setting for this page.
util.write_error = write_error
