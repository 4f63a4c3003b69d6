"""The system checks of a database: practice accounts with their public password, and letters."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.checks import no_practice_accounts
from tests.conftest import acting
from tests.places import empty_database, environment
from users.actions import accounts


def found() -> list[str]:
    return [error.msg for error in no_practice_accounts(databases=["default"])]


@pytest.fixture
def real_installation(settings):
    settings.DEMO = False


def test_a_practice_account_with_its_public_password_is_reported(principal, real_installation):
    assert found() == [
        "La cuenta de práctica 20999999043 TITULAR1 conserva su clave, que es pública."
    ]
    with pytest.raises(CommandError, match="TITULAR1"):
        call_command("check", databases=["default"])


def test_a_practice_account_with_another_password_is_not_reported(principal, real_installation):
    principal.set_password("Distinta2026")
    principal.save()
    assert found() == []


def test_an_eliminated_practice_account_is_not_reported(secondary, principal, real_installation):
    secondary.username = "CVALDEZ1"
    secondary.set_password("Practica01")
    secondary.save()
    assert len(found()) == 2
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    assert len(found()) == 1


def test_a_practice_installation_reports_no_account(principal, settings):
    settings.DEMO = True
    assert found() == []


def test_the_check_passes_before_the_tables_exist(real_installation, monkeypatch, db):
    monkeypatch.setattr("users.models.User._meta.db_table", "not_yet")
    assert found() == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite stores text in UTF-8")
def test_a_database_without_our_letters_is_refused_before_its_tables_exist(db):
    options = "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    with empty_database(os.environ["DATABASE_URL"], options) as place:
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate"],
            env=environment(place),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "guarda el texto en SQL_ASCII" in done.stderr
    assert "Traceback" not in done.stderr
