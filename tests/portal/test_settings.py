"""The settings: durable SQLite, Peruvian dates, no start with an unsafe configuration."""

import re
import runpy
import shutil
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import environ
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.utils import IntegrityError, OperationalError
from django.template import Context, Template

from portal import settings as portal_settings
from tests.portal.conftest import BEHIND_PROXY, KEY, PRODUCTION
from tests.server import GUNICORN

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
def start(tmp_path, monkeypatch):
    """start(NAME=value) returns the settings in that environment alone, with the .env of tmp_path."""
    (tmp_path / "portal").mkdir()
    copy = shutil.copy(portal_settings.__file__, tmp_path / "portal")

    def run(**environment: str) -> dict:
        monkeypatch.setattr(environ.Env, "ENVIRON", environment)
        return runpy.run_path(copy)

    return run


POSTGRES = "postgres://portal:{}@127.0.0.1:5432/portal"

NO_FLAG = ["", "1", "0", "True", "False", "sí", "si", "ture", "true ", "$DEMO"]
NO_COUNT = ["", "0", "-1", "2.5", "dos", "1e3", "٣", "100", "999", "2 ", "$WEB_THREADS"]

# Values that open a door, or would else end in a traceback.
WRONG = {
    "SECRET_KEY": ["", KEY[:49], "abcd" * 20, f"django-insecure-{KEY}", f"{KEY}\0", f"{KEY}\udcff"],
    "ALLOWED_HOSTS": [
        *[
            "",
            ",",
            "*",
            "portal.example,*",
            ".pe",
            ".com.pe",
            ".portal.example",
            "*.portal.example",
        ],
        *["https://portal.example", "portal.example:443", "portal.example/x", "portal example"],
        *["[::1", "ñ.example", "$ALLOWED_HOSTS"],
    ],
    "BEHIND_TLS_PROXY": [*NO_FLAG],
    "TRUSTED_PROXIES": [
        *["", ",", "mi-proxy", "10.0.0.0/33", "10.0.0.1/8", "127.0.0.1:80", "unix:", "*"],
        *["0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1", "127.0.0.1,0.0.0.0/0", "0.0.0.0/2"],
        *["200.0.0.0/8", "8.0.0.0/7", "2000::/3", "2001:db8::/16", "::ffff:0:0/90"],
    ],
    "DATABASE_URL": [
        "postgres://h/b?conn_max_age=x",
        "sqlite:////b?conn_health_checks=si",
        *[
            "",
            "portal",
            "mysql://u:p@h/b",
            "postgres://",
            "postgres:///",
            "sqlite://",
            "sqlite:///",
        ],
        *["sqlite://var/db.sqlite3", "postgres://u:p@h:puerto/b", "postgres://[::1/b", "$X"],
        *[POSTGRES.format(password) for password in ("a/b", "a#b", "a?b", "1/2", "1#2", "1?2")],
    ],
    "BEHIND_POOLER": NO_FLAG,
    "REFUSE_GUESSABLE_CLAVES": NO_FLAG,
    "SECRET_KEY_FALLBACKS": ["corta", f"{KEY},corta", "django-insecure-practica"],
    "STAFF_SECOND_FACTOR_REQUIRED": NO_FLAG,
    "CSRF_TRUSTED_ORIGINS": [
        *["http://sitio.example", "sitio.example", "https://", "https://*", "https://*.pe", "*"],
        *["https://sitio.example/", "https://sitio.example:x", "https://.pe", "https://a,http://b"],
    ],
    "BIND": [
        *["", "8000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:puerto", "127.0.0.1:0", "[::1]"],
        *["127.0.0.1:65536", "localhost:8000", "unix:/run/portal", "999.0.0.1:80", "fd://", "::1"],
        *["0.0.0.0:8000", "[::]:8000", "[0:0::0]:8000", "[::ffff:0.0.0.0]:8000"],
    ],
    "WEB_WORKERS": NO_COUNT,
    "WEB_THREADS": NO_COUNT,
    "DEMO": NO_FLAG,
    "DEBUG": [*NO_FLAG, "true"],
}


def test_a_wrong_value_of_each_variable_stops_the_start_with_a_sentence_that_names_it(start):
    started, unnamed = [], []
    for name, values in WRONG.items():
        for value in values:
            try:
                start(**BEHIND_PROXY | {name: value})
                started.append((name, value))
            except ImproperlyConfigured as error:
                if not re.search(rf"\b{name}\b", str(error)):
                    unnamed.append((name, value, str(error)))
    assert started == []
    assert unnamed == []


def test_every_variable_of_the_example_is_tried_with_wrong_values():
    example = (Path(settings.BASE_DIR) / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE)) == set(WRONG)


