"""Historial: who did what, when, from where, in words; of one user and of the whole company."""

import csv
import inspect
import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import profiles.actions
import users.actions
from operators.models import Operator
from profiles.actions.grants import assign_options, assign_roles
from profiles.actions.templates import save_template
from profiles.catalog import rows as rows_of_the_catalogue
from profiles.exercises import certificates, course
from profiles.load import actions as load_actions
from profiles.load import applying
from tests.conftest import PASSWORD, acting, field_errors, soup
from tests.walking import modules_of
from users.actions import accounts, operators, passwords
from users.history.wording import ACTION_LABELS, OFFICE_ACTION_LABELS
from users.models import AuditEntry, User

COMPANY, OF_USER = "/historial/", "/usuarios/JPEREZ01/historial/"
CODE, FREE, ROLE = "90.1.1.1.1", "11.9.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


def entries(response) -> list[str]:
    """What each entry says, then who did it and from where."""
    parts = [li.find_all(recursive=False)[1:] for li in soup(response).select(".history > li")]
    return [" ".join(" ".join(p.get_text(" ") for p in entry).split()) for entry in parts]


def rows(response) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_each_thing_done_is_said_in_words_the_latest_first(client, principal, secondary):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=[CODE], seen=[])
    assign_options(actor=actor, user=secondary, codes=[FREE], seen=[CODE])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    accounts.suspend_user(actor=actor, user=secondary)
    suspended, roles, options, first, created = entries(client.get(OF_USER))
    assert suspended.startswith("Usuario suspendido")
    assert "Estado: Activo → Suspendido" in suspended
    assert f"agregó Despachador ({ROLE})" in roles
    assert f"agregó Servicio Web ({FREE})" in options
    assert f"quitó Numeración de la declaración ({CODE})" in options
    assert "TITULAR1 · Web desde 192.0.2.1" in first
    assert "Nombres: Juan" in created


def test_the_name_of_a_template_is_no_razon_social(client, principal):
    save_template(actor=acting(principal), name="De siempre", options=[CODE], roles=[])
    saved, *_ = entries(client.get(COMPANY))
    assert "Nombre: De siempre" in saved
    assert "Razón social" not in saved


def test_the_company_sees_all_its_users_and_what_has_no_user(client, make_secondary, staff):
    make_secondary("OTRO0001", 90000055)
    operator = Operator.objects.get(users__username="OTRO0001")
    operators.advance_clock(actor=acting(staff), operator=operator, by=timedelta(hours=27))
    moved, other, *_ = entries(client.get(COMPANY))
    assert moved.startswith("Reloj adelantado · la empresa")
    assert "ninguno → 1 día y 3 horas" in moved
    assert "OTRO0001" in other
    assert not any("OTRO0001" in entry for entry in entries(client.get(OF_USER)))


def test_the_history_shows_nothing_of_another_company(
    client, strangers_secondary, stranger, client_of
):
    assert "AJENO001" not in client.get(COMPANY).content.decode()
    assert "JPEREZ01" not in client_of(stranger).get(COMPANY).content.decode()


def test_an_eliminated_user_keeps_his_history(client, principal, secondary):
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    response = client.get(OF_USER)
    assert entries(response)[0].startswith("Usuario eliminado")
    assert soup(response).select_one(".back") is None


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"accion": "user.suspended"}, 1),
        ({"canal": "web"}, 2),
        ({"canal": "command"}, 0),
        ({"texto": "perez"}, 2),
        ({"texto": "TITULAR1"}, 2),
        ({"texto": "nadie"}, 0),
        ({"desde": "2020-01-01", "hasta": "2099-12-31"}, 2),
        ({"hasta": "01/01/2020"}, 0),
        ({"despues": "99"}, 2),
        ({"hasta": "9999-12-31"}, 2),
        ({"desde": "9999-12-31"}, 0),
    ],
)
def test_the_filters_narrow_it(client, principal, secondary, query, count):
    accounts.suspend_user(actor=acting(principal), user=secondary)
    assert len(entries(client.get(OF_USER, query))) == count


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"desde": "ayer"}, {"desde": "Ingrese una fecha como 31/12/2026"}),
        (
            {"desde": "2027-02-02", "hasta": "2027-02-01"},
            {"hasta": "La fecha de fin es anterior a la de inicio"},
        ),
    ],
)
def test_a_filter_that_is_wrong_says_so_and_gives_no_file(client, query, expected):
    assert field_errors(client.get(OF_USER, query)) == expected
    assert field_errors(client.get(OF_USER, {**query, "formato": "csv"})) == expected


def test_the_day_of_a_filter_is_a_day_of_lima(client, secondary):
    today = timezone.localdate().isoformat()
    assert len(entries(client.get(OF_USER, {"desde": today, "hasta": today}))) == 1


