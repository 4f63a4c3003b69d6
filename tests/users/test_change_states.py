"""Cambiar Estado of several users: mark, confirm, change all or none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import acting, soup
from users.actions import accounts
from users.models import AuditEntry, User

URL = "/usuarios/estados/"


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


@pytest.fixture
def three(make_secondary):
    return [make_secondary(f"USUARIO{n}", 90000010 + n) for n in (1, 2, 3)]


def ask(client, change, *users, **kwargs):
    return client.get(
        URL, {"cambio": change, "usuario": [user.username for user in users]}, **kwargs
    )


def send(client, change, *users, **kwargs):
    return client.post(URL, {"cambio": change, "subject": [user.pk for user in users]}, **kwargs)


def states(users) -> list[str]:
    return [User.objects.get(pk=user.pk).state for user in users]


def test_the_confirmation_page_says_the_consequence_and_changes_nothing(client, three, client_of):
    sessions = [client_of(three[0]), client_of(three[0]), client_of(three[1])]
    page = soup(ask(client, "suspend", *three[:2]))
    assert page.h1.text == "Suspender a 2 usuarios"
    assert "Se cerrarán 3 sesiones abiertas." in page.select_one(".lead").text
    assert states(three) == ["active"] * 3
    assert [each.get("/").status_code for each in sessions] == [200] * 3


@pytest.mark.parametrize(
    ("change", "before", "after", "sentence"),
    [
        ("suspend", "active", "suspended", "Se ha suspendido a USUARIO1, USUARIO2."),
        ("reactivate", "suspended", "active", "Se ha reactivado a USUARIO1, USUARIO2."),
        ("eliminate", "active", "eliminated", "Se ha eliminado a USUARIO1, USUARIO2."),
    ],
)
def test_all_marked_users_are_changed(client, three, client_of, change, before, after, sentence):
    own = client_of(three[0])
    User.objects.filter(pk__in=[user.pk for user in three]).update(state=before)
    page = soup(ask(client, change, *three[:2]))
    subjects = [int(field["value"]) for field in page.select("[name=subject]")]
    assert subjects == [user.pk for user in three[:2]]
    answer = send(client, change, *three[:2], follow=True)
    assert sentence in soup(answer).text
    assert states(three) == [after, after, before]
    assert AuditEntry.objects.filter(subject__in=three[:2]).count() == 4
    if change != "reactivate":
        assert own.get("/").status_code == 302


def test_users_already_in_that_state_are_named_and_left(client, principal, three):
    accounts.suspend_user(actor=acting(principal), user=three[0])
    page = soup(ask(client, "suspend", *three))
    assert page.h1.text == "Suspender a 2 usuarios"
    assert "ya están en ese estado: USUARIO1." in page.text
    page = soup(ask(client, "suspend", three[0]))
    assert "Los usuarios marcados ya están en ese estado." in page.text
    assert not page.select("main form")


def test_the_same_form_sent_twice_changes_the_states_once(client, three):
    send(client, "eliminate", *three)
    answer = send(client, "eliminate", *three, follow=True)
    assert "Todos estaban ya en ese estado. No se cambió nada." in soup(answer).text
    assert AuditEntry.objects.filter(action="user.eliminated").count() == 3


def test_one_refused_user_leaves_all_users_unchanged(client, principal, three):
    accounts.eliminate_user(actor=acting(principal), user=three[2])
    answer = send(client, "suspend", *three)
    alert = soup(answer).find(role="alert")
    assert "Un usuario eliminado ya no cambia de estado." in alert.text
    assert states(three) == ["active", "active", "eliminated"]


def test_a_form_with_no_user_marked_says_so(client, three, subtests):
    for change in ["suspend", "nada", ""]:
        with subtests.test(change=change):
            for answer in (ask(client, change, follow=True), send(client, change, follow=True)):
                assert "Marque al menos un usuario" in soup(answer).find(role="alert").text


def test_an_unknown_change_of_state_is_refused(client, three):
    for answer in (
        ask(client, "ascender", *three, follow=True),
        send(client, "ascender", *three, follow=True),
    ):
        assert "Elija qué hacer con los usuarios marcados" in soup(answer).find(role="alert").text
    assert states(three) == ["active"] * 3


def test_the_principal_and_users_of_another_operator_are_not_changed(
    client, principal, three, strangers_secondary, stranger
):
    page = soup(ask(client, "suspend", three[0], strangers_secondary, principal))
    assert page.h1.text == "Suspender a 1 usuario"
    for foreign in (strangers_secondary, principal, stranger):
        assert send(client, "suspend", three[0], foreign).status_code == 404
    assert states([*three, strangers_secondary, principal]) == ["active"] * 5


def test_a_forged_subject_is_not_found(client, three, subtests):
    for subject in ["0", "999999999", "9" * 30, "²", "abc", "\x00", "-1", ""]:
        with subtests.test(subject=subject):
            data = {"cambio": "suspend", "subject": [three[0].pk, subject]}
            assert client.post(URL, data).status_code == 404
            assert states(three) == ["active"] * 3


def test_changing_thirty_states_costs_the_same_queries_as_three(client, three, make_secondary):
    client.get(URL)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
        ask(client, "suspend", *three)
    more = [make_secondary(f"OTROS{n:03}", 90000100 + n) for n in range(30)]
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
        ask(client, "suspend", *more)
    assert len(many) == len(few)
