"""Reloj: the simulated time of an operator, on its screen, by command, and in the verdict."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from operators.models import Operator, spoken
from profiles.access.reasons import Reason
from profiles.access.verdict import Holdings, verdict
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option
from tests.conftest import RUC, acting, field_errors, soup
from users.actions import operators
from users.models import AuditEntry

URL = "/reloj/"
CODE, ROLE = "90.1.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


def offset() -> timedelta:
    return Operator.objects.get(ruc=RUC).clock_offset


def banner(response) -> str:
    found = soup(response).select_one(".clock-banner")
    return found.get_text(" ", strip=True) if found else ""


def test_the_principal_moves_the_clock_and_every_page_says_so(client, operator):
    response = client.post(URL, {"amount": "24", "unit": "hours", "seen": "0"}, follow=True)
    assert offset() == timedelta(hours=24)
    assert "adelantado 1 día" in banner(response)
    assert "adelantado 1 día" in banner(client.get("/usuarios/"))
    entry = AuditEntry.objects.get(action="operator.clock_moved")
    assert (entry.before, entry.after) == (
        {"clock_offset": "0:00:00"},
        {"clock_offset": "1 day, 0:00:00"},
    )


def test_the_clock_banner_is_gone_at_real_time(client, operator):
    client.post(URL, {"amount": "3", "unit": "days", "seen": "0"})
    response = client.post(URL, {"do": "real"}, follow=True)
    assert offset() == timedelta()
    assert banner(response) == ""


def test_the_same_form_sent_twice_moves_the_clock_once_and_shows_the_new_hour(client):
    form = {"amount": "24", "unit": "hours", "seen": "0"}
    client.post(URL, form)
    response = client.post(URL, form)
    assert field_errors(response) == {
        "amount": "El reloj ya se movió mientras tanto. Revise la hora y repita."
    }
    assert offset() == timedelta(hours=24)
    seen = soup(response).select_one("[name=seen]")["value"]
    client.post(URL, {**form, "seen": seen})
    assert offset() == timedelta(hours=48)


def test_an_invalid_step_of_the_clock_is_refused_on_its_field(client, subtests):
    for amount in ("", "0", "-5", "x", "1.5", "9" * 30, "99999"):
        with subtests.test(amount=amount):
            response = client.post(URL, {"amount": amount, "unit": "hours", "seen": "0"})
            assert field_errors(response) == {"amount": "Ingrese un número entero de 1 a 9999"}
            assert offset() == timedelta()


def test_a_decimal_digit_of_any_script_is_a_number(client):
    client.post(URL, {"amount": "١", "unit": "hours", "seen": "0"})
    assert offset() == timedelta(hours=1)


def test_a_step_beyond_the_limit_is_refused(client, subtests):
    for seen in ["0", "x", "", "9" * 40]:
        with subtests.test(seen=seen):
            response = client.post(URL, {"amount": "400", "unit": "days", "seen": seen})
            assert response.status_code == 200
            assert offset() == timedelta()
            if seen == "0":
                assert field_errors(response) == {
                    "amount": "El reloj puede adelantarse hasta 366 días en total."
                }


def test_an_unknown_unit_is_refused(client):
    response = client.post(URL, {"amount": "1", "unit": "years"})
    assert field_errors(response) == {"unit": "Seleccione horas o días"}


def test_outside_practice_only_staff_moves_the_clock(client, principal, operator, staff, settings):
    settings.DEMO = False
    assert client.get(URL).status_code == 403
    assert client.post(URL, {"amount": "1", "unit": "hours"}).status_code == 403
    with pytest.raises(PermissionDenied):
        operators.advance_clock(actor=acting(principal), operator=operator, by=timedelta(hours=1))
    operators.advance_clock(actor=acting(staff), operator=operator, by=timedelta(hours=1))
    assert offset() == timedelta(hours=1)


def test_a_principal_cannot_move_the_clock_of_another_operator(stranger, operator):
    for change in (
        lambda: operators.advance_clock(
            actor=acting(stranger), operator=operator, by=timedelta(hours=1)
        ),
        lambda: operators.return_to_real_time(actor=acting(stranger), operator=operator),
        lambda: operators.set_activation_delay(
            actor=acting(stranger), operator=operator, delay=timedelta(hours=1)
        ),
    ):
        with pytest.raises(PermissionDenied):
            change()


def test_the_clock_moves_forward_only(staff, operator):
    for hours in (-1, 0):
        with pytest.raises(ValidationError, match="solo se adelanta"):
            operators.advance_clock(
                actor=acting(staff), operator=operator, by=timedelta(hours=hours)
            )


def test_the_clock_is_at_most_366_days_ahead_in_total(staff, operator):
    operators.advance_clock(actor=acting(staff), operator=operator, by=timedelta(days=366))
    with pytest.raises(ValidationError, match="hasta 366 días en total"):
        operators.advance_clock(actor=acting(staff), operator=operator, by=timedelta(minutes=1))
    assert offset() == timedelta(days=366)


def test_each_operator_has_a_clock_of_its_own(client, stranger):
    client.post(URL, {"amount": "24", "unit": "hours", "seen": "0"})
    assert abs(stranger.operator.now() - timezone.now()) < timedelta(minutes=1)


def test_a_new_grant_waits_for_the_activation_delay(client, principal, secondary):
    client.post(URL, {"do": "delay", "delay": "24"})
    assert AuditEntry.objects.filter(action="operator.delay_changed").count() == 1
    secondary.refresh_from_db()
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[CODE], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    option = Option.objects.leaves().for_verdict(CODE)
    assert verdict(Holdings.of(secondary), option).reasons == (
        Reason.OPTION_NOT_YET_IN_EFFECT,
        Reason.ROLE_NOT_YET_IN_EFFECT,
    )
    client.post(URL, {"amount": "25", "unit": "hours", "seen": "0"})
    secondary.operator.refresh_from_db()
    assert verdict(Holdings.of(secondary), option).permitted


def test_where_only_time_is_missing_the_pages_lead_to_the_clock(client, principal, secondary):
    client.post(URL, {"do": "delay", "delay": "24"})
    secondary.refresh_from_db()
    assign_options(actor=acting(principal), user=secondary, codes=[CODE], seen=[])
    for address in (f"acceso/?opcion={CODE}", "vigencia/"):
        page = soup(client.get(f"/usuarios/JPEREZ01/{address}"))
        assert [link.get_text() for link in page.select(f"main a[href='{URL}']")] == [
            "Adelantar el reloj"
        ]


def test_a_delay_that_is_not_offered_is_refused(client, subtests):
    for delay in ["", "7", "x", "-1"]:
        with subtests.test(delay=delay):
            response = client.post(URL, {"do": "delay", "delay": delay})
            assert "delay" in field_errors(response)
            assert Operator.objects.get(ruc=RUC).activation_delay == timedelta()


def run(*arguments, capsys) -> str:
    call_command("clock", *arguments)
    return capsys.readouterr().out


def test_the_command_moves_shows_and_resets_the_clock(operator, staff, capsys):
    assert "hora real" in run("--ruc", RUC, capsys=capsys)
    assert "adelantado 1 día" in run("--ruc", RUC, "--advance", "24h", capsys=capsys)
    assert "adelantado 8 días" in run("--ruc", RUC, "--advance", "7d", capsys=capsys)
    assert "hora real" in run("--ruc", RUC, "--real", capsys=capsys)
    assert offset() == timedelta()
    entries = AuditEntry.objects.filter(action="operator.clock_moved")
    assert {(entry.actor, entry.channel) for entry in entries} == {(staff, "command")}


def test_the_command_refuses_invalid_arguments_and_moves_nothing(operator, staff, subtests):
    cases = [
        (["--ruc", "20999999060", "--advance", "1h"], "No hay un operador"),
        (["--ruc", RUC, "--advance", "mañana"], "Indique cuánto como 24h"),
        (["--ruc", RUC, "--advance=-24h"], "Indique cuánto como 24h"),
        (["--ruc", RUC, "--advance", "99999d"], "hasta 366 días"),
        (["--ruc", RUC, "--advance", "1h", "--by", "nadie"], "Indique con --by"),
    ]
    for arguments, sentence in cases:
        with subtests.test(arguments=arguments, sentence=sentence):
            with pytest.raises(CommandError, match=sentence):
                call_command("clock", *arguments)
            assert offset() == timedelta()


def test_a_duration_is_shown_in_words():
    words = {
        0: "",
        1: "1 hora",
        24: "1 día",
        27: "1 día y 3 horas",
        48.5: "2 días y 30 minutos",
        51.5: "2 días, 3 horas y 30 minutos",
    }
    assert {hours: spoken(timedelta(hours=hours)) for hours in words} == words
