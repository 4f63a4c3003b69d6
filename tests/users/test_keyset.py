"""Keyset pagination: every row once, also while rows are inserted and deleted."""

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from tests.conftest import person, soup
from users.lists import keyset
from users.lists.keyset import page_of
from users.models import User

LIST, HISTORY = "/usuarios/", "/historial/"
ORDERS = [["username", "pk"], ["-username", "-pk"], ["last_name", "pk"], ["-last_name", "pk"]]


def save(principal, *usernames: str, **fields) -> list[User]:
    return [
        User.objects.create(
            operator=principal.operator,
            username=username,
            **{**person(91000000 + User.objects.count()), **fields},
        )
        for username in usernames
    ]


@pytest.fixture
def people(principal):
    """Ten, three by three of the same surname."""
    return [save(principal, f"PERSON{n:02}", last_name=f"Apellido {n // 3}")[0] for n in range(10)]


def page(order, size=3, **key) -> keyset.Page:
    query = QueryDict(mutable=True)
    for name, value in key.items():
        query.setlist(name, value)
    return page_of(User.objects.secondary(), order, size, query)


def walk(order, size=3, *, direction="following", start=None, between=lambda: None) -> list[str]:
    name = {"following": "despues", "previous": "antes"}[direction]
    shown = start or page(order, size)
    found = [shown.rows]
    while key := getattr(shown, direction):
        between()
        shown = page(order, size, **{name: key})
        found.append(shown.rows)
    return [user.username for rows in found for user in rows]


def names(order) -> list[str]:
    return list(User.objects.secondary().order_by(*order).values_list("username", flat=True))


def test_following_the_pages_shows_every_row_once_and_in_order(people, subtests):
    for size in [1, 3, 5, 9, 10, 11]:
        for order in ORDERS:
            with subtests.test(order=order, size=size):
                assert walk(order, size) == names(order)


def test_going_back_shows_the_same_pages(people, subtests):
    for order in ORDERS:
        with subtests.test(order=order):
            first = page(order)
            second = page(order, despues=first.following)
            third = page(order, despues=second.following)
            assert page(order, antes=third.previous) == second
            assert page(order, antes=second.previous).rows == first.rows
            assert not page(order, antes=second.previous).previous


def test_inserted_rows_do_not_shift_the_pages(people, principal):
    order = ["username", "pk"]
    added = iter(range(100))
    # Inserted before all the others: pages by number would shift.
    seen = walk(order, between=lambda: save(principal, f"ANTES{next(added):03}"))
    assert seen == [user.username for user in people]


def test_deleted_rows_leave_no_gap(people):
    order = ["username", "pk"]
    first = page(order)
    User.objects.filter(pk__in=[user.pk for user in first.rows]).update(state="eliminated")
    assert page(order, despues=first.following).rows == people[3:6]


def test_going_back_less_than_a_page_shows_the_whole_first_page(people, principal):
    order = ["username", "pk"]
    second = page(order, despues=page(order).following)
    User.objects.filter(pk=people[0].pk).delete()
    assert page(order, antes=second.previous).rows == people[1:4]


def test_a_key_behind_the_last_row_shows_the_first_page(people):
    assert page(["username", "pk"], despues=["Z", "1"]).rows == people[:3]


def test_an_invalid_key_shows_the_first_page(people, subtests):
    keys = [
        [""],
        ["PERSON01"],
        ["PERSON01", ""],
        ["PERSON01", "x"],
        ["PERSON01", "1", "1"],
        ["PERSON01", "-"],
        ["PERSON01", "9" * 5000],
        ["PERSON01", "1.5"],
        ["PERSON01", "None"],
        [],
        ["1", "2", "3", "4"],
    ]
    for name in ["antes", "despues"]:
        for key in keys:
            with subtests.test(key=key, name=name):
                assert page(["username", "pk"], **{name: key}).rows == people[:3]


def test_an_invalid_date_in_a_key_shows_the_first_page(principal, secondary, client_of, subtests):
    for moment in [
        "ayer",
        "2026-01-01",
        "2099-01-01T00:00:00",
        "2026-13-01T00:00:00+00:00",
        "9" * 99,
    ]:
        with subtests.test(moment=moment):
            first, asked = (
                soup(client_of(principal).get(HISTORY, query))
                for query in ({}, {"despues": [moment, "1"]})
            )
            assert asked.select_one(".history").find("li")
            assert asked.select_one(".history") == first.select_one(".history")
            assert not asked.select("nav.pages")


