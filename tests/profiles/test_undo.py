"""Deshacer: the last change of state, options or roles is taken back, unless another came after."""

import pytest

from profiles.actions.grants import assign_options, assign_roles
from tests.conftest import acting, soup
from users.actions import accounts
from users.models import AuditEntry, User

URL = "/usuarios/JPEREZ01/deshacer/"
CODE, FREE, ROLE = "90.1.1.1.1", "11.9.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


def suspend(actor, user):
    accounts.suspend_user(actor=actor, user=user)


def reactivate(actor, user):
    accounts.suspend_user(actor=actor, user=user)
    accounts.reactivate_user(actor=actor, user=user)


def change_options(actor, user):
    assign_options(actor=actor, user=user, codes=[CODE], seen=[])
    assign_options(actor=actor, user=user, codes=[FREE], seen=[CODE])


def give_a_role(actor, user):
    assign_roles(actor=actor, user=user, codes=[ROLE], seen=[])


def access(user) -> tuple:
    user = User.objects.get(pk=user.pk)
    options = set(user.option_grants.values_list("option_id", flat=True))
    return user.state, options, set(user.role_grants.values_list("role_id", flat=True))


@pytest.mark.parametrize(
    ("change", "said", "after"),
    [
        (suspend, "vuelve a estar activo", ("active", set(), set())),
        (reactivate, "vuelve a estar suspendido", ("suspended", set(), set())),
        (change_options, "Numeración de la declaración", ("active", {CODE}, set())),
        (give_a_role, "Despachador", ("active", set(), set())),
    ],
)
def test_the_last_change_is_shown_and_taken_back(client, principal, secondary, change, said, after):
    change(acting(principal), secondary)
    page = soup(client.get(URL))
    assert said in page.main.text
    seen = page.select_one("[name=seen]")["value"]
    done = AuditEntry.objects.count()
    response = client.post(URL, {"seen": seen}, follow=True)
    assert "Se deshizo" in soup(response).select_one("[role=status]").text
    assert access(secondary) == after
    # The change and its taking back are both in the history.
    assert AuditEntry.objects.count() == done + 1


@pytest.mark.parametrize("by_whom", ["another", "twice"])
def test_nothing_is_taken_back_once_something_else_was_done(client, principal, secondary, by_whom):
    give_a_role(acting(principal), secondary)
    seen = soup(client.get(URL)).select_one("[name=seen]")["value"]
    if by_whom == "another":
        suspend(acting(principal), secondary)
    else:
        client.post(URL, {"seen": seen})
    before = access(secondary)
    response = client.post(URL, {"seen": seen}, follow=True)
    assert "hubo otro cambio después" in soup(response).select_one(".notice-warning").text
    assert access(secondary) == before


def test_a_creation_and_an_elimination_cannot_be_taken_back(client, principal, secondary):
    response = client.get(URL, follow=True)
    assert "no hay un cambio que deshacer" in soup(response).select_one(".notice-warning").text
    response = client.post("/usuarios/JPEREZ01/eliminar/", {"change": "eliminate"}, follow=True)
    assert not soup(response).select("[role=status] a")


def test_the_message_of_a_change_leads_to_its_taking_back(client, secondary):
    response = client.post("/usuarios/JPEREZ01/estado/", {"change": "suspend"}, follow=True)
    (link,) = soup(response).select("[role=status] a")
    assert (link.text, link["href"]) == ("Deshacer", URL)


def test_what_is_no_longer_offered_does_not_come_back(client, principal, secondary, small_catalog):
    change_options(acting(principal), secondary)
    seen = soup(client.get(URL)).select_one("[name=seen]")["value"]
    option = secondary.option_grants.get().option.__class__.objects.get(code=CODE)
    option.is_retired = True
    option.save()
    response = client.post(URL, {"seen": seen}, follow=True)
    assert "ya no se ofrece" in soup(response).select_one(".notice-warning").text
    assert access(secondary) == ("active", {FREE}, set())