def test_installations_that_are_configured_well_start(start):
    for change in (
        {},
        BEHIND_PROXY,
        {"DEMO": "true"},
        {"DEMO": "true", "DEBUG": "true", "SECRET_KEY": "corta"},
        {"ALLOWED_HOSTS": "Portal.example, 192.0.2.7,[2001:db8::1],localhost"},
        {"CSRF_TRUSTED_ORIGINS": "https://sitio.example,https://otro.example:8443"},
        BEHIND_PROXY | {"TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/48,104.16.0.0/13,127.0.0.1"},
        BEHIND_PROXY | {"BIND": "0.0.0.0:8000", "TRUSTED_PROXIES": "172.18.0.1/32"},
        {"BIND": "[::1]:8000"},
        {"BIND": "fd://3", "WEB_WORKERS": "16", "WEB_THREADS": "1"},
    ):
        environment = change if "DEMO" in change else PRODUCTION | change
        assert start(**environment)["DATABASES"]["default"]["ENGINE"], change


def test_a_database_url_is_read_with_its_password_percent_encoded(start):
    for password in ("ab", "a@b", "a@/#:?%&= +$'\"b", "12/x@y"):
        url = POSTGRES.format(quote(password, safe=""))
        assert start(**PRODUCTION, DATABASE_URL=url)["DATABASES"]["default"]["PASSWORD"] == password


def test_a_path_of_a_site_stops_the_start(start):
    for name in ("SCRIPT_NAME", "FORCE_SCRIPT_NAME"):
        with pytest.raises(ImproperlyConfigured, match="bajo una ruta"):
            start(**PRODUCTION, **{name: "/comunidad"})


def test_a_file_of_variables_that_cannot_be_read_stops_the_start(start, tmp_path):
    file = tmp_path / ".env"
    file.write_text("\ufeffDEMO=true\n\n# nota\nexport WEB_THREADS=3\r\n", encoding="utf-8")
    assert start()["WEB_THREADS"] == 3
    for content in (b"DEMO=true\nSECRET_KEY = x", b"DEMO=true\nclave", b"DEMO=true\n# a\xf1o"):
        file.write_bytes(content)
        with pytest.raises(ImproperlyConfigured, match=r"\.env"):
            start(DEMO="true")
    file.unlink()
    file.mkdir()
    with pytest.raises(ImproperlyConfigured, match="existe y no se puede leer"):
        start(DEMO="true")


def test_a_file_of_variables_without_permission_stops_the_start(start, tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise PermissionError  # the tests may run as root, who reads every file

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(ImproperlyConfigured, match="existe y no se puede leer"):
        start(DEMO="true")


@pytest.mark.parametrize("url", ["sqlite:////no/folder/db", "postgres://127.0.0.1:1/b"])
def test_a_database_that_does_not_answer_is_one_line_without_traceback(url):
    result = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        env={"DEMO": "false", "DATABASE_URL": url, **PRODUCTION},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert re.fullmatch("La base de datos no responde, .* DATABASE_URL. .*\n", result.stderr)


@pytest.mark.parametrize("command", [["manage.py", "check"], GUNICORN])
def test_a_wrong_setting_is_one_line_without_traceback(command):
    for variable, value in [("DEBUG", "False"), ("WEB_THREADS", "muchos")]:
        result = subprocess.run(
            [sys.executable, *command],
            env=PRODUCTION | {"DEMO": "false", variable: value},
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode != 0
        assert re.fullmatch(f"No se puede iniciar: {variable} debe .*{value}».\n", result.stderr)


def test_staff_needs_a_second_factor_outside_practice_mode(start):
    for environment, required in [
        (PRODUCTION, True),
        (PRODUCTION | {"STAFF_SECOND_FACTOR_REQUIRED": "false"}, False),
        ({"DEMO": "true"}, False),
        ({"DEMO": "true", "STAFF_SECOND_FACTOR_REQUIRED": "true"}, True),
    ]:
        assert start(**environment)["STAFF_SECOND_FACTOR_REQUIRED"] is required


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, {"CONN_MAX_AGE": 60, "DISABLE_SERVER_SIDE_CURSORS": False}),
        ({"BEHIND_POOLER": "true"}, {"CONN_MAX_AGE": 60, "DISABLE_SERVER_SIDE_CURSORS": True}),
        (
            {"DATABASE_URL": "postgres://h/db?conn_max_age=0&conn_health_checks=false"},
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
def test_the_url_of_the_database_decides_over_the_defaults(start, environment, expected):
    database = start(DEMO="true", **environment)["DATABASES"]["default"]
    assert expected.items() <= database.items()
