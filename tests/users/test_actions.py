"""What the actions on accounts promise to every channel, beyond what the screens show."""

import pytest

from tests.conftest import PASSWORD, acting, fail_to_sign_in, person
from users.actions import accounts, passwords
from users.models import User
from users.signin.throttle import locks_of


def test_only_a_reset_of_the_password_lifts_the_lock(principal, secondary):
    fail_to_sign_in(secondary)
    passwords.change_own_password(actor=acting(secondary), password="Cambiada1")
    assert secondary in locks_of([secondary])
    passwords.reset_password(actor=acting(principal), user=secondary, password="Cambiada2")
    assert secondary not in locks_of([secondary])


def test_an_unknown_field_of_a_person_is_refused(principal):
    data = {**person(90000005), "is_principal": "on"}
    with pytest.raises(TypeError, match="is_principal"):
        accounts.create_secondary_user(
            actor=acting(principal), username="JPEREZ01", password=PASSWORD, **data
        )
    assert User.objects.of_operators().get() == principal
