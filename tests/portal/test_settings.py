"""The settings: durable SQLite, Peruvian dates, no start with an unsafe configuration."""

import runpy
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import environ
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.utils import IntegrityError, OperationalError
from django.template import Context, Template

from portal import settings as portal_settings
from tests.portal.conftest import KEY, PRODUCTION

on_sqlite = pytest.mark.skipif(
    settings.DATABASES["default"]["ENGINE"] != "django.db.backends.sqlite3",
    reason="about the settings of SQLite",
)


@contextmanager
def opened(file: Path, **options):
    """Open a database file with the options of the settings."""
    database = settings.DATABASES["default"]
    connection = DatabaseWrapper(
        {**database, "NAME": str(file), "OPTIONS": {**database["OPTIONS"], **options}}, "other"
    )
    try:
        yield connection
    finally:
        connection.close()


@on_sqlite
@pytest.mark.django_db
def test_a_database_file_is_opened_with_these_pragmas(tmp_path):
    pragmas = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}
    with opened(tmp_path / "db.sqlite3") as connection, connection.cursor() as cursor:
        found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas}
    # 2 is FULL.
    assert found == pragmas


@on_sqlite
@pytest.mark.django_db
def test_a_transaction_takes_the_write_lock_before_its_first_statement(tmp_path):
    file = tmp_path / "db.sqlite3"
    with opened(file) as first, opened(file, timeout=0) as second:
        first.ensure_connection()
        assert first.transaction_mode == "IMMEDIATE"
        with immediate(first), pytest.raises(OperationalError, match="locked"), immediate(second):
            pytest.fail("a second writer entered while the first was in")
        with immediate(second):
            pass  # the first has gone


@contextmanager
def immediate(connection):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    try:
        yield
    finally:
        connection.rollback()
        connection.set_autocommit(True)


@on_sqlite
@pytest.mark.django_db
def test_a_row_with_a_dangling_foreign_key_is_refused(tmp_path):
    with opened(tmp_path / "db.sqlite3") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE above (id INTEGER PRIMARY KEY)")
        cursor.execute("CREATE TABLE below (above_id INTEGER REFERENCES above (id))")
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            cursor.execute("INSERT INTO below VALUES (7)")


def test_a_date_is_formatted_as_in_peru(subtests):
    cases = [
        (datetime(2026, 5, 6, 15, 2, tzinfo=UTC), "6 de mayo de 2026, 10:02"),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "31 de diciembre de 2025, 23:59"),
        (datetime(2026, 9, 10, 5, 0, tzinfo=UTC), "10 de septiembre de 2026, 00:00"),
    ]
    for instant, text in cases:
        with subtests.test(instant=instant, text=text):
            template = Template('{{ value|date:"DATETIME_FORMAT" }}')
            assert template.render(Context({"value": instant})).lower() == text


@pytest.fixture
def start(tmp_path):
    """start(NAME=value) loads the settings in that environment alone, without any .env."""
    (tmp_path / "portal").mkdir()
    shutil.copy(portal_settings.__file__, tmp_path / "portal")

    def run(**environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-c", "import portal.settings"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("environment", [PRODUCTION, {"DEMO": "true"}])
def test_a_practice_installation_and_a_configured_real_one_start(start, environment):
    result = start(**environment)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": KEY[:49]}, "SECRET_KEY"),
        ({"SECRET_KEY": "abcd" * 20}, "SECRET_KEY"),
        ({"SECRET_KEY": "django-insecure-practica"}, "SECRET_KEY"),
        ({"SECRET_KEY": f"django-insecure-{KEY}"}, "SECRET_KEY"),
        ({"SECRET_KEY_FALLBACKS": f"{KEY},corta"}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": "portal.example,*"}, "ALLOWED_HOSTS"),
        ({"DEBUG": "True"}, "DEBUG"),
        ({"DEBUG": "False"}, "DEBUG"),
        ({"DEBUG": "0"}, "DEBUG"),
        ({"DEBUG": ""}, "DEBUG"),
        ({"DEBUG": "true"}, "DEBUG=true"),
        ({"DEMO": "sí"}, "DEMO"),
        ({"BEHIND_TLS_PROXY": "1"}, "BEHIND_TLS_PROXY"),
        ({"REFUSE_GUESSABLE_CLAVES": "si"}, "REFUSE_GUESSABLE_CLAVES"),
        ({"BEHIND_POOLER": "yes"}, "BEHIND_POOLER"),
        ({"STAFF_SECOND_FACTOR_REQUIRED": "ture"}, "STAFF_SECOND_FACTOR_REQUIRED"),
        ({"STAFF_SECOND_FACTOR_REQUIRED": ""}, "STAFF_SECOND_FACTOR_REQUIRED"),
    ],
)
def test_an_unsafe_setting_stops_the_start_and_is_named(start, change, named):
    result = start(**PRODUCTION | change)
    assert result.returncode != 0
    last_line = result.stderr.strip().splitlines()[-1]
    assert ImproperlyConfigured.__name__ in last_line
    assert named in last_line


