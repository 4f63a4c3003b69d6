"""Staff moves the simulated clock of an operator, and sets its activation delay."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from operators.models import Operator
from tests.administration import allow, errors
from tests.conftest import soup
from users.models import AuditEntry, User

DAY = timedelta(days=1)
FORM = {"do": "advance", "amount": "24", "unit": "hours", "seen": "0"}


@pytest.fixture
def clerk(db) -> User:
    user = User.objects.create_user("clerk", is_staff=True)
    return allow(user, "view_operator", "change_operator")


@pytest.fixture
def client(client_of, clerk):
    return client_of(clerk)


@pytest.fixture
def change(operator) -> str:
    return f"/admin/operators/operator/{operator.pk}/change/"


@pytest.fixture
def url(operator) -> str:
    return f"/admin/operators/operator/{operator.pk}/clock/"


def clock_of(operator) -> tuple[timedelta, timedelta]:
    operator = Operator.objects.get(pk=operator.pk)
    return operator.clock_offset, operator.activation_delay


def test_staff_moves_the_clock_outside_practice_too(
    client, clerk, url, operator, stranger, settings
):
    settings.DEMO = False
    response = client.post(url, FORM, follow=True)
    assert clock_of(operator) == (DAY, timedelta())
    assert clock_of(stranger.operator) == (timedelta(), timedelta())
    page = soup(response)
    assert page.select_one(".messagelist li").text == "El reloj se adelantó: 1 día en total."
    assert "El reloj está adelantado 1 día." in page.select_one("#content-main").text
    entry = AuditEntry.objects.get(action="operator.clock_moved")
    assert (entry.actor, entry.channel, entry.operator) == (clerk, "admin", operator)
    assert LogEntry.objects.get().change_message == "El reloj se adelantó: 1 día en total."


def test_staff_resets_the_clock_to_real_time(client, url, operator):
    assert not soup(client.get(url)).select("[value=real]")
    client.post(url, FORM)
    assert soup(client.get(url)).select("[value=real]")
    response = client.post(url, {"do": "real"}, follow=True)
    assert clock_of(operator) == (timedelta(), timedelta())
    assert "Es la hora real." in soup(response).select_one("#content-main").text


def test_staff_sets_the_activation_delay(client, url, operator):
    client.post(url, {"do": "delay", "delay": "24"})
    assert clock_of(operator) == (timedelta(), DAY)
    assert AuditEntry.objects.get(action="operator.delay_changed").channel == "admin"
    assert soup(client.get(url)).select_one("#id_delay option[selected]")["value"] == "24"


def test_the_same_form_sent_twice_moves_the_clock_once(client, url, operator):
    client.post(url, FORM)
    response = client.post(url, FORM)
    assert errors(response) == {
        "amount": ["El reloj ya se movió mientras tanto. Revise la hora y repita."]
    }
    assert clock_of(operator) == (DAY, timedelta())
    assert LogEntry.objects.count() == 1
    seen = soup(response).select_one("[name=seen]")["value"]
    client.post(url, {**FORM, "seen": seen})
    assert clock_of(operator) == (2 * DAY, timedelta())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"amount": ""}, {"amount": ["Ingrese un número entero de 1 a 9999"]}),
        ({"amount": "-1"}, {"amount": ["Ingrese un número entero de 1 a 9999"]}),
        (
            {"amount": "400", "unit": "days"},
            {"amount": ["El reloj puede adelantarse hasta 366 días en total."]},
        ),
        ({"do": "delay", "delay": "5"}, {"delay": ["Seleccione la demora"]}),
        ({"do": "delay", "delay": ""}, {"delay": ["Seleccione la demora"]}),
    ],
)
def test_an_invalid_clock_value_is_refused_on_its_field(fields, expected, client, url, operator):
    response = client.post(url, {**FORM, **fields})
    assert errors(response) == expected
    assert soup(response).title.text.startswith("Error:")
    assert clock_of(operator) == (timedelta(), timedelta())
    assert not LogEntry.objects.exists()


def test_the_operators_page_shows_the_clock_and_links_to_it(client, url, change):
    client.post(url, FORM)
    client.post(url, {"do": "delay", "delay": "48"})
    page = soup(client.get(change))
    assert "(adelantada 1 día)" in page.select_one(".field-clock .readonly").text
    assert page.select_one(".field-activation_delay .readonly").text == "48 horas"
    for link in page.select(".object-tools a"):
        assert client.get(link["href"]).status_code == 200
    assert page.select_one(f".object-tools a[href='{url}']").text == "Reloj"


def test_editing_the_operator_leaves_the_clock_alone(client, url, change, operator):
    client.post(url, FORM)
    values = {"name": "Otra de Práctica", "operator_types": ["TRANSPORTISTA"], "is_active": "on"}
    client.post(change, {**values, "clock_offset": "0", "activation_delay": "86400"})
    operator.refresh_from_db()
    assert operator.name == "Otra de Práctica"
    assert clock_of(operator) == (DAY, timedelta())


def test_a_get_request_does_not_move_the_clock(client, url, operator):
    client.get(url, FORM)
    client.get(url, {"do": "delay", "delay": "24"})
    assert clock_of(operator) == (timedelta(), timedelta())


def test_staff_with_view_permission_cannot_move_the_clock(client_of, clerk, url, change, operator):
    client = client_of(allow(clerk, "view_operator"))
    page = soup(client.get(change))
    assert "(la real)" in page.select_one(".field-clock .readonly").text
    assert not page.select(f"a[href='{url}']")
    assert client.get(url).status_code == 403
    for form in (FORM, {"do": "real"}, {"do": "delay", "delay": "24"}):
        assert client.post(url, form).status_code == 403
    assert clock_of(operator) == (timedelta(), timedelta())


def test_the_clock_of_an_unknown_operator_is_not_found(client, subtests):
    for unknown in ["999999", "nada", "9" * 40]:
        with subtests.test(unknown=unknown):
            unknown_clock = f"/admin/operators/operator/{unknown}/clock/"
            assert client.get(unknown_clock).status_code == 404
            assert client.post(unknown_clock, FORM).status_code == 404


def test_an_operators_account_cannot_open_the_staff_clock(client_of, url, operator, principal):
    assert client_of(principal).post(url, FORM).status_code == 302
    assert clock_of(operator) == (timedelta(), timedelta())
