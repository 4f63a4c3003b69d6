"""Many accounts written at once: by whom, and which."""

import pytest
from django.core.exceptions import PermissionDenied

from tests.conftest import acting
from users.actions import bulk
from users.models import AuditEntry, User


def load(actor: User, operator, *users: User) -> None:
    changed = [(user, {"state": User.State.SUSPENDED}) for user in users]
    bulk.load_accounts(actor=acting(actor), operator=operator, new=[], changed=changed)


def test_only_an_administrator_of_the_operator_loads_accounts(
    principal, secondary, make_secondary, stranger, staff
):
    colleague = make_secondary("COLEGA01", 90000004)
    for actor in (secondary, colleague, stranger):
        with pytest.raises(PermissionDenied):
            load(actor, principal.operator, colleague)
    assert not AuditEntry.objects.filter(action="user.suspended").exists()
    load(principal, principal.operator, secondary)
    load(staff, principal.operator, colleague)
    assert AuditEntry.objects.filter(action="user.suspended").count() == 2


def test_only_secondary_users_of_the_operator_are_changed(principal, strangers_secondary, staff):
    for actor in (principal, staff):
        for user in (principal, strangers_secondary):
            with pytest.raises(PermissionDenied, match="usuarios secundarios de la empresa"):
                load(actor, principal.operator, user)
    assert not User.objects.filter(state=User.State.SUSPENDED).exists()
