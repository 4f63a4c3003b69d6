"""Downloads: the listed rows, as text, in a form that can be loaded again."""

import csv
import io
import re
from itertools import product

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from openpyxl import load_workbook

from profiles.actions.grants import assign_options, assign_roles
from profiles.load import files
from profiles.load.planning import Planner
from profiles.models import Outcome
from profiles.spreadsheet import as_text, as_typed, csv_lines, write_xlsx
from tests.conftest import acting
from tests.places import ROOT
from users.actions import accounts
from users.models import AuditEntry

ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"
KINDS = ["csv", "xlsx"]
DANGEROUS = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1"]
HARMLESS = ["", "Ana", "'Ana", "1=1", "O'Higgins", "90000001", "SEE - SOL", "a@b.pe", "D'-"]
# What a program can be told to separate cells by.
SEPARATORS = [",", ";", "\t", "|", ":", " ", "\n", "\r"]


@pytest.fixture
def client(client_of, principal):
    return client_of(principal)


def download(client, url, **query) -> bytes:
    return b"".join(client.get(url, query).streaming_content)


def table(content: bytes, kind: str) -> list[list[str]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    sheet = load_workbook(io.BytesIO(content)).active
    assert {cell.data_type for row in sheet for cell in row if cell.value is not None} == {"s"}
    return [[cell.value or "" for cell in row] for row in sheet]


@pytest.fixture
def company(principal, secondary, make_secondary):
    """Users of every kind that an export can have."""
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=["90.1.1.1.1", "11.9.1.1.1"], seen=[])
    assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    accounts.suspend_user(actor=actor, user=make_secondary("QUIETO01", 90000010))
    make_secondary("RARO0001", 90000011, first_name="-Ana", last_name="'-Luz -Sol", email="a@b.pe")
    make_secondary(
        "CEROS001", 90000012, document_type="4", document_number="001234567890", last_name="'Luz"
    )
    accounts.change_user(
        actor=actor,
        user=secondary,
        seen=(facts := accounts.editable_facts(secondary)),
        **{**facts, "valid_from": None, "valid_until": "2027-12-31"},
    )


@pytest.mark.parametrize("kind", KINDS)
def test_loading_an_export_changes_nothing(client, company, operator, kind):
    content = download(client, "/usuarios/", formato=kind)
    sheet = files.read(io.BytesIO(content))
    planned = list(Planner(operator, sheet.columns).plan(sheet.rows))
    assert len(planned) == 4
    assert {row.outcome for row in planned} == {Outcome.UNCHANGED}
    assert not any(row.notices for row in planned)


