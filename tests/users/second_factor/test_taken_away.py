"""A second factor removed by a principal, by staff or by a command."""

import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.administration import allow
from tests.conftest import RUC, Telephone, acting, soup
from tests.users.second_factor.conftest import OWN, STAFF_PASSWORD, SigningIn
from users.actions import signing_in
from users.models import AuditEntry, SecondFactor, User

# Removed by another account ----------------------------------------------------------------------


def test_a_principal_removes_the_second_factor_of_a_secondary_user(
    client, secondary, principal, client_of, clock
):
    Telephone(secondary)
    desk, url = client_of(principal), "/usuarios/JPEREZ01/segundo-factor/"
    assert soup(desk.get("/usuarios/JPEREZ01/")).select_one(f'a[href="{url}"]')
    answer = desk.post(url, {"subject": secondary.pk}, follow=True)
    assert "Se quitó el segundo factor de JPEREZ01." in soup(answer).text
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject, entry.operator) == (
        principal,
        secondary,
        principal.operator,
    )
    assert "ya no tenía segundo factor" in soup(desk.post(url, follow=True)).text
    assert not soup(desk.get("/usuarios/JPEREZ01/")).select_one(f'a[href="{url}"]')
    SigningIn(secondary).give_password(client)
    assert SigningIn(secondary).is_inside(client)


@pytest.fixture
def clerk(db) -> User:
    """Staff with permissions on operators' accounts, not a superuser."""
    user = User.objects.create_user("clerk", password=STAFF_PASSWORD, is_staff=True)
    return allow(user, "view_user", "change_user")


def admin_page(user: User) -> str:
    return reverse("admin:users_user_second_factor", args=[user.pk])


def test_staff_removes_the_second_factor_of_a_principal(client, principal, clerk, client_of, clock):
    telephone = Telephone(principal)
    for _ in range(5):
        SigningIn(principal).enter(Client(), "000000")
    desk = client_of(clerk)
    page = soup(desk.get(f"/admin/users/user/{principal.pk}/change/"))
    assert page.select_one(f'a[href="{admin_page(principal)}"]')
    assert page.select_one(".field-second_factor_state .readonly").text == "Activado"
    assert "perdió su teléfono" in soup(desk.get(admin_page(principal))).text
    answer = desk.post(admin_page(principal), follow=True)
    assert "Se ha quitado el segundo factor de TITULAR1." in soup(answer).text
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject, entry.channel) == (clerk, principal, "admin")
    assert "ya no tenía" in soup(desk.post(admin_page(principal), follow=True)).text
    SigningIn(principal).give_password(client)
    assert SigningIn(principal).is_inside(client)
    # The lock is gone, too: a new second factor works at once.
    telephone = Telephone(principal)
    other = Client()
    SigningIn(principal).enter(other, telephone.code())
    assert SigningIn(principal).is_inside(other)


def test_only_a_superuser_removes_the_second_factor_of_staff(staff, clerk, client_of, clock):
    Telephone(clerk)
    Telephone(staff)
    desk = client_of(clerk)
    assert desk.get(admin_page(staff)).status_code == 403
    assert desk.post(admin_page(staff)).status_code == 403
    assert staff.has_second_factor
    client_of(staff).post(admin_page(clerk))
    assert not clerk.has_second_factor
    entry = AuditEntry.objects.get(action="user.second_factor_off")
    assert (entry.actor, entry.subject, entry.operator) == (staff, clerk, None)
    row = soup(client_of(staff).get("/admin/users/auditentry/")).select_one("#result_list tbody tr")
    assert "Segundo factor desactivado" in row.text


def test_the_administration_does_not_remove_the_actors_own_second_factor(staff, client_of, clock):
    Telephone(staff)
    desk = client_of(staff)
    for response in (desk.get(admin_page(staff)), desk.post(admin_page(staff))):
        assert response.url == OWN
    assert staff.has_second_factor


def test_no_other_account_removes_a_second_factor(
    principal, secondary, make_secondary, stranger, clerk, clock
):
    colleague = make_secondary("COLEGA01", 90000050)
    for user in (principal, secondary, clerk):
        Telephone(user)
    for actor, user in [
        (secondary, principal),
        (colleague, secondary),
        (stranger, secondary),
        (stranger, principal),
        (principal, clerk),
        (User.objects.create_user("otro", is_staff=True), clerk),
    ]:
        with pytest.raises(PermissionDenied):
            signing_in.turn_off_second_factor(actor=acting(actor), user=user)
    assert SecondFactor.objects.count() == 3


def test_the_command_removes_the_second_factor_of_the_last_superuser(
    staff, principal, capsys, clock
):
    Telephone(staff)
    Telephone(principal)
    call_command("second_factor", off="admin")
    call_command("second_factor", off="titular1", ruc=RUC, by="admin")
    assert not SecondFactor.objects.exists()
    call_command("second_factor", off="admin")
    assert capsys.readouterr().out.splitlines() == [
        "Se quitó el segundo factor de admin.",
        "Se quitó el segundo factor de TITULAR1.",
        "admin no tenía segundo factor.",
    ]
    entries = AuditEntry.objects.filter(action="user.second_factor_off")
    assert {(entry.actor, entry.subject) for entry in entries} == {
        (User.objects.server(), staff),
        (staff, principal),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"off": "nadie"},
        {"off": "TITULAR1", "ruc": RUC},
        {"off": "NADIE001", "ruc": RUC, "by": "admin"},
        {"off": "TITULAR1", "ruc": RUC, "by": "nadie"},
        {"off": "admin", "by": "admin"},
        {"off": "admin", "reseal": True},
        {},
    ],
)
def test_the_command_refuses_wrong_arguments(principal, arguments):
    with pytest.raises(CommandError):
        call_command("second_factor", **arguments)
