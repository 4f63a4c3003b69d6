"""The lists of the administration that have millions of rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import acting, soup
from users.actions import accounts
from users.admin import lists
from users.admin.history import AuditEntryAdmin

AUDIT, GRANTS = "/admin/users/auditentry/", "/admin/profiles/optiongrant/"


@pytest.fixture
def client(client_of, staff):
    return client_of(staff)


def found(client, text: str) -> set[str]:
    page = soup(client.get(AUDIT, {"q": text}))
    return {cell.get_text(strip=True) for cell in page.select(".field-subject")}


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("perez", {"JPEREZ01"}),
        ("20999999043 Ñaupari", {"JPEREZ01"}),
        ("20999999019 perez", set()),
        ("20999999019", {"-", "AJENO001"}),
        ("empresa 9019", {"-", "AJENO001"}),
        ("nadie", set()),
        ("20999999035", set()),
    ],
)
def test_the_history_is_searched_by_people_and_operators(
    client, secondary, strangers_secondary, text, subjects
):
    # An operator is opened without a subject, and its principal is one.
    assert found(client, text) - {"TITULAR1"} == subjects


def test_a_search_with_too_many_people_says_so(client, secondary, monkeypatch):
    monkeypatch.setattr(AuditEntryAdmin, "MOST_PEOPLE", 1)
    assert AuditEntryAdmin.TOO_MANY in soup(client.get(AUDIT, {"q": "9"})).text


def test_no_list_counts_all_its_rows(client, principal, secondary, subtests):
    for url in [AUDIT, GRANTS, "/admin/users/user/"]:
        with subtests.test(url=url):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts = [query["sql"] for query in queries if "COUNT(*)" in query["sql"]]
            assert [sql for sql in counts if " LIMIT " not in sql] == []


def test_the_last_page_ends_with_the_last_counted_row(client, principal, secondary, monkeypatch):
    monkeypatch.setattr(lists, "COUNTED", 2)
    monkeypatch.setattr(AuditEntryAdmin, "list_per_page", 1)
    accounts.suspend_user(actor=acting(principal), user=secondary)
    last = soup(client.get(AUDIT, {"p": 2}))
    assert "2 movimientos" in last.select_one(".paginator").text
    assert last.select_one(".field-what").text == "Usuario creado"


def test_an_account_links_to_its_entries(client, secondary):
    page = soup(client.get(f"/admin/users/user/{secondary.pk}/change/"))
    link = page.select_one(".object-tools").find("a", string="Historial")["href"]
    rows = soup(client.get(link, follow=True)).select("#result_list tbody tr")
    assert [row.select_one(".field-subject").text for row in rows] == ["JPEREZ01"]
