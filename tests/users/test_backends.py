"""Two authentication backends that accept only their own accounts, and sessions that a block ends."""

from contextlib import contextmanager
from unittest.mock import patch

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import MD5PasswordHasher

from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting
from users.actions import accounts, operators, passwords
from users.models import User
from users.signin.backends import OperatorBackend, StaffBackend

STAFF_PASSWORD = "una-clave-larga-de-personal"
OTHER_PASSWORD = "Zorzal2026"


def by_operator(ruc, username, password) -> User | None:
    return authenticate(None, ruc=ruc, username=username, password=password)


def by_staff(username, password) -> User | None:
    return authenticate(None, username=username, password=password)


@pytest.fixture
def same_username(principal, stranger):
    """TITULAR1 exists in both operators, with different passwords."""
    stranger.set_password(OTHER_PASSWORD)
    stranger.save(update_fields=["password"])


# Who authenticates ------------------------------------------------------------------------------------


def test_only_matching_ruc_usuario_and_password_authenticate(
    same_username, principal, stranger, secondary, strangers_secondary
):
    for ruc, username, password, expected in [
        (RUC, "TITULAR1", PASSWORD, principal),
        (OTHER_RUC, "TITULAR1", OTHER_PASSWORD, stranger),
        (RUC, "TITULAR1", OTHER_PASSWORD, None),
        (OTHER_RUC, "TITULAR1", PASSWORD, None),
        (RUC, "JPEREZ01", PASSWORD, secondary),
        (OTHER_RUC, "JPEREZ01", PASSWORD, None),
        (RUC, "AJENO001", PASSWORD, None),
        (OTHER_RUC, "AJENO001", PASSWORD, strangers_secondary),
    ]:
        assert by_operator(ruc, username, password) == expected, (ruc, username, password)


def test_spaces_and_small_letters_are_ignored(secondary):
    for ruc, username in [
        ("20 999999 043", "JPEREZ01"),
        (RUC, "jperez01"),
        (f" {RUC}\n", " JPerez01 "),
    ]:
        assert by_operator(ruc, username, PASSWORD) == secondary, (ruc, username)


def test_a_look_alike_of_a_usuario_is_refused(secondary):
    for username in ("ＪＰＥＲＥＺ０１", "JPEREZ0¹", "JPERE\u200bZ01", "JPЕREZ01"):
        assert by_operator(RUC, username, PASSWORD) is None, username


def test_the_staff_backend_refuses_operators_accounts(secondary):
    assert [by_staff(username, PASSWORD) for username in ("TITULAR1", "JPEREZ01")] == [None] * 2


def test_the_operators_backend_refuses_staff(staff, operator):
    for ruc in ("", RUC, "None", "0"):
        assert by_operator(ruc, "admin", STAFF_PASSWORD) is None, ruc


def test_the_staff_backend_authenticates_staff(staff):
    assert by_staff("admin", STAFF_PASSWORD) == staff


def test_staff_and_a_user_of_the_same_name_are_told_apart(secondary):
    staff_account = User.objects.create_superuser("JPEREZ01", password=STAFF_PASSWORD)
    assert by_staff("JPEREZ01", STAFF_PASSWORD) == staff_account
    assert by_staff("JPEREZ01", PASSWORD) is None
    assert by_operator(RUC, "JPEREZ01", PASSWORD) == secondary
    assert by_operator(RUC, "JPEREZ01", STAFF_PASSWORD) is None


@pytest.mark.parametrize("page", ["/ingresar/", "/admin/login/"])
def test_each_sign_in_page_accepts_only_its_own_accounts(client, staff, secondary, page):
    form = {"ruc": RUC, "username": "JPEREZ01", "password": PASSWORD}
    assert (client.post(page, form).status_code == 302) == (page == "/ingresar/")
    client.logout()
    form = {"ruc": RUC, "username": "admin", "password": STAFF_PASSWORD}
    assert (client.post(page, form).status_code == 302) == (page == "/admin/login/")


# Blocked accounts -------------------------------------------------------------------


def suspend(user, principal):
    accounts.suspend_user(actor=acting(principal), user=user)


def eliminate(user, principal):
    accounts.eliminate_user(actor=acting(principal), user=user)


def close_operator(user, principal):
    staff = User.objects.staff().get()
    operator = user.operator
    operators.change_operator(
        actor=acting(staff),
        operator=operator,
        name=operator.name,
        operator_types=operator.operator_types.all(),
        is_active=False,
    )


def change_password(user, principal):
    passwords.reset_password(actor=acting(principal), user=user, password=OTHER_PASSWORD)