@pytest.mark.parametrize("kind", KINDS)
def test_the_export_has_the_filtered_rows(client, company, kind):
    rows = table(download(client, "/usuarios/", formato=kind, estado="suspended"), kind)
    assert [row[0] for row in rows] == ["Usuario", "QUIETO01"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_export_has_codes_and_labels_and_no_password(client, company, kind):
    titles, *rows = table(download(client, "/usuarios/", formato=kind), kind)
    people = {row[0]: dict(zip(titles, row, strict=True)) for row in rows}
    assert people["JPEREZ01"] == {
        "Usuario": "JPEREZ01",
        "Tipo de documento": "DNI",
        "Número de documento": "90000002",
        "Nombres": "Juan",
        "Apellidos": "Pérez Ñaupari",
        "Correo electrónico": "",
        "Estado": "Activo",
        "Vigente desde": "",
        "Vigente hasta": "2027-12-31",
        "Opciones": "11.9.1.1.1 90.1.1.1.1",
        "Roles": ROLE,
    }
    assert people["RARO0001"]["Nombres"] == "'-Ana"


@pytest.mark.parametrize("url", ["/accesos/", "/historial/", "/usuarios/JPEREZ01/historial/"])
def test_the_matrix_and_the_history_have_the_same_rows_in_both_kinds(client, company, url):
    files_of = [table(download(client, url, formato=kind), kind) for kind in KINDS]
    assert files_of[0] == files_of[1]
    assert len(files_of[0]) > 2


@pytest.mark.parametrize("url", ["/usuarios/", "/accesos/", "/historial/"])
def test_an_unknown_kind_is_not_found(client, url):
    assert client.get(url, {"formato": "pdf"}).status_code == 404


def cells(text: str, separator: str) -> list[str]:
    """Return the starts of all cells that any program could see where that separates them."""
    return [cell.strip(' "') for cell in re.split(rf"[{re.escape(separator)}\r\n]", text)]


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_no_cell_of_a_csv_runs_whatever_separates_the_cells(separator):
    starts = ["", "x", "x y", 'x "y"']
    joints = ["", *SEPARATORS, "\r\n", "; ", ", ", ';"', ';""', "\n "]
    rows = [["A", *map("".join, product(starts, joints, [sign]))] for sign in DANGEROUS]
    found = [
        cell
        for cell in cells("".join(csv_lines(rows)), separator)
        # A sign between two spaces is a cell of that sign where spaces separate: no formula.
        if len(cell) > 1 and cell[0] in "=+-@＝＋－＠"
    ]
    assert found == []


@pytest.mark.parametrize("separator", SEPARATORS, ids=ascii)
def test_the_name_of_a_template_does_not_run_in_the_history(client, principal, separator):
    name = f"x{separator}=HYPERLINK(1)"
    AuditEntry.objects.create(
        action="template.saved",
        actor=principal,
        operator=principal.operator,
        after={"name": name},
        channel="web",
    )
    text = download(client, "/historial/", formato="csv").decode("utf-8-sig")
    assert "HYPERLINK" in text
    assert not [cell for cell in cells(text, separator) if cell.startswith("=")]


def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe():
    assert [as_text(text)[0] for text in DANGEROUS] == ["'"] * len(DANGEROUS)


def test_text_that_a_spreadsheet_would_not_run_is_written_as_it_is():
    assert [as_text(text) for text in HARMLESS] == HARMLESS


def test_protected_text_is_read_back_as_it_was():
    texts = ["".join(text) for size in range(6) for text in product(" '\",=-a\t", repeat=size)]
    wrong = [text for text in [*texts, *DANGEROUS, *HARMLESS] if as_typed(as_text(text)) != text]
    assert wrong == []


def test_every_export_is_written_by_the_one_writer():
    writing = [
        file.relative_to(ROOT).as_posix()
        for app in ("portal", "operators", "users", "profiles")
        for file in (ROOT / app).rglob("*.py")
        if re.search(r"csv\.\w*[wW]riter|text/csv", file.read_text(encoding="utf-8"))
    ]
    assert writing == ["profiles/spreadsheet.py"]


def test_a_character_that_a_workbook_cannot_hold_is_replaced():
    file = io.BytesIO()
    write_xlsx([["a\x07b"]], file)
    assert table(file.getvalue(), "xlsx") == [["a\ufffdb"]]


def test_a_csv_is_written_row_by_row():
    def rows():
        yield ["Usuario"]
        raise AssertionError("a second row was asked for")

    lines = csv_lines(rows())
    assert [next(lines), next(lines)] == ["\ufeff", "Usuario\r\n"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("url", ["/usuarios/", "/accesos/", "/historial/"])
def test_an_export_that_fails_in_the_middle_sends_an_error_page_and_no_part_of_a_file(
    client, company, url, kind, monkeypatch
):
    whole = QuerySet.iterator

    def broken(queryset, chunk_size):
        yield next(whole(queryset, chunk_size))
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(QuerySet, "iterator", broken)
    client.raise_request_exception = False
    response = client.get(url, {"formato": kind})
    assert response.status_code == 503
    assert "Content-Disposition" not in response


@pytest.mark.parametrize("kind", KINDS)
def test_an_export_states_its_length(client, company, kind):
    """A browser and a proxy notice by it that a transfer was cut."""
    response = client.get("/usuarios/", {"formato": kind})
    assert response.headers["Content-Length"] == str(len(response.getvalue()))