def test_a_configuration_error_is_a_sentence_without_traceback():
    result = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=PRODUCTION | {"DEMO": "false", "DEBUG": "False"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert result.stderr == (
        "No se puede iniciar: DEBUG debe ser true o false, en minúsculas: dice «False».\n"
    )


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "mi-proxy", "10.0.0.1/8"])
def test_an_invalid_trusted_proxy_stops_the_start(start, networks):
    result = start(**PRODUCTION, TRUSTED_PROXIES=networks)
    assert result.returncode != 0
    assert networks in result.stderr


def test_networks_of_trusted_proxies_are_accepted(start):
    assert start(DEMO="true", TRUSTED_PROXIES="10.0.0.0/8,2001:db8::/48").returncode == 0


@pytest.fixture
def settings_with(monkeypatch, tmp_path):
    """settings_with(NAME=value) is the settings in that environment alone, without any .env."""
    (tmp_path / "portal").mkdir()
    copy = shutil.copy(portal_settings.__file__, tmp_path / "portal")

    def load(**environment: str) -> dict:
        monkeypatch.setattr(environ.Env, "ENVIRON", environment)
        return runpy.run_path(copy)

    return load


@pytest.mark.parametrize(
    ("environment", "required"),
    [
        (PRODUCTION, True),
        (PRODUCTION | {"STAFF_SECOND_FACTOR_REQUIRED": "false"}, False),
        ({"DEMO": "true"}, False),
        ({"DEMO": "true", "STAFF_SECOND_FACTOR_REQUIRED": "true"}, True),
    ],
)
def test_staff_needs_a_second_factor_outside_practice_mode(settings_with, environment, required):
    assert settings_with(**environment)["STAFF_SECOND_FACTOR_REQUIRED"] is required


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {"CONN_MAX_AGE": 60, "DISABLE_SERVER_SIDE_CURSORS": False}),
        ({"BEHIND_POOLER": "true"}, {"CONN_MAX_AGE": 60, "DISABLE_SERVER_SIDE_CURSORS": True}),
        (
            {"DATABASE_URL": "postgres://h/db?conn_max_age=0&conn_health_checks=False"},
            {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False},
        ),
        ({"DATABASE_URL": "sqlite:////tmp/db?conn_max_age=5"}, {"CONN_MAX_AGE": 5}),
        (
            {"DATABASE_URL": "postgres://p:c@h1:5432,h2:5433/db?target_session_attrs=read-write"},
            {
                "HOST": "h1,h2",
                "PORT": "5432,5433",
                "OPTIONS": {"target_session_attrs": "read-write"},
            },
        ),
    ],
)
def test_the_url_of_the_database_decides_over_the_defaults(settings_with, environment, expected):
    database = settings_with(DEMO="true", **environment)["DATABASES"]["default"]
    assert expected.items() <= database.items()
