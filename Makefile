# A clone, python3 and make are enough: each target builds what it needs, once.

.DEFAULT_GOAL := help
# Two pip runs in one environment would trip over each other.
.NOTPARALLEL:

PYTHON ?= python3
# The environment of that Python; another Python needs another one.
VENV ?= .venv
HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

VENV_PYTHON := $(VENV)/bin/python
MANAGE := $(VENV_PYTHON) manage.py
PYTEST := $(VENV_PYTHON) -m pytest -n auto --dist worksteal -rs

# Targets name their database themselves, so that a DATABASE_URL left in the shell or in .env never
# gets demo accounts, whose claves are public.
demo: export DATABASE_URL = sqlite:///db.sqlite3
# Each line is seen when it is written, through a pipe too.
demo: export PYTHONUNBUFFERED = 1
demo: export ALLOWED_HOSTS = localhost,[::1],$(HOST)
test test-fast: export DATABASE_URL = sqlite://:memory:
demo test test-fast test-postgres: export DEMO = true
demo test test-fast test-postgres: export DEBUG = false

# One heap for all threads of a process, see portal/server.py.
serve: export MALLOC_ARENA_MAX = 1

# The checks look at the portal as a real installation would run it.
check: export DEMO = false
check: export DEBUG = false
check: export DATABASE_URL = sqlite://:memory:
check: export ALLOWED_HOSTS = portal.example

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# make itself says nothing here: the reader of these lines practises, and reads Spanish.
.PHONY: demo
demo: ## Start the portal with its demo data; PORT=8123 picks another port, HOST= an address of this machine
	@! command -v $(PYTHON) > /dev/null \
	|| $(PYTHON) -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2> /dev/null \
	|| { echo "El puerto $(PORT) está ocupado o no se puede usar. Elija otro: make demo PORT=8123" >&2; exit 1; }
	@! command -v $(PYTHON) > /dev/null \
	|| $(PYTHON) -c 'import socket; socket.create_server(("$(HOST)", $(PORT)))' 2> /dev/null \
	|| { echo "Esta máquina no tiene la dirección $(HOST). Las que tiene: hostname -I" >&2; exit 1; }
	@$(MAKE) -qs $(VENV)/.app \
	|| echo "Instalando lo que el portal necesita (solo la primera vez)…"
	@$(MAKE) -s $(VENV)/.app
	@echo "Preparando la base de datos…"
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) load_demo
	@$(MANAGE) serve_demo --noreload --skip-checks $(HOST):$(PORT)

.PHONY: prepare
prepare: $(VENV)/.app ## Prepare a real installation or an upgrade: database, catalogue, static files
	$(MANAGE) migrate
	$(MANAGE) load_catalog
	$(MANAGE) collectstatic --no-input

.PHONY: serve
serve: $(VENV)/.app ## Serve a real installation, configured as in .env.example
	exec $(VENV_PYTHON) -m gunicorn --config portal/server.py portal.wsgi

.PHONY: test
test: $(VENV)/.dev browser ## Run every test on SQLite; ARGS="-k name" goes to pytest
	$(PYTEST) $(ARGS)

.PHONY: test-fast
test-fast: $(VENV)/.dev ## Run the quick tests on SQLite, without browser: for daily work
	$(PYTEST) -m "not browser and not slow" $(ARGS)

.PHONY: test-postgres
test-postgres: $(VENV)/.dev browser ## Run every test on PostgreSQL: at DATABASE_URL, or a throwaway one
	.ci/with-postgres $(PYTEST) $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev ## Measure what the portal costs, into docs/benchmarks; QUICK=1 only shows a little
	$(VENV_PYTHON) -m tests.bench $(if $(QUICK),--quick)

.PHONY: check
check: $(VENV)/.dev ## Check format, style, import contracts, migrations, deployment settings
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m ruff check
	$(VENV)/bin/lint-imports --no-cache
	@export SECRET_KEY="$$($(VENV_PYTHON) -c 'import secrets; print(secrets.token_urlsafe(50))')"; \
	set -ex; \
	$(MANAGE) makemigrations --check --dry-run; \
	$(MANAGE) check --deploy --fail-level WARNING

.PHONY: lock
lock: $(VENV)/bin/pip ## Lock the dependencies of pyproject.toml; ARGS=--upgrade takes newer ones
	$(VENV)/bin/pip install --quiet uv
	$(VENV)/bin/uv $(COMPILE) $(ARGS) --output-file requirements.txt
	$(VENV)/bin/uv $(COMPILE) $(ARGS) --group dev --constraint requirements.txt --output-file requirements-dev.txt

# Universal: one file for every Python from 3.11, where Django 5.2 is the newest, and every system.
COMPILE := pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml

# A browser can be removed behind our back, so there is no stamp: looking again costs a moment.
# Debian's package comes with the libraries that Playwright's download lacks, except the one that
# Playwright's own driver loads, libatomic1. Its derivatives package no Chromium like it.
# Without any browser it is tests/browser/conftest.py that skips, or fails in CI.
.PHONY: browser
browser: $(VENV)/.dev
	@$(VENV_PYTHON) -m tests.browser.chromium || { \
		echo "No Chromium that can be driven: installing one"; \
		if [ "$$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release; then \
			apt-get -qq update; \
			DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium libatomic1; \
		else \
			$(VENV_PYTHON) -m playwright install chromium; \
		fi || echo "Chromium could not be installed: the tests will say what that means." >&2; }

# pip is the last thing that venv makes, so that an interrupted run is not taken for a whole one.
$(VENV)/bin/pip:
	@command -v $(PYTHON) > /dev/null \
	|| { echo "Python is missing: install python3, 3.11 or newer." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo "$$($(PYTHON) --version) is too old: Python 3.11 or newer is needed. Name another one: make PYTHON=python3.13 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null \
	|| { echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.app: requirements.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