def test_no_number_is_too_large_for_any_order(principal, people, client_of, subtests):
    for order in ["usuario", "nombre", "opciones", "ingreso", "-ingreso"]:
        for name in ["antes", "despues"]:
            for number in ["9" * 18, "-1", "9" * 30]:
                with subtests.test(number=number, name=name, order=order):
                    columns = 2 if order != "nombre" else 3
                    query = {"orden": order, name: [number] * columns}
                    assert client_of(principal).get(LIST, query).status_code in (200, 400)


@pytest.mark.parametrize("order", ["usuario", "nombre", "tipo", "correo", "estado", "opciones", "ingreso"])  # fmt: skip
@pytest.mark.parametrize("sign", ["", "-"])
def test_the_user_list_has_pages_in_every_order(principal, client_of, order, sign):
    everybody = {user.username for user in save(principal, *(f"LISTA{n:03}" for n in range(45)))}
    client, seen, address = client_of(principal), [], f"{LIST}?orden={sign}{order}&texto=lista"
    for rows in (20, 20, 5):
        found = soup(client.get(address))
        assert len(found.select("tbody tr")) == rows
        seen += [name.get_text(strip=True) for name in found.select("tbody th .code")]
        following = found.select_one("a[rel=next]")
        address = LIST + following["href"] if following else None
    assert address is None
    assert set(seen) == everybody
    assert len(seen) == len(everybody)


def test_a_key_from_another_operator_shows_none_of_its_rows(
    principal, secondary, strangers_secondary, client_of
):
    key = [strangers_secondary.username, strangers_secondary.pk]
    for name in ("antes", "despues"):
        response = client_of(principal).get(LIST, {name: key})
        rows = [name.get_text(strip=True) for name in soup(response).select("tbody th .code")]
        assert rows == ["JPEREZ01"]


def test_filters_and_the_page_are_kept_between_pages(principal, client_of):
    save(principal, *(f"LISTA{n:03}" for n in range(45)))
    client = client_of(principal)
    first = soup(client.get(LIST, {"texto": "lista", "orden": "-usuario"}))
    second = soup(client.get(LIST + first.select_one("a[rel=next]")["href"]))
    sent = [
        (field["name"], field["value"]) for field in second.select(".people-form [type=hidden]")
    ]
    # An action with no user marked returns to the same page.
    assert ("texto", "lista") in sent
    assert len([value for name, value in sent if name == "despues"]) == 2
    back = second.select_one("nav.pages a")
    assert back.text == "Primera"
    assert "despues" not in back["href"]


def test_the_total_stops_at_the_counting_limit(people, monkeypatch):
    monkeypatch.setattr(keyset, "COUNTED", 4)
    assert page(["username", "pk"]).said_total == "Más de 4"
    monkeypatch.setattr(keyset, "COUNTED", 10)
    assert page(["username", "pk"]).said_total == "10"


def test_a_page_says_which_rows_it_holds_up_to_the_counting_limit(people, monkeypatch):
    for order in ORDERS:
        first = page(order)
        second = page(order, despues=first.following)
        last = page(order, 4, despues=page(order, 4, despues=page(order, 4).following).following)
        assert (first.range, second.range, last.range) == ("1–3", "4–6", "9–10")
        assert page(order, antes=second.previous).range == "1–3"
    assert page(order, despues=page(order, 9).following).range == "10"
    monkeypatch.setattr(keyset, "COUNTED", 2)
    assert page(order).range == "1–3"
    assert page(order, despues=first.following).range == ""


def test_no_page_skips_rows_or_counts_them_all(principal, people, client_of):
    client = client_of(principal)
    for address in (LIST, "/accesos/", HISTORY, f"{LIST}?varios=si", "/accesos/dia/", "/"):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        statements = [query["sql"] for query in queries]
        assert not [sql for sql in statements if " OFFSET " in sql]
        of_many = ("users_user", "users_auditentry")
        counts = [
            sql
            for sql in statements
            if "COUNT(*)" in sql.split(" FROM ")[0] and any(table in sql for table in of_many)
        ]
        assert [sql for sql in counts if " LIMIT " not in sql] == []