BLOCKS = [suspend, eliminate, close_operator]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_blocked_account_does_not_authenticate(principal, secondary, block):
    assert by_operator(RUC, "JPEREZ01", PASSWORD) == secondary
    block(secondary, principal)
    assert by_operator(RUC, "JPEREZ01", PASSWORD) is None


@pytest.mark.parametrize("block", [*BLOCKS, change_password])
def test_a_block_ends_the_session_at_the_next_request(client_of, principal, secondary, block):
    client = client_of(secondary)
    assert client.get("/").status_code == 200
    block(secondary, principal)
    response = client.get("/")
    assert response.status_code == 302
    assert response.url.startswith("/ingresar/")


@pytest.mark.parametrize("whose", ["principal", "secondary"])
def test_an_inactive_operator_ends_the_sessions_of_its_users_only(
    request, client_of, secondary, stranger, whose
):
    inside, elsewhere = client_of(request.getfixturevalue(whose)), client_of(stranger)
    close_operator(secondary, None)
    assert inside.get("/").status_code == 302
    assert elsewhere.get("/").status_code == 200


def test_a_reactivated_user_authenticates_again(principal, secondary):
    suspend(secondary, principal)
    accounts.reactivate_user(actor=acting(principal), user=secondary)
    assert by_operator(RUC, "JPEREZ01", PASSWORD) == secondary


@pytest.mark.parametrize("state", [User.State.SUSPENDED, User.State.ELIMINATED])
def test_blocked_staff_does_not_authenticate_and_is_signed_out(client_of, staff, state):
    client = client_of(staff)
    staff.state = state
    staff.save()
    assert by_staff("admin", STAFF_PASSWORD) is None
    assert client.get("/admin/").status_code == 302


def test_each_backend_loads_only_its_own_accounts(principal, staff):
    assert OperatorBackend().get_user(principal.pk) == principal
    assert OperatorBackend().get_user(staff.pk) is None
    assert StaffBackend().get_user(staff.pk) == staff
    assert StaffBackend().get_user(principal.pk) is None


def test_a_session_of_one_backend_is_not_valid_for_the_other(client, secondary):
    """If an account changed its kind, its session would end."""
    client.force_login(secondary, backend="users.signin.backends.StaffBackend")
    assert client.get("/").status_code == 302


# One hash for each attempt -----------------------------------------------------------------------

ATTEMPTS = {
    "right": (RUC, "JPEREZ01", PASSWORD),
    "wrong password": (RUC, "JPEREZ01", "Otra20260"),
    "unknown usuario": (RUC, "NADIE001", PASSWORD),
    "impossible usuario": (RUC, "no existe", PASSWORD),
    "unknown RUC": ("20000000109", "JPEREZ01", PASSWORD),
    "usuario of another operator": (RUC, "AJENO001", PASSWORD),
    "suspended": (RUC, "SUSPEN01", PASSWORD),
    "eliminated": (RUC, "ELIMIN01", PASSWORD),
    "closed operator": (OTHER_RUC, "AJENO001", PASSWORD),
    "staff with the RUC of an operator": (RUC, "admin", STAFF_PASSWORD),
    "empty password": (RUC, "JPEREZ01", ""),
}


@pytest.mark.usefixtures("secondary", "no_limits")
def test_every_authentication_of_operators_costs_one_hash(
    principal, make_secondary, strangers_secondary
):
    """The response time must not reveal which kind of account it is."""
    suspend(make_secondary("SUSPEN01", 90000021), principal)
    eliminate(make_secondary("ELIMIN01", 90000022), principal)
    close_operator(strangers_secondary, None)
    for kind, attempt in ATTEMPTS.items():
        with hashes() as count:
            user = by_operator(*attempt)
        assert (user is not None) == (kind == "right"), kind
        assert len(count) == 1, kind


def test_every_authentication_of_staff_costs_one_hash(staff, principal):
    for username, password in [
        ("admin", STAFF_PASSWORD),
        ("admin", "otra"),
        ("nadie", STAFF_PASSWORD),
        ("TITULAR1", PASSWORD),
    ]:
        with hashes() as count:
            by_staff(username, password)
        assert len(count) == 1, (username, password)


@contextmanager
def hashes():
    """The hashes made inside the block; ``verify`` calls ``encode``, too."""
    made = []
    encode = MD5PasswordHasher.encode

    def counting(hasher, password, salt, *args, **kwargs):
        made.append(salt)
        return encode(hasher, password, salt, *args, **kwargs)

    with patch.object(MD5PasswordHasher, "encode", counting):
        yield made
