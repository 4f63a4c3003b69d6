"""Bulk actions of staff: eliminate accounts and close sessions."""

import pytest

from tests.administration import LIST, act, allow, state_of, texts
from tests.conftest import soup
from users.models import AuditEntry, Session, User


@pytest.fixture
def clerk(db) -> User:
    return allow(User.objects.create_user("clerk", is_staff=True), "view_user", "change_user")


@pytest.fixture
def client(client_of, clerk):
    return client_of(clerk)


def confirm(client, response):
    """Send the form of the confirmation page."""
    fields = {}
    for field in soup(response).select("#content-main form input[name]"):
        fields.setdefault(field["name"], []).append(field["value"])
    return client.post(LIST, fields, follow=True)


def test_eliminating_asks_for_confirmation_and_skips_the_principal(
    client, clerk, secondary, principal
):
    response = act(client, "eliminate", secondary, principal)
    page = soup(response)
    assert texts(page, "#content-main li") == [
        "JPEREZ01 – Juan Pérez Ñaupari, Empresa 9043 de Práctica (RUC 20999999043)"
    ]
    assert "No se puede deshacer" in page.select_one("#content-main").text
    assert state_of(secondary) == "active"
    response = confirm(client, response)
    assert texts(soup(response), ".messagelist li") == [
        "Se ha eliminado a 1 usuario.",
        "Sin cambios: 1. Solo se elimina a los usuarios secundarios que aún no lo están.",
    ]
    assert (state_of(secondary), state_of(principal)) == ("eliminated", "active")
    entry = AuditEntry.objects.get(action="user.eliminated")
    assert (entry.actor, entry.channel, entry.subject) == (clerk, "admin", secondary)


def test_a_principal_and_staff_are_not_eliminated_by_a_forged_form(
    client, clerk, principal, secondary
):
    response = act(client, "eliminate", principal, clerk, confirmed="yes")
    assert texts(soup(response), ".messagelist li") == [
        "Sin cambios: 2. Solo se elimina a los usuarios secundarios que aún no lo están."
    ]
    assert (state_of(principal), state_of(clerk)) == ("active", "active")


def test_eliminating_sent_twice_eliminates_once(client, secondary):
    response = act(client, "eliminate", secondary)
    confirm(client, response)
    response = confirm(client, response)
    assert texts(soup(response), ".messagelist li") == [
        "Sin cambios: 1. Solo se elimina a los usuarios secundarios que aún no lo están."
    ]
    assert AuditEntry.objects.filter(action="user.eliminated").count() == 1


def test_closing_sessions_asks_for_confirmation_and_keeps_the_others(
    client, clerk, client_of, secondary, principal, strangers_secondary
):
    closed, spared = client_of(secondary), client_of(principal)
    response = act(client, "close_sessions", secondary, strangers_secondary, clerk)
    page = soup(response)
    assert texts(page, "#content-main li") == [
        "JPEREZ01 – Juan Pérez Ñaupari, Empresa 9043 de Práctica (RUC 20999999043)"
    ]
    assert closed.get("/").status_code == 200
    response = act(client, "close_sessions", secondary, strangers_secondary, clerk, confirmed="yes")
    assert texts(soup(response), ".messagelist li") == [
        "Se han cerrado las sesiones de 1 usuario.",
        "Sin cambios: 2. Solo se cierran las sesiones de los usuarios de operadores que tienen "
        "alguna abierta.",
    ]
    assert closed.get("/").url.startswith("/ingresar/")
    assert spared.get("/usuarios/").status_code == 200
    assert Session.objects.filter(user=clerk).exists()
    entry = AuditEntry.objects.get(action="user.sessions_closed")
    assert (entry.actor, entry.channel, entry.subject) == (clerk, "admin", secondary)


def test_an_account_says_how_many_sessions_it_has_open(client, client_of, secondary):
    client_of(secondary)
    client_of(secondary)
    page = soup(client.get(f"{LIST}{secondary.pk}/change/"))
    assert page.select_one(".field-sessions .readonly").text == "2"


@pytest.mark.parametrize("bulk_action", ["eliminate", "close_sessions"])
def test_a_bulk_action_without_applicable_accounts_says_which_ones_apply(
    bulk_action, client, staff
):
    page = soup(act(client, bulk_action, staff))
    assert "No cambiará ninguna de las cuentas marcadas. Solo" in page.text
    assert not page.select("#content-main form")


@pytest.mark.parametrize("bulk_action", ["eliminate", "close_sessions"])
def test_staff_with_view_permission_cannot_run_bulk_actions(
    bulk_action, client_of, clerk, secondary
):
    signed_in = client_of(secondary)
    act(client_of(allow(clerk, "view_user")), bulk_action, secondary, confirmed="yes")
    assert state_of(secondary) == "active"
    assert signed_in.get("/").status_code == 200


def test_a_marked_row_that_is_not_a_number_is_refused(client, secondary, subtests):
    for mark in ("abc", "²", "1.5", "9" * 30, ""):
        with subtests.test(mark=mark):
            data = {"action": "suspend", "index": "0", "_selected_action": [secondary.pk, mark]}
            assert client.post(LIST, data).status_code == 400
            assert state_of(secondary) == "active"


def press(client, page, text: str):
    """Press the button of a page of the administration, which sends its own form."""
    form = page.select_one(".object-tools").find("button", string=text).find_parent("form")
    fields = {field["name"]: field["value"] for field in form.select("input")}
    button = form.button
    address = form["action"]
    return client.post(address, {**fields, button["name"]: button["value"]}, follow=True)


def test_the_page_of_an_account_has_a_button_for_what_can_be_done_with_it(
    client, client_of, secondary
):
    own = f"/admin/users/user/{secondary.pk}/change/"
    client_of(secondary)
    page = soup(client.get(own))
    assert texts(page, ".object-tools button") == ["Suspender", "Cerrar las sesiones", "Eliminar"]
    asked = press(client, page, "Suspender")
    assert soup(asked).select_one(".cancel-link")["href"] == own
    done = confirm(client, asked)
    assert done.redirect_chain == [(own, 302)]
    assert texts(soup(done), ".messagelist li") == ["Se ha suspendido a 1 usuario."]
    assert texts(soup(done), ".object-tools button") == ["Reactivar", "Eliminar"]
    done = press(client, soup(done), "Reactivar")
    assert done.redirect_chain == [(own, 302)]
    assert state_of(secondary) == "active"
    entries = AuditEntry.objects.filter(subject=secondary, channel="admin")
    assert {entry.action for entry in entries} == {"user.suspended", "user.reactivated"}


def test_the_page_of_an_operator_closes_the_sessions_of_its_users_and_of_no_other(
    client_of, staff, operator, secondary, principal
):
    for user in (secondary, principal):
        client_of(user)
    client = client_of(staff)
    page = soup(client.get(f"/admin/operators/operator/{operator.pk}/change/"))
    response = press(client, page, "Cerrar sesiones")
    fields = {
        field["name"]: field["value"]
        for field in soup(response).select("#content-main form input[name]")
    }
    client.post(response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"], fields)
    assert {session.user for session in Session.objects.all()} == {staff}
