"""Practice accounts are found where there must be none: by trying their claves."""

import pytest
from django.core.management import CommandError, call_command

from portal.checks import no_practice_accounts
from tests.conftest import acting
from users.actions import accounts


def found() -> list[str]:
    return [error.msg for error in no_practice_accounts(databases=["default"])]


@pytest.fixture
def real_installation(settings):
    settings.DEMO = False


def test_an_account_whose_public_clave_still_opens_it_is_named(principal, real_installation):
    assert found() == [
        "La cuenta de práctica 20999999043 TITULAR1 conserva su clave, que es pública."
    ]
    with pytest.raises(CommandError, match="TITULAR1"):
        call_command("check", databases=["default"])


def test_with_another_clave_it_is_an_account_like_any(principal, real_installation):
    principal.set_password("Distinta2026")
    principal.save()
    assert found() == []


def test_one_that_was_eliminated_opens_nothing(secondary, principal, real_installation):
    secondary.username = "CVALDEZ1"
    secondary.set_password("Practica01")
    secondary.save()
    assert len(found()) == 2
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    assert len(found()) == 1


def test_a_practice_installation_is_full_of_them(principal, settings):
    settings.DEMO = True
    assert found() == []


def test_before_there_are_tables_there_is_nothing_to_find(real_installation, monkeypatch, db):
    monkeypatch.setattr("users.models.User._meta.db_table", "not_yet")
    assert found() == []
