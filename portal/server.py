"""How gunicorn serves the portal: ``gunicorn --config portal/server.py portal.wsgi``.

The Makefile and deploy/ start it with MALLOC_ARENA_MAX=1: with a heap for each thread, as glibc
has it, every thread keeps the 19 MiB of its last hash (docs/benchmarks/memory.md).
"""

import gc
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import environ
from django.urls import resolve

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

chdir = str(BASE_DIR)

# Only the proxy beside it, where TLS ends, is to reach it.
bind = env.str("BIND", default="127.0.0.1:8000")

# A page is mostly Python and a sign-in mostly hashing, which lets go of the GIL: one process for
# each processor, and threads for those who wait for the database.
workers = env.int("WEB_WORKERS", default=2)
threads = env.int("WEB_THREADS", default=8)
worker_class = "gthread"

# Longer than SQLite waits for its lock, so that a wait ends in a page.
timeout = 60
graceful_timeout = 30
# Longer than a proxy keeps an idle connection (nginx: 60), so that none closes under a request.
keepalive = 75

# A worker says that it lives by touching a file: in memory, for a disk may make it wait.
if Path("/dev/shm").is_dir():
    worker_tmp_dir = "/dev/shm"

# No socket through which the server takes commands, in the home folder of whoever starts it.
control_socket_disable = True

# No header decides here who asks or whether TLS was used: the settings of the portal do.
forwarded_allow_ips = ""
secure_scheme_headers = {}

# The portal writes a line for each request; the server's own lines look like them.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "portal.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"propagate": True, "handlers": []}},
}


def on_starting(server):
    """No service with the public claves of practice, or with a setting that opens a door."""
    check = [sys.executable, "manage.py", "check", "--deploy", "--database", "default"]
    if subprocess.run(check, cwd=BASE_DIR, check=False).returncode:
        sys.exit("El portal no se inicia: corrija lo anterior.")
    # Loaded once and then forked, the workers share what none of them changes. Gunicorn's own
    # preload_app comes before this check, and answers a wrong setting with a traceback.
    import_module("portal.wsgi")
    resolve("/")
    # The collector would look at all of it, and so make each worker copy it.
    gc.freeze()
