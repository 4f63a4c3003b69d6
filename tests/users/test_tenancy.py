"""Who has power over whom: the rule behind every screen, command and page of the administration."""

import pytest
from django.core.exceptions import PermissionDenied

from operators.models import Operator
from users import tenancy
from users.models import User

OWN, OTHER = Operator(pk=1), Operator(pk=2)
STAFF = User(username="STAFF", is_staff=True)
PRINCIPAL = User(username="PRINCIPAL", operator=OWN, is_principal=True)
SECONDARY = User(username="SECONDARY", operator=OWN)
COLLEAGUE = User(username="COLLEAGUE", operator=OWN)
STRANGER = User(username="STRANGER", operator=OTHER, is_principal=True)
STRANGERS_SECONDARY = User(username="STRANGERS_SECONDARY", operator=OTHER)
ACCOUNTS = [STAFF, PRINCIPAL, SECONDARY, COLLEAGUE, STRANGER, STRANGERS_SECONDARY]

NOT_PRINCIPAL = "Solo el usuario principal de la empresa administra usuarios."
NOT_OWN_SECONDARY = "Ese usuario no es un usuario secundario de su empresa."


def refusal(check, *arguments) -> str:
    """The sentence of the refusal; empty when the check passes."""
    try:
        check(*arguments)
    except PermissionDenied as error:
        return str(error)
    return ""


def test_staff_acts_on_every_account_of_an_operator_and_a_principal_on_its_secondary_users():
    allowed = {
        # Staff has no power over staff: the actions that need it ask for a superuser themselves.
        "STAFF": ["PRINCIPAL", "SECONDARY", "COLLEAGUE", "STRANGER", "STRANGERS_SECONDARY"],
        "PRINCIPAL": ["SECONDARY", "COLLEAGUE"],
        "STRANGER": ["STRANGERS_SECONDARY"],
    }
    for actor in ACCOUNTS:
        sentence = NOT_OWN_SECONDARY if actor.is_principal else NOT_PRINCIPAL
        found = {
            user.username: refusal(tenancy.require_power_over, actor, user) for user in ACCOUNTS
        }
        assert found == {
            user.username: "" if user.username in allowed.get(actor.username, []) else sentence
            for user in ACCOUNTS
        }, actor


def test_staff_administers_every_operator_and_a_principal_its_own():
    found = {
        str(actor): [
            refusal(tenancy.require_administrator_of, actor, operator) for operator in (OWN, OTHER)
        ]
        for actor in ACCOUNTS
    }
    assert found == {
        "STAFF": ["", ""],
        "PRINCIPAL": ["", "Esa empresa no es la suya."],
        "SECONDARY": [NOT_PRINCIPAL, NOT_PRINCIPAL],
        "COLLEAGUE": [NOT_PRINCIPAL, NOT_PRINCIPAL],
        "STRANGER": ["Esa empresa no es la suya.", ""],
        "STRANGERS_SECONDARY": [NOT_PRINCIPAL, NOT_PRINCIPAL],
    }


def test_a_key_is_a_number_of_at_most_18_ascii_digits():
    keys = {"7": 7, "9" * 18: int("9" * 18), "007": 7}
    no_keys = ["", "9" * 19, "9" * 5000, "-1", "1.5", "x", "²", "٢", "\0", " 7"]
    found = {text: tenancy.key_of(text) for text in [*keys, *no_keys]}
    assert found == keys | dict.fromkeys(no_keys)


@pytest.mark.django_db
def test_an_eliminated_account_is_not_locked_for_a_change(secondary):
    assert tenancy.lock_account(secondary) == secondary
    User.objects.filter(pk=secondary.pk).update(state=User.State.ELIMINATED)
    assert refusal(tenancy.lock_account, secondary) == "Ese usuario fue eliminado."
