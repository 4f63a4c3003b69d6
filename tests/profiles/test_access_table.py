"""Accesos, its findings, and its CSV."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.access.findings import EXPIRES_SOON, Finding, Offer, having
from profiles.access.reasons import Reason
from profiles.actions.grants import assign_access
from profiles.models import Option, OptionGrant, RoleGrant
from tests.conftest import acting, fail_to_sign_in, soup
from users.actions.accounts import eliminate_user, suspend_user
from users.models import User

URL = "/accesos/"
FIRST, SECOND, FREE = "90.1.1.1.1", "90.1.1.1.2", "11.9.1.1.1"
ROLE, QUERY_ROLE = "NSIGAD.AGENTEADUANA.DESPACHO", "NSIGAD.AGENTEADUANA.CONSULTA"


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


@pytest.fixture
def make(principal, make_secondary):
    """make(username, options, roles) is a secondary user who holds them."""
    numbers = iter(range(90000100, 90000200))

    def made(username, options=(), roles=()):
        user = make_secondary(username, next(numbers))
        assign_access(
            actor=acting(principal),
            user=user,
            options=options,
            roles=roles,
            seen_options=[],
            seen_roles=[],
        )
        return user

    return made


def suspend(principal, user):
    suspend_user(actor=acting(principal), user=user)


def lock(principal, user):
    fail_to_sign_in(user)


def give_a_temporary_clave(principal, user):
    User.objects.filter(pk=user.pk).update(must_change_password=True)


def end(principal, user):
    yesterday = user.operator.today() - timedelta(days=1)
    User.objects.filter(pk=user.pk).update(valid_until=yesterday)


def table(response) -> dict[str, list[str]]:
    """What the cells of each row say, by the code of its option or role."""
    return {
        row.select_one(".option-code").text: [
            cell.get_text(strip=True) or cell.find()["title"] for cell in row.select("td")
        ]
        for row in soup(response).select(".access-table tbody tr:not(.access-group)")
    }


def test_each_cell_says_whether_it_is_held_and_works(client, make):
    make("COMPLETO", [FIRST, FREE], [ROLE])
    make("SINROL01", [FIRST])
    make("VACIO001")
    response = client.get(URL)
    heads = [head.get_text(" ", strip=True) for head in soup(response).select("thead th")]
    names = ["COMPLETO Ana Ficticia", "SINROL01 Ana Ficticia", "VACIO001 Ana Ficticia"]
    assert heads == ["Opción o rol", *names]
    refused = Reason.ROLE_MISSING.for_admin.format("SINROL01")
    assert table(response) == {
        FIRST: ["Sí", refused, "No"],
        FREE: ["Sí", "No", "No"],
        ROLE: ["Sí", "No", "No"],
    }
    assert len(soup(response).select("td .mark-works")) == 3
    assert len(soup(response).select("td .mark-lacks")) == 1


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (suspend, Reason.USER_SUSPENDED),
        (lock, Reason.LOCKED),
        (give_a_temporary_clave, Reason.CLAVE_TO_BE_CHANGED),
        (end, Reason.USER_EXPIRED),
    ],
)
def test_a_stopped_account_is_never_said_to_work(client, principal, make, stop, reason):
    user = make("DETENIDO", [FIRST, FREE], [ROLE])
    stop(principal, user)
    response = client.get(URL)
    said = reason.for_admin.format(user)
    assert table(response) == {FIRST: [said], FREE: [said], ROLE: [said]}
    assert len(soup(response).select("td .mark-stopped")) == 3
    text = b"".join(client.get(URL, {"formato": "csv"}).streaming_content).decode("utf-8-sig")
    assert {row["Rige"] for row in csv.DictReader(StringIO(text), delimiter=";")} == {"No"}
    why = soup(client.get(f"/usuarios/DETENIDO/acceso/?opcion={FREE}"))
    assert why.select_one("[data-reason]")["data-reason"] == reason.code


def test_a_phone_says_of_each_user_how_much_works_and_leads_to_the_rest(client, make, principal):
    make("COMPLETO", [FIRST], [ROLE])
    make("SINROL01", [FIRST, FREE])
    suspend(principal, make("SUSPENSO", [FREE]))
    make("VACIO001")
    lines = soup(client.get(URL)).select(".access-people > li")
    assert [line.select_one(".access-marks").get_text(" ", strip=True) for line in lines] == [
        "2 funcionan",
        "1 funciona 1 sin rol o vigencia",
        "1 detenida",
        "No tiene opciones ni roles",
    ]
    assert lines[0].a["href"] == "/usuarios/COMPLETO/"


def test_rows_that_no_user_holds_are_shown_on_request(client, make):
    make("COMPLETO", [FREE])
    assert set(table(client.get(URL))) == {FREE}
    everything = table(client.get(URL, {"filas": "todas"}))
    assert {FIRST, SECOND, FREE, ROLE, QUERY_ROLE} <= set(everything)
    assert everything[FIRST] == ["No"]


def test_a_cell_that_does_not_work_leads_to_the_reason(client, make):
    make("SINROL01", [FIRST])
    (link,) = soup(client.get(URL)).select("td a")
    reason = soup(client.get(link["href"])).select_one("[data-reason]")
    assert reason["data-reason"] == "role_missing"


def test_the_matrix_is_filtered_like_the_list_of_users(client, make):
    make("COMPLETO", [FIRST], [ROLE])
    make("SINROL01", [FIRST])
    page = soup(client.get(URL, {"hallazgo": Finding.ROLE_MISSING}))
    assert [link.text for link in page.select(".access-user a")] == ["SINROL01"]
    page = soup(client.get(URL, {"texto": "nadie"}))
    assert "Ningún usuario coincide" in page.select_one(".empty").text


def test_without_users_it_shows_the_way_on(client):
    assert soup(client.get(URL)).select_one(".empty a")["href"] == "/usuarios/nuevo/"


def test_users_without_anything_are_said_so(client, make):
    make("VACIO001")
    assert "Ninguno de estos usuarios tiene" in soup(client.get(URL)).select_one("td").text


def test_an_eliminated_user_is_only_found_by_his_state_and_links_nowhere(client, principal, make):
    user = make("ELIMINAD", [FIRST])
    eliminate_user(actor=acting(principal), user=user)
    assert not soup(client.get(URL)).select(".access-user")
    page = soup(client.get(URL, {"estado": "eliminated"}))
    assert page.select_one(".access-user").get_text(" ", strip=True) == (
        "ELIMINAD Eliminado · Ana Ficticia"
    )
    assert not page.select(".access-table a")


def test_another_companys_users_are_not_in_it(client, strangers_secondary):
    assert b"AJENO001" not in client.get(URL).content
    assert b"AJENO001" not in b"".join(client.get(URL, {"formato": "csv"}).streaming_content)


# Findings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finding", "options", "roles", "is_found"),
    [
        (Finding.WITHOUT_OPTIONS, [], [], True),
        (Finding.WITHOUT_OPTIONS, [], [ROLE], True),
        (Finding.WITHOUT_OPTIONS, [FREE], [], False),
        (Finding.ROLE_MISSING, [FIRST], [], True),
        (Finding.ROLE_MISSING, [FIRST], [QUERY_ROLE], True),
        (Finding.ROLE_MISSING, [FIRST, FREE], [ROLE], False),
        (Finding.ROLE_MISSING, [FREE], [], False),
        (Finding.ROLE_WITHOUT_OPTION, [FREE], [ROLE], True),
        (Finding.ROLE_WITHOUT_OPTION, [FIRST], [ROLE, QUERY_ROLE], True),
        (Finding.ROLE_WITHOUT_OPTION, [FIRST], [ROLE], False),
    ],
)
def test_what_is_found_of_whom(operator, make, finding, options, roles, is_found):
    user = make("ALGUIEN1", options, roles)
    everybody = User.objects.secondary()
    assert (user in having(everybody, finding, Offer.to(operator))) == is_found
    User.objects.filter(pk=user.pk).update(state=User.State.SUSPENDED)
    assert user not in having(everybody, finding, Offer.to(operator))


def test_a_user_who_never_signed_in_is_a_finding_until_the_first_sign_in(operator, make, client_of):
    user = make("ALGUIEN1", [FREE])
    assert user in having(User.objects.secondary(), Finding.NEVER_SIGNED_IN, Offer.to(operator))
    client_of(user)
    assert user not in having(User.objects.secondary(), Finding.NEVER_SIGNED_IN, Offer.to(operator))


@pytest.mark.parametrize(
    ("days", "is_found"), [(-1, False), (0, True), (7, True), (8, False)], ids=str
)
@pytest.mark.parametrize("what", [User, OptionGrant, RoleGrant], ids=lambda model: model.__name__)
def test_what_expires_within_7_days_is_found(operator, make, what, days, is_found):
    user = make("ALGUIEN1", [FIRST], [ROLE])
    assert timedelta(days=7) == EXPIRES_SOON
    rows = what.objects.filter(pk=user.pk) if what is User else what.objects.filter(user=user)
    rows.update(valid_until=operator.today() + timedelta(days=days))
    found = having(User.objects.secondary(), Finding.EXPIRES_SOON, Offer.to(operator))
    assert (user in found) == is_found


def test_the_page_counts_them_and_leads_to_them(client, principal, make):
    make("SINROL01", [FIRST])
    make("SINROL02", [FIRST])
    suspend_user(actor=acting(principal), user=make("QUIETO01", [FIRST]))
    finding = next(
        item
        for item in soup(client.get(URL)).select(".attention-line li")
        if "pide un rol" in item.text
    )
    assert finding.get_text(strip=True).endswith(": 2")
    assert finding.a["title"] == "Ve la opción en su menú y no puede usarla"
    page = soup(client.get(URL + finding.a["href"].removeprefix(URL)))
    assert [link.text for link in page.select(".access-user a")] == ["SINROL01", "SINROL02"]


# CSV ----------------------------------------------------------------------------------------------


def test_the_csv_has_a_row_for_everything_held(client, make):
    make("SINROL01", [FIRST, FREE], [QUERY_ROLE])
    response = client.get(URL, {"formato": "csv"})
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(StringIO(text), delimiter=";"))
    assert [(row["Usuario"], row["Código"], row["Rige"]) for row in rows] == [
        ("SINROL01", FIRST, "No"),
        ("SINROL01", FREE, "Sí"),
        ("SINROL01", QUERY_ROLE, "Sí"),
    ]
    assert rows[0]["Por qué no"].startswith("SINROL01 no tiene ninguno de los roles")
    assert rows[0]["Ruta"] == "Mis Trámites Aduaneros › Despacho › Declaraciones"


# Queries ------------------------------------------------------------------------------------------


def test_the_matrix_costs_the_same_queries_for_many_users_and_options(client, make, principal):
    user = make("PRIMERO1", [FIRST], [ROLE])
    every_row = {"filas": "todas"}
    client.get(URL, every_row)
    with CaptureQueriesContext(connection) as few:
        client.get(URL, every_row)
    options = Option.objects.bulk_create(
        Option(code=f"90.9.1.1.{n}", profile_id="ADUANEROS", parent_id="90.1", name=f"Opción {n}")
        for n in range(100)
    )
    for option in options:
        option.operator_types.set(["AGENTE_ADUANA"])
    users = [make(f"USUAR{n:03}") for n in range(45)]
    OptionGrant.objects.bulk_create(
        OptionGrant(
            user=each,
            option=option,
            granted_at=user.date_joined,
            effective_at=user.date_joined,
            granted_by=principal,
        )
        for each in users
        for option in options[:50]
    )
    with CaptureQueriesContext(connection) as many:
        response = client.get(URL, every_row | {"despues": ["USUAR020", 0]})
    assert len(table(response)) > 100
    assert len(many) == len(few)
