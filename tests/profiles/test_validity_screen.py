"""Vigencia: from which day to which day each option and role of a user is valid."""

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from profiles.access.reasons import Reason
from profiles.access.verdict import Holdings, verdict
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.validity import validity_facts
from profiles.models import Option
from tests.conftest import acting, field_errors, soup
from users.models import AuditEntry

URL = "/usuarios/JPEREZ01/vigencia/"
CODE, OTHER, ROLE = "90.1.1.1.1", "11.9.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def granted(principal, secondary):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[CODE, OTHER], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    return secondary


@pytest.fixture
def client(principal, granted, client_of):
    return client_of(principal)


def days_of(user, code) -> tuple:
    grant = user.option_grants.get(option_id=code)
    return grant.valid_from, grant.valid_until


def reasons(user) -> tuple:
    return verdict(Holdings.of(user), Option.objects.leaves().for_verdict(CODE)).reasons


def test_the_days_are_saved_recorded_and_read_by_the_verdict(client, granted):
    today = granted.operator.today()
    tomorrow = today + timedelta(days=1)
    fields = {f"desde:{CODE}": tomorrow.isoformat(), f"hasta:{ROLE}": "31/12/2099"}
    client.post(URL, {"seen": json.dumps(validity_facts(granted)), **fields})
    assert days_of(granted, CODE) == (tomorrow, None)
    assert granted.role_grants.get().valid_until == date(2099, 12, 31)
    assert reasons(granted) == (Reason.OPTION_NOT_YET_IN_EFFECT,)
    entry = AuditEntry.objects.get(action="grants.validity_changed")
    assert entry.before == {"options": {CODE: ["", ""]}, "roles": {ROLE: ["", ""]}}
    assert entry.after == {
        "options": {CODE: [str(tomorrow), ""]},
        "roles": {ROLE: ["", "2099-12-31"]},
    }


def test_the_last_day_is_included_and_the_next_is_not(client, granted):
    today = granted.operator.today()
    client.post(
        URL, {"seen": json.dumps(validity_facts(granted)), f"hasta:{CODE}": today.isoformat()}
    )
    assert reasons(granted) == ()
    granted.operator.clock_offset = timedelta(days=1)
    assert reasons(granted) == (Reason.OPTION_EXPIRED,)


@pytest.mark.parametrize("day", ["ayer", "31/02/2027", "2027-13-01", "99999-01-01", "\x00"])
def test_what_is_no_date_is_refused_beside_it_and_nothing_is_saved(client, granted, day):
    response = client.post(
        URL,
        {
            "seen": json.dumps(validity_facts(granted)),
            f"desde:{CODE}": day,
            f"hasta:{OTHER}": "2030-01-01",
        },
    )
    assert field_errors(response)[f"desde:{CODE}"].startswith(
        ("Ingrese una fecha como 31/12/2026", "No se permiten")
    )
    assert days_of(granted, OTHER) == (None, None)
    assert soup(response).select_one(f"[name='hasta:{OTHER}']")["value"] == "2030-01-01"


def test_an_end_before_its_start_is_refused_beside_the_end_and_nothing_is_saved(client, granted):
    response = client.post(
        URL,
        {
            "seen": json.dumps(validity_facts(granted)),
            f"desde:{CODE}": "2027-02-02",
            f"hasta:{CODE}": "2027-02-01",
            f"hasta:{OTHER}": "2030-01-01",
        },
    )
    assert field_errors(response) == {f"hasta:{CODE}": "La fecha de fin es anterior a la de inicio"}
    assert days_of(granted, OTHER) == (None, None)
    assert not AuditEntry.objects.filter(action="grants.validity_changed").exists()


def test_the_database_refuses_an_end_before_its_start_too(granted):
    with pytest.raises(IntegrityError), transaction.atomic():
        granted.option_grants.update(valid_from=date(2027, 2, 2), valid_until=date(2027, 2, 1))


@pytest.mark.parametrize("seen", ["", "[]", "{", "null", '{"options": {}}', "7"])
def test_a_form_that_saw_something_else_is_told_and_keeps_what_was_typed(client, granted, seen):
    response = client.post(URL, {"seen": seen, f"desde:{CODE}": "2027-01-01"})
    assert response.status_code == 409
    page = soup(response)
    assert "cambió mientras usted trabajaba" in page.select_one("[role=alert]").text
    assert page.select_one(f"[name='desde:{CODE}']")["value"] == "2027-01-01"
    assert days_of(granted, CODE) == (None, None)
    renewed = page.select_one("[name=seen]")["value"]
    client.post(URL, {"seen": renewed, f"desde:{CODE}": "2027-01-01"})
    assert days_of(granted, CODE) == (date(2027, 1, 1), None)


def test_an_option_taken_away_meanwhile_is_not_brought_back(client, principal, granted):
    seen = json.dumps(validity_facts(granted))
    assign_options(actor=acting(principal), user=granted, codes=[CODE], seen=[CODE, OTHER])
    response = client.post(URL, {"seen": seen, f"desde:{OTHER}": "2027-01-01"})
    assert response.status_code == 409
    assert set(granted.option_grants.values_list("option_id", flat=True)) == {CODE}


def test_nothing_changed_is_said_and_leaves_no_entry(client, granted):
    response = client.post(URL, {"seen": json.dumps(validity_facts(granted))}, follow=True)
    assert "No hubo cambios en la vigencia de JPEREZ01." in soup(response).text
    assert not AuditEntry.objects.filter(action="grants.validity_changed").exists()


def test_a_user_with_nothing_is_shown_the_way_on(principal, secondary, client_of):
    page = soup(client_of(principal).get(URL))
    assert page.select_one(".empty a")["href"] == "/usuarios/JPEREZ01/perfiles/"


def test_as_many_queries_for_one_grant_as_for_many(client, principal, granted):
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assign_options(actor=acting(principal), user=granted, codes=[OTHER], seen=[CODE, OTHER])
    with CaptureQueriesContext(connection) as one:
        client.get(URL)
    assert len(one) == len(many)


def test_the_same_days_are_put_into_all_rows_and_saved_by_grabar_only(client, granted):
    seen = json.dumps(validity_facts(granted))
    days = {"desde_todo": "2027-01-01", "hasta_todo": "31/12/2027"}
    answer = client.post(URL, {"seen": seen, **days, f"desde:{CODE}": "ayer", "fill": "1"})
    page = soup(answer)
    assert "todavía no se guardó nada" in page.select_one("[role=status]").text
    assert days_of(granted, CODE) == (None, None)
    rows = {field["name"]: field["value"] for field in page.select(".validity-list input")}
    assert rows == {
        f"{end}:{code}": day
        for code in (CODE, OTHER, ROLE)
        for end, day in (("desde", "2027-01-01"), ("hasta", "31/12/2027"))
    }
    client.post(URL, {"seen": page.select_one("[name=seen]")["value"], **rows})
    assert days_of(granted, OTHER) == (date(2027, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"fill": "1", "hasta_todo": "ayer"}, "Ingrese una fecha como 31/12/2026"),
        ({"hasta_todo": "2027-12-31"}, "Presione «Poner en todas», o borre esta fecha"),
    ],
    ids=["no day", "not put into the rows"],
)
def test_a_day_for_all_rows_is_refused_beside_it(client, granted, sent, sentence):
    answer = client.post(URL, {"seen": json.dumps(validity_facts(granted)), **sent})
    assert field_errors(answer) == {"hasta_todo": sentence}
    assert days_of(granted, CODE) == (None, None)
