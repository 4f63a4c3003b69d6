"""The files of a real installation name what exists: variables, commands, addresses, folders."""

import json
import os
import re
import shlex
import subprocess
import sys
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command, get_commands
from django.db import connection
from django.urls import resolve

from tests.portal.conftest import KEY
from tests.server import GUNICORN

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
UNIT = (DEPLOY / "comunidad-del-operador.service").read_text(encoding="utf-8")
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
OPERATION = (ROOT / "docs" / "operacion.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def variables_read() -> set[str]:
    source = (ROOT / "portal" / "settings.py").read_text(encoding="utf-8")
    return set(re.findall(r'\benvironment\.\w+\(\s*"([A-Z_]+)"', source))


def example_values() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))


def test_every_variable_that_is_read_is_explained_and_no_other():
    assert set(example_values()) == variables_read()


def test_the_example_starts_once_it_has_a_key():
    environment = {name: value for name, value in example_values().items() if value}
    for key, works in {"": False, KEY: True}.items():
        start = subprocess.run(
            [sys.executable, "-c", "import portal.settings, portal.server"],
            cwd=ROOT,
            env=environment | {"SECRET_KEY": key},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (start.returncode == 0) == works, start.stderr


@pytest.fixture
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))


def test_compose_builds_and_configures_what_there_is(compose):
    services = compose["services"]
    assert set(services) == {"database", "prepare", "portal"}
    for name in ("prepare", "portal"):
        build = services[name]["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).is_file()
        assert set(services[name]["environment"]) == variables_read() | {"PGPASSWORD"}
        assert set(services[name]["depends_on"]) <= set(services)
    for command in re.findall(r"manage\.py (\w+)", services["prepare"]["command"]):
        assert command in get_commands()
    # Only a proxy of this machine reaches the portal; nothing outside reaches the database.
    assert all(port.startswith("127.0.0.1:") for port in services["portal"]["ports"])
    assert "ports" not in services["database"]
    volume, script = (each.split(":")[0] for each in services["database"]["volumes"])
    assert {volume} == set(compose["volumes"])
    assert (DEPLOY / script).is_file()


PASSWORD = "a@/#:?%$'\"\\ñ b"


def test_the_settings_accept_what_compose_hands_to_the_portal(compose):
    """With the .env.example of this repository, and a password full of signs."""
    given = example_values() | {"SECRET_KEY": KEY, "POSTGRES_PASSWORD": PASSWORD}
    handed = {}
    for name, value in compose["services"]["portal"]["environment"].items():
        # As compose does: a name alone is that of .env, and left out where .env has none.
        value = given.get(name) if value is None else value
        if value:
            handed[name] = re.sub(r"\$\{(\w+)(?::[-?])?\}", lambda found: given[found[1]], value)
    assert handed["PGPASSWORD"] == PASSWORD
    printed = subprocess.run(
        [sys.executable, "-c", COMPOSED],
        cwd=ROOT,
        env=handed,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    network = ip_network(compose["networks"]["default"]["ipam"]["config"][0]["subnet"])
    (gateway, loopback), database, password = json.loads(printed)
    assert next(network.hosts()) == ip_network(gateway)[0]
    assert loopback == example_values()["TRUSTED_PROXIES"]
    assert (database["USER"], database["HOST"], database["NAME"]) == (
        "portal",
        "database",
        "portal",
    )
    assert password == PASSWORD


# What the settings make of their environment, and the password with which PostgreSQL's own library
# would connect.
COMPOSED = """
import json
from portal import settings
from psycopg.pq import Conninfo
defaults = {option.keyword: option.val for option in Conninfo.get_defaults()}
database = settings.DATABASES["default"]
given = database["PASSWORD"] or defaults[b"password"].decode()
print(json.dumps([list(map(str, settings.TRUSTED_PROXIES)), database, given]))
"""

# Once the database is made, the cluster asks everybody for a password: the superuser has none.
COMPOSE_DATABASE = """
export PGHOST=127.0.0.1 PGPORT=$(echo "$DATABASE_URL" | sed 's/.*:\\([0-9]*\\).*/\\1/') PGUSER=postgres
sh deploy/database.sh > /dev/null
echo 'host all all 127.0.0.1/32 scram-sha-256' > "$(psql postgres -At -c 'SHOW hba_file')"
psql postgres --quiet --output /dev/null --command 'SELECT pg_reload_conf()'
export PGPASSWORD="$POSTGRES_PASSWORD" DATABASE_URL="postgres://portal@127.0.0.1:$PGPORT/portal"
! psql postgres --command 'SELECT 1' 2> /dev/null
"$PYTHON" manage.py migrate --verbosity 0
psql --username portal portal -At -c 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user'
"""


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the database of compose")
def test_the_database_of_compose_serves_the_portal_as_a_role_without_powers():
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    printed = subprocess.run(
        [".ci/with-postgres", "sh", "-euc", COMPOSE_DATABASE],
        cwd=ROOT,
        env=environment | {"POSTGRES_PASSWORD": PASSWORD, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed.splitlines() == ["f"]


def test_the_user_of_the_unit_is_made_by_a_documented_line():
    user = re.search(r"^User=(.*)$", UNIT, re.MULTILINE)[1]
    assert re.search(rf"^useradd --system .* {user}$", OPERATION, re.MULTILINE)


def test_no_file_of_an_installation_holds_a_secret(compose):
    database = compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"]
    assert database == "${POSTGRES_PASSWORD:?}"
    assert compose["services"]["portal"]["environment"]["SECRET_KEY"] == "${SECRET_KEY:?}"
    assert example_values()["SECRET_KEY"] == ""
    assert not re.search(r"^ENV.*(KEY|PASSWORD)", DOCKERFILE, re.MULTILINE)


def test_the_image_the_unit_and_make_serve_start_the_same_server():
    command = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1]
    start = re.search(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)[1]
    serve = re.search(r"^serve:.*\n\texec (.*)$", MAKEFILE, re.MULTILINE)[1]
    assert yaml.safe_load(command)[1:] == GUNICORN
    assert shlex.split(start)[1:] == GUNICORN
    assert shlex.split(serve)[1:] == GUNICORN


@pytest.mark.skipif(
    connection.vendor == "sqlite" or "CI" not in os.environ, reason="about PostgreSQL in .ci/run"
)
def test_postgresql_is_tested_on_the_python_of_the_image():
    """The lock gives each Python its Django, and so the image's Django with it."""
    shipped = re.search(r"^FROM python:(\d+)\.(\d+)", DOCKERFILE, re.MULTILINE)
    assert sys.version_info[:2] == tuple(map(int, shipped.groups()))


def test_the_image_checks_its_health_and_runs_as_an_unprivileged_user():
    assert re.search(r"^USER 999$", DOCKERFILE, re.MULTILINE)
    (path,) = re.findall(r"127\.0\.0\.1:8000(/[\w/]+)", DOCKERFILE)
    assert resolve(path).view_name == "portal:live"
    assert "127.0.0.1" in settings.ALLOWED_HOSTS


def test_server_takes_no_word_of_a_header_nor_commands_from_a_socket():
    printed = subprocess.run(
        [sys.executable, *GUNICORN[:-1], "--print-config", GUNICORN[-1]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    values = dict(re.findall(r"^(\w+)\s+= (.*)$", printed, re.MULTILINE))
    assert values["control_socket_disable"] == "True"
    assert values["forwarded_allow_ips"] in ("[]", "")
    assert values["bind"] == "['127.0.0.1:8000']"
    assert int(values["timeout"]) > settings.DATABASES["default"]["OPTIONS"].get("timeout", 0)


# How much more memory a process holds, in KiB, after eight threads have hashed passwords.
HASHING = """
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from argon2 import PasswordHasher


def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


before = held()
with ThreadPoolExecutor(8) as threads:
    list(threads.map(PasswordHasher(2, 19456, 1).hash, ["Practica2026"] * 40))
    print(held() - before)
"""


def kept_after_hashing(**variables: str) -> int:
    command = [sys.executable, "-c", HASHING]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_with_one_heap_threads_do_not_each_keep_the_memory_of_a_hash():
    assert kept_after_hashing(MALLOC_ARENA_MAX="1") < 60_000
    # Without the variable each thread keeps it; once this fails, the variable is useless.
    assert kept_after_hashing() > 100_000


def test_the_image_the_unit_and_make_serve_start_the_server_with_one_heap():
    assert re.search(r"^ENV .*\bMALLOC_ARENA_MAX=1$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^Environment=MALLOC_ARENA_MAX=1$", UNIT, re.MULTILINE)
    assert re.search(r"^serve: export MALLOC_ARENA_MAX = 1$", MAKEFILE, re.MULTILINE)


def test_files_are_hashed_and_compressed_and_no_page_names_another(settings, tmp_path):
    """A page that names a file which is not in the list fails, and in a real installation only."""
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, verbosity=0)
    templates = "".join(page.read_text() for page in (ROOT / "templates").rglob("*.html"))
    named = set(re.findall(r"{% static ['\"]([^'\"]+)['\"] %}", templates))
    assert len(named) >= 5
    for name in named:
        stored = tmp_path / staticfiles_storage.stored_name(name)
        assert re.search(r"\.\w{12}\.\w+$", stored.name)
        if stored.stat().st_size > 1000:
            assert stored.with_name(f"{stored.name}.gz").is_file()
            assert stored.with_name(f"{stored.name}.br").is_file()
