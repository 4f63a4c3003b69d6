"""Ver accesos al <fecha>: what was held on a past day, computed from the history."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from profiles.access.past import PastAccess, access_at, end_of, users_at
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.validity import set_validity, validity_facts
from tests.conftest import acting, field_errors, soup
from users.actions import accounts
from users.models import AuditEntry, User

ALL, ONE = "/accesos/dia/", "/usuarios/JPEREZ01/accesos/"
FIRST, SECOND = "90.1.1.1.1", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
START = datetime(2026, 3, 1, 12, tzinfo=timezone.get_default_timezone())


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


@pytest.fixture
def on(monkeypatch):
    """on(n) sets the real time to noon of the nth day."""

    def go(day: int) -> None:
        monkeypatch.setattr(timezone, "now", lambda: START + timedelta(days=day))

    return go


@pytest.fixture
def lived(on, principal, make_secondary):
    """A user whose access changes each day."""
    actor = acting(principal)
    on(0)
    user = make_secondary("JPEREZ01", 90000002, first_name="Juan", last_name="Pérez")
    on(1)
    assign_options(actor=actor, user=user, codes=[FIRST], seen=[])
    on(2)
    assign_options(actor=actor, user=user, codes=[FIRST, SECOND], seen=[FIRST])
    assign_roles(actor=actor, user=user, codes=[ROLE], seen=[])
    on(3)
    set_validity(
        actor=actor,
        user=user,
        options={FIRST: (date(2026, 1, 1), date(2026, 12, 31)), SECOND: (None, None)},
        roles={ROLE: (None, None)},
        seen=validity_facts(user),
    )
    on(4)
    accounts.suspend_user(actor=actor, user=user)
    on(5)
    accounts.reactivate_user(actor=actor, user=user)
    assign_options(actor=actor, user=user, codes=[SECOND], seen=[FIRST, SECOND])
    on(6)
    assign_options(actor=actor, user=user, codes=[FIRST, SECOND], seen=[SECOND])
    on(7)
    accounts.eliminate_user(actor=actor, user=user)
    on(8)
    return user


def day(number: int) -> date:
    return (START + timedelta(days=number)).date()


NO_LIMIT, YEAR = ("", ""), ("2026-01-01", "2026-12-31")


HISTORY = [
    (-1, None, {}, {}),
    (0, "active", {}, {}),
    (1, "active", {FIRST: NO_LIMIT}, {}),
    (2, "active", {FIRST: NO_LIMIT, SECOND: NO_LIMIT}, {ROLE: NO_LIMIT}),
    (3, "active", {FIRST: YEAR, SECOND: NO_LIMIT}, {ROLE: NO_LIMIT}),
    (4, "suspended", {FIRST: YEAR, SECOND: NO_LIMIT}, {ROLE: NO_LIMIT}),
    (5, "active", {SECOND: NO_LIMIT}, {ROLE: NO_LIMIT}),
    # An option removed and granted again has no days.
    (6, "active", {FIRST: NO_LIMIT, SECOND: NO_LIMIT}, {ROLE: NO_LIMIT}),
    (7, "eliminated", {FIRST: NO_LIMIT, SECOND: NO_LIMIT}, {ROLE: NO_LIMIT}),
]


def test_past_access_is_computed_for_each_day(subtests, lived):
    for number, state, options, roles in HISTORY:
        with subtests.test(number=number, state=state, options=options, roles=roles):
            past = access_at([lived], end_of(day(number)))[lived]
            assert (past.state, past.options, past.roles) == (state, options, roles)
            there = state not in (None, "eliminated")
            assert users_at(lived.operator, end_of(day(number))).exists() == there


def test_an_entry_at_midnight_belongs_to_the_day_that_begins(
    principal, make_secondary, monkeypatch
):
    midnight = end_of(day(0))
    monkeypatch.setattr(timezone, "now", lambda: midnight)
    user = make_secondary("JPEREZ01", 90000002)
    for instant, state in ((midnight, None), (end_of(day(1)), "active")):
        assert access_at([user], instant)[user].state == state
        assert users_at(user.operator, instant).exists() == (state is not None)


def test_an_assignment_keeps_the_days_of_the_options_that_stay():
    past = PastAccess(options={FIRST: YEAR})
    past.follow(AuditEntry(action="options.assigned", after={"codes": [FIRST, SECOND]}))
    assert past.options == {FIRST: YEAR, SECOND: NO_LIMIT}


def test_past_access_of_now_equals_the_present_access(principal, lived, make_secondary):
    others = [make_secondary(f"OTROS{n:03}", 90000100 + n) for n in range(3)]
    assign_options(actor=acting(principal), user=others[1], codes=[FIRST, SECOND], seen=[])
    for user, past in access_at([lived, *others], timezone.now() + timedelta(days=1)).items():
        user.refresh_from_db()
        assert past.state == user.state
        assert {*past.options} == {*user.option_grants.values_list("option_id", flat=True)}
        assert {*past.roles} == {*user.role_grants.values_list("role_id", flat=True)}


def test_the_page_of_a_user_shows_the_past_grants(client, lived):
    page = soup(client.get(ONE, {"fecha": f"{day(3)}"}))
    assert page.h1.text.split() == [
        "Accesos",
        "de",
        "JPEREZ01",
        "al",
        "4",
        "de",
        "marzo",
        "de",
        "2026",
    ]
    rows = [" ".join(row.text.split()) for row in page.select(".held-list li")]
    assert rows == [
        "Mis Trámites Aduaneros › Despacho › Declaraciones › Numeración de la declaración "
        "desde el 1 de enero de 2026 hasta el 31 de diciembre de 2026",
        "Comprobantes de pago › Envío de documentos › Servicio Web",
        "Despachador",
    ]


def test_the_page_says_that_the_user_did_not_exist_yet(client, lived):
    page = soup(client.get(ONE, {"fecha": f"{day(-1)}"}))
    assert "JPEREZ01 todavía no existía ese día." in page.select_one(".empty").text


def test_the_page_of_the_operator_lists_the_users_of_that_day(client, lived, make_secondary):
    make_secondary("NUEVO001", 90000003)
    page = soup(client.get(ALL, {"fecha": f"{day(4)}"}))
    rows = [[cell.text.strip() for cell in row.select("td, th")] for row in page.select("tbody tr")]
    assert rows == [["JPEREZ01", "Juan Pérez", "Suspendido", "2", "1"]]
    detail = soup(client.get(page.select_one("tbody a")["href"]))
    assert "2 opciones" in detail.text
    page = soup(client.get(ALL, {"fecha": f"{day(-1)}"}))
    assert "Ese día la empresa no tenía usuarios secundarios." in page.text


def test_two_users_with_the_same_usuario_are_distinguished(client, lived, make_secondary):
    make_secondary("JPEREZ01", 90000009, first_name="Julia")
    query = {"fecha": f"{day(4)}"}
    assert "Julia" in soup(client.get(ONE, query)).select_one(".lead").text
    page = soup(client.get(ONE, {**query, "subject": lived.pk}))
    assert "Juan" in page.select_one(".lead").text


def test_the_page_without_a_day_shows_today(client, lived):
    page = soup(client.get(ALL))
    assert f"{timezone.localdate():%Y}" in page.h1.text


REFUSED_DAYS = [
    ("2999-01-01", "Elija un día hasta hoy: lo que viene todavía no se sabe"),
    ("9999-12-31", "Elija un día hasta hoy: lo que viene todavía no se sabe"),
    ("ayer", "Ingrese una fecha como 31/12/2026"),
    ("30/02/2026", "Ingrese una fecha como 31/12/2026"),
]


def test_a_future_or_malformed_day_is_refused(subtests, client, secondary):
    for text, sentence in REFUSED_DAYS:
        with subtests.test(text=text, sentence=sentence):
            for url in (ALL, ONE):
                assert field_errors(client.get(url, {"fecha": text})) == {"fecha": sentence}


def test_the_first_possible_day_is_accepted(client, secondary):
    assert client.get(ONE, {"fecha": "0001-01-01"}).status_code == 200


def test_the_pages_show_nothing_of_another_operator(client, strangers_secondary):
    assert "AJENO001" not in client.get(ALL).content.decode()
    assert client.get("/usuarios/AJENO001/accesos/").status_code == 404
    query = {"subject": strangers_secondary.pk}
    assert client.get("/usuarios/AJENO001/accesos/", query).status_code == 404


def test_the_page_costs_the_same_queries_for_one_user_and_for_forty(
    client, secondary, make_secondary
):
    client.get(ALL)
    with CaptureQueriesContext(connection) as few:
        client.get(ALL)
    for n in range(40):
        make_secondary(f"OTROS{n:03}", 90000100 + n)
    with CaptureQueriesContext(connection) as many:
        client.get(ALL)
    assert len(many) == len(few)


def test_every_action_that_changes_access_is_read(lived):
    """If the entries of an action were not read, past access would be wrong."""
    about_access = set(AuditEntry.objects.filter(subject=lived).values_list("action", flat=True))
    assert about_access == {
        "user.created",
        "options.assigned",
        "roles.assigned",
        "grants.validity_changed",
        "user.suspended",
        "user.reactivated",
        "user.eliminated",
    }
    assert User.objects.get(pk=lived.pk).state == "eliminated"