def test_the_csv_has_the_same_entries(client, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=[CODE], seen=[])
    response = client.get(OF_USER, {"formato": "csv"})
    assert "20999999043" in response["Content-Disposition"]
    header, assigned, created = rows(response)
    assert header[0] == "Fecha y hora"
    assert assigned[1:6] == ["TITULAR1", "Web", "192.0.2.1", "Opciones asignadas", "JPEREZ01"]
    assert assigned[6] == f"agregó Numeración de la declaración ({CODE})"
    assert created[4] == "Usuario creado"


def test_what_is_only_a_default_is_left_out_and_what_is_long_is_folded(client, principal):
    created = entries(client.get(OF_USER))[-1]
    assert "Juan" in created
    assert "Estado" not in created
    accounts.suspend_user(actor=acting(principal), user=User.objects.get(username="JPEREZ01"))
    page = soup(client.get(OF_USER))
    suspended, made = page.select(".history > li")
    assert not suspended.select("details")
    assert len(made.select("details li")) == 2


def test_the_strip_leads_to_each_day(client, principal, secondary, unprotected_history):
    today = timezone.localdate()
    before = AuditEntry.objects.get(action="user.created", subject=secondary)
    AuditEntry.objects.filter(pk=before.pk).update(at=timezone.now() - timedelta(days=3))
    accounts.suspend_user(actor=acting(principal), user=secondary)
    days = soup(client.get(OF_USER, {"canal": "web"})).select(".days li")
    assert len(days) == 30
    links = [day.a["href"] for day in days if day.a]
    assert [link.split("desde=")[1][:10] for link in links] == [
        (today - timedelta(days=3)).isoformat(),
        today.isoformat(),
    ]
    (entry,) = entries(client.get(OF_USER + links[0]))
    assert entry.startswith("Usuario creado")
    # The strip stays whole, so that another day is one click away.
    assert len(soup(client.get(OF_USER + links[0])).select(".days a")) == 2


def test_the_strip_looks_through_a_thousand_entries_and_says_so(client, principal, secondary):
    entry = AuditEntry.objects.get(action="user.created", subject=secondary)
    entry.action, entry.subject = "user.changed", secondary
    AuditEntry.objects.bulk_create(copy_of(entry) for _ in range(1000))
    (day,) = soup(client.get(OF_USER)).select(".days li")
    assert "al menos 1000 movimientos" in day.text


def copy_of(entry: AuditEntry) -> AuditEntry:
    names = ("action", "actor", "operator", "subject", "before", "after", "channel", "address")
    return AuditEntry(**{name: getattr(entry, name) for name in names})


def test_as_many_queries_for_one_entry_as_for_fifty(client, principal, secondary):
    with CaptureQueriesContext(connection) as one:
        client.get(OF_USER)
    for _ in range(25):
        accounts.suspend_user(actor=acting(principal), user=secondary)
        accounts.reactivate_user(actor=acting(principal), user=secondary)
    with CaptureQueriesContext(connection) as many:
        response = client.get(OF_USER)
    assert len(entries(response)) == 50
    assert len(many) == len(one)
    following = soup(response).select_one("a[rel=next]")["href"]
    assert len(entries(client.get(OF_USER + following))) == 1


def test_no_clave_and_no_hash_is_in_it(client, principal, secondary):
    passwords.reset_password(actor=acting(principal), user=secondary, password="Temporal1")
    secondary.refresh_from_db()
    for url in (COMPANY, OF_USER):
        page = client.get(url).content.decode()
        file = str(rows(client.get(url, {"formato": "csv"})))
        for secret in (PASSWORD, "Temporal1", secondary.password):
            assert secret not in page + file


def test_every_action_that_is_recorded_has_its_words():
    modules = (
        *modules_of(users.actions),
        *modules_of(profiles.actions),
        load_actions,
        applying,
        rows_of_the_catalogue,
        certificates,
        course,
    )
    source = "".join(map(inspect.getsource, modules))
    recorded = set(
        re.findall(
            r'"((?:users?|operator|options|roles|grants|template|recovery_codes?|group|catalog'
            r'|second_factors|classroom|practice|exercises)\.[a-z_]+)"',
            source,
        )
    )
    assert len(recorded) > 15
    assert recorded == set(ACTION_LABELS) | set(OFFICE_ACTION_LABELS)


def test_what_was_recorded_before_it_had_words_is_shown_as_it_is(client, principal, secondary):
    AuditEntry.objects.create(
        action="user.odd",
        actor=principal,
        operator=principal.operator,
        subject=secondary,
        after={"odd": 7},
        channel="web",
    )
    assert entries(client.get(OF_USER))[0].startswith("user.odd")
