"""Staff names another principal user of an operator."""

import pytest
from django.contrib.admin.models import LogEntry

from tests.administration import allow, errors, queries
from tests.conftest import acting, soup
from users.actions import accounts, operators
from users.models import AuditEntry, User


@pytest.fixture
def clerk(db) -> User:
    user = User.objects.create_user("clerk", is_staff=True)
    return allow(user, "view_operator", "change_operator")


@pytest.fixture
def client(client_of, clerk):
    return client_of(clerk)


@pytest.fixture
def url(operator) -> str:
    return f"/admin/operators/operator/{operator.pk}/principal/"


def principal_of(operator) -> str:
    return operator.users.get(is_principal=True).username


def test_the_page_says_the_consequence_and_offers_users_who_may_sign_in(
    client, url, secondary, make_secondary, principal, strangers_secondary
):
    accounts.suspend_user(actor=acting(principal), user=make_secondary("QUIETO01", 90000010))
    accounts.eliminate_user(actor=acting(principal), user=make_secondary("LEJANO01", 90000011))
    page = soup(client.get(url))
    assert [option.text for option in page.select("#id_user option")] == [
        "Seleccione…",
        "JPEREZ01 – Juan Pérez Ñaupari (DNI 90000002)",
    ]
    assert "TITULAR1 quedará como usuario secundario" in page.select_one("#content-main").text


def test_the_former_principal_loses_the_power_and_stays_signed_in(
    client, clerk, client_of, url, operator, principal, secondary
):
    former, successor = client_of(principal), client_of(secondary)
    form = {"user": secondary.pk, "seen": "TITULAR1"}
    response = client.post(url, form, follow=True)
    assert response.redirect_chain == [(f"/admin/operators/operator/{operator.pk}/change/", 302)]
    page = soup(response)
    assert page.select_one(".messagelist li").text == (
        "El usuario principal de Empresa 9043 de Práctica ahora es JPEREZ01."
    )
    assert page.select_one(".field-principal .readonly").text == "JPEREZ01 – Juan Pérez Ñaupari"
    assert former.get("/").status_code == 200
    assert former.get("/usuarios/").status_code == 403
    assert "TITULAR1" in successor.get("/usuarios/").content.decode()
    entry = AuditEntry.objects.get(action="operator.principal_changed")
    assert (entry.actor, entry.channel, entry.subject) == (clerk, "admin", secondary)
    assert LogEntry.objects.get().change_message == "Usuario principal: TITULAR1 → JPEREZ01."


def test_the_same_form_sent_twice_changes_the_principal_once(client, url, operator, secondary):
    form = {"user": secondary.pk, "seen": "TITULAR1"}
    client.post(url, form)
    response = client.post(url, form, follow=True)
    assert soup(response).select_one(".messagelist .info").text == (
        "JPEREZ01 ya era el usuario principal. No se cambió nada."
    )
    assert principal_of(operator) == "JPEREZ01"
    assert AuditEntry.objects.filter(action="operator.principal_changed").count() == 1
    assert LogEntry.objects.count() == 1


def test_a_stale_form_does_not_undo_another_change_of_principal(
    client, url, operator, staff, secondary, make_secondary
):
    other = make_secondary("OTRO0001", 90000010)
    operators.change_principal(actor=acting(staff), user=other)
    form = {"user": secondary.pk, "seen": "TITULAR1"}
    response = client.post(url, form)
    assert errors(response) == {
        "user": ["El usuario principal ya cambió mientras tanto: es OTRO0001. Revise y repita."]
    }
    assert principal_of(operator) == "OTRO0001"
    form["seen"] = soup(response).select_one("[name=seen]")["value"]
    client.post(url, form)
    assert principal_of(operator) == "JPEREZ01"


def test_a_user_of_another_operator_cannot_become_principal(
    client, url, operator, secondary, strangers_secondary, staff
):
    for forged in (strangers_secondary.pk, staff.pk, 999999, "9" * 40, "x", ""):
        response = client.post(url, {"user": forged, "seen": "TITULAR1"})
        assert errors(response) == {"user": ["Elija a uno de los usuarios de la lista"]}
    assert principal_of(operator) == "TITULAR1"
    assert not strangers_secondary.operator.users.filter(
        username="AJENO001", is_principal=True
    ).exists()


def test_a_user_who_may_not_sign_in_is_refused_on_the_field(client, url, secondary, principal):
    accounts.suspend_user(actor=acting(principal), user=secondary)
    response = client.post(url, {"user": secondary.pk, "seen": "TITULAR1"})
    assert errors(response) == {"user": ["JPEREZ01 no puede ser el principal: Suspendido."]}
    assert soup(response).title.text.startswith("Error:")


def test_an_eliminated_user_is_not_offered_as_principal(client, url, secondary, principal):
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    response = client.post(url, {"user": secondary.pk, "seen": "TITULAR1"})
    assert errors(response) == {"user": ["Elija a uno de los usuarios de la lista"]}


def test_the_page_without_candidates_has_no_button(client, url):
    page = soup(client.get(url))
    assert "Ahora no hay a quién nombrar" in page.select_one("#content-main").text
    assert not page.select("#content-main [type=submit]")


def test_a_get_request_does_not_change_the_principal(client, url, operator, secondary):
    client.get(f"{url}?user={secondary.pk}&seen=TITULAR1")
    assert principal_of(operator) == "TITULAR1"


def test_staff_with_view_permission_cannot_change_the_principal(
    client_of, clerk, url, operator, secondary
):
    client = client_of(allow(clerk, "view_operator"))
    page = soup(client.get(f"/admin/operators/operator/{operator.pk}/change/"))
    assert not page.select(f"a[href='{url}']")
    assert client.get(url).status_code == 403
    assert client.post(url, {"user": secondary.pk, "seen": "TITULAR1"}).status_code == 403
    assert principal_of(operator) == "TITULAR1"


def test_the_principal_of_an_unknown_operator_is_not_found(client, subtests):
    for unknown in ["999999", "nada", "9" * 40]:
        with subtests.test(unknown=unknown):
            assert client.get(f"/admin/operators/operator/{unknown}/principal/").status_code == 404


def test_an_operators_account_cannot_open_the_page_of_the_principal(client_of, url, principal):
    assert client_of(principal).get(url).status_code == 302


def test_the_page_of_the_principal_costs_the_same_queries_with_few_users_and_with_many(
    client, url, make_secondary
):
    few = queries(client, url)
    for number in range(8):
        make_secondary(f"OTRO000{number}", 90000100 + number)
    assert queries(client, url) == few


def test_a_hundred_of_many_users_are_offered_and_search_finds_the_others(
    client, url, operator, secondary
):
    User.objects.bulk_create(
        User(
            operator=operator,
            username=f"MUCHO{n:03}",
            first_name="Ana",
            last_name="Ficticia",
            document_type="1",
            document_number=f"{92000000 + n}",
            search_text=f"mucho{n:03}",
        )
        for n in range(120)
    )
    page = soup(client.get(url))
    assert len(page.select("#id_user option")) == 101
    assert "los primeros 100" in page.select_one("form[role=search]").text
    page = soup(client.get(url, {"q": "mucho119"}))
    assert [option.text[:8] for option in page.select("#id_user option")][1:] == ["MUCHO119"]
    page = soup(client.get(url, {"q": "nadie"}))
    assert page.select_one("form[role=search] a")["href"] == url
    assert "Ahora no hay a quién" not in page.select_one("#content-main").text
    last = User.objects.get(username="MUCHO119")
    client.post(url, {"user": last.pk, "seen": "TITULAR1"})
    assert principal_of(operator) == "MUCHO119"
