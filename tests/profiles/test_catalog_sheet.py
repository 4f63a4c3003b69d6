"""The catalogue as a spreadsheet: downloaded, corrected, looked at, applied."""

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook

from profiles.catalog import reading, sheet
from profiles.catalog.loading import load_catalog
from profiles.models import AccessTemplate, Option
from profiles.spreadsheet import write_csv, write_xlsx
from profiles.tables import toml_text
from tests.administration import errors
from tests.conftest import SMALL_CATALOG, soup
from users.history.recording import Actor
from users.models import AuditEntry

EXPORT = "/admin/profiles/option/catalogo."
IMPORT = "/admin/profiles/option/importar/"
APPLY = f"{IMPORT}aplicar/"
TEMPLATE = """
templates = [
  { operator_type = "AGENTE_ADUANA", name = "Despachador", options = ["90.1.1.1.1"], roles = [] },
]
"""
WRITERS = {"csv": write_csv, "xlsx": write_xlsx}


@pytest.fixture
def client(client_of, staff, small_catalog):
    load_catalog(reading.read(SMALL_CATALOG + TEMPLATE), actor=Actor.server())
    return client_of(staff)


def downloaded(client, kind: str) -> bytes:
    return client.get(EXPORT + kind).getvalue()


def table(client) -> list[list[str]]:
    """The rows of the catalogue, as a person sees them in a spreadsheet."""
    text = downloaded(client, "csv").decode("utf-8-sig")
    return [*csv.reader(io.StringIO(text), delimiter=";")]


def send(client, rows: list[list[str]], kind: str = "xlsx"):
    file = io.BytesIO()
    WRITERS[kind](rows, file)
    return upload(client, file.getvalue(), kind)


def upload(client, content: bytes, kind: str):
    return client.post(IMPORT, {"file": SimpleUploadedFile(f"catalogo.{kind}", content)})


def plan(response) -> str:
    return soup(response).select_one("input[name=plan]")["value"]


def row_of(rows: list[list[str]], code: str) -> list[str]:
    return next(row for row in rows if row[1] == code)


@pytest.mark.parametrize("kind", ["xlsx", "csv", "toml"])
def test_an_export_that_is_imported_changes_nothing(kind, client):
    Option.objects.filter(code="11.9.1.1.2").update(is_retired=True)
    Option.objects.filter(code="90.1.2.1.1").update(position=77, name="=2+3 – «Ñandú»; 'x'")
    page = soup(upload(client, downloaded(client, kind), kind))
    assert "Sin cambios." in page.select_one("#content-main").text
    assert not page.select("input[name=plan]")
    assert Option.objects.get(code="90.1.2.1.1").position == 77


def test_a_corrected_spreadsheet_is_looked_at_and_then_applied(client):
    rows = table(client)
    row_of(rows, "90.1.2.1.1")[2] = "Consulta del canal"
    rows.remove(row_of(rows, "11.9.1.1.2"))
    rows.append([*row_of(rows, "11.9.1.1.1")[:1], "11.9.1.1.9", *row_of(rows, "11.9.1.1.1")[2:]])
    entries, response = AuditEntry.objects.count(), send(client, rows)
    page = soup(response)
    shown = [h2.text for h2 in page.select("#content-main h2")]
    assert shown == ["Nuevas (1)", "Cambian (1)", "Se retiran (1)"]
    assert "Consulta del canal" in page.select_one("#content-main").text
    # Looking changes nothing.
    assert not Option.objects.filter(code="11.9.1.1.9").exists()
    client.post(APPLY, {"plan": plan(response)})
    assert Option.objects.get(code="90.1.2.1.1").name == "Consulta del canal"
    assert Option.objects.get(code="11.9.1.1.2").is_retired
    assert AuditEntry.objects.count() == entries + 3
    assert AccessTemplate.objects.get(operator_type="AGENTE_ADUANA").options.count() == 1


def test_a_preview_says_each_value_before_and_after(client):
    Option.objects.filter(code="11.9.1.1.2").update(is_retired=True)
    rows = table(client)
    row_of(rows, "90.1.2.1.1")[2] = "Consulta del canal"
    rows.insert(len(rows) - 1, [*row_of(rows, "11.9.1.1.1")])
    rows[-2][1] = "11.9.1.1.2"
    cells = soup(send(client, rows)).select("table.changes tbody tr")
    shown = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in cells]
    assert ["Nombre", "Consulta de canal", "Consulta del canal"] in shown
    assert ["Retirado", "Sí", "No"] in shown


def test_a_preview_is_applied_only_while_it_says_what_would_happen(client, client_of, staff):
    rows = table(client)
    row_of(rows, "90.1.2.1.1")[2] = "Otro nombre"
    sealed = plan(send(client, rows))
    Option.objects.filter(code="90.1.2.1.1").update(source="cambiada entretanto")
    page = soup(client.post(APPLY, {"plan": sealed}))
    assert "El catálogo cambió desde esta vista previa" in page.select_one(".messagelist").text
    assert Option.objects.get(code="90.1.2.1.1").name == "Consulta de canal"
    assert page.select_one("input[name=plan]")["value"] != sealed
    for wrong in ("", "x", sealed[:-1], sealed + "x"):
        page = soup(client.post(APPLY, {"plan": wrong}, follow=True))
        assert "ya no sirve" in page.select_one(".messagelist").text
    assert Option.objects.get(code="90.1.2.1.1").name == "Consulta de canal"


def cell(code: str, column: int, value: str):
    return lambda rows: row_of(rows, code).__setitem__(column, value)


# What is done to the table, and the place and the cause that are told.
MISTAKES = [
    (cell("90.1", 3, "NADA"), "Fila {90.1}, columna D, «Perfil»: No existe el perfil NADA."),
    (cell("90.1", 2, ""), "Fila {90.1}, columna C, «Nombre»: Falta el valor."),
    (cell("90.1", 0, "Cosa"), "Fila {90.1}, columna A, «Qué es»: Diga qué es la fila: "),
    (cell("90.1", 6, "TRANSPORTISTA"), "columna G, «Tipos de operador»: Una carpeta no se ofrece"),
    (
        cell("90.1.1.1.1", 6, ""),
        "Fila {90.1.1.1.1}, columna G, «Tipos de operador»: Elija al menos un tipo de operador.",
    ),
    (cell("90.1.1.1.1", 5, ""), "columna F, «Para qué sirve»: Diga qué se haría ahí."),
    (cell("90.1.1.1.1", 4, "90.7"), "columna E, «Carpeta»: La carpeta 90.7 no está en una fila"),
    (cell("90.1.1.1.1", 7, "A.B.C"), "columna H, «Roles»: No existe el rol A.B.C."),
    (cell("11.9.1.1.2", 1, "11.9.1.1.1"), "columna B, «Código»: 11.9.1.1.1 está repetido."),
    (cell("11.9.1.1.2", 1, "11.X"), "columna B, «Código»: El código debe ser números separados"),
    (cell("90.1", 2, "x" * 201), "Fila {90.1}, columna C, «Nombre»: Asegúrese de que este valor"),
    (cell("90.1", 2, "ManifestaciÃ³n"), "columna C, «Nombre»: Otro programa cambió sus letras."),
    (
        cell("NSIGAD.TRANSPORTISTA.TRANSMISOR", 6, "NADIE"),
        "columna G, «Tipos de operador»: No existe el tipo de operador NADIE.",
    ),
    (cell("NSIGAD.TRANSPORTISTA.TRANSMISOR", 5, ""), "columna F, «Para qué sirve»: Falta el valor"),
    (lambda rows: rows[0].__setitem__(2, "Título"), "Fila 1: Falta la columna «Nombre»."),
    (lambda rows: rows.pop(0), "No está la fila de los títulos."),
]


def test_a_wrong_cell_is_named_by_row_and_column_and_changes_nothing(subtests, client):
    good = table(client)
    numbers = {row[1]: str(number) for number, row in enumerate(good, start=1)}
    before = [*Option.objects.values()]
    for spoil, sentence in MISTAKES:
        for code, number in numbers.items():
            sentence = sentence.replace(f"{{{code}}}", number)
        with subtests.test(sentence):
            rows = [[*row] for row in good]
            spoil(rows)
            found = errors(send(client, rows))["file"]
            assert sentence in found[0]
            assert [*Option.objects.values()] == before


def test_a_code_that_a_spreadsheet_made_a_number_or_a_day_is_named(client):
    book = load_workbook(io.BytesIO(downloaded(client, "xlsx")))
    row = next(row for row in book.active.iter_rows() if row[1].value == "90.1")
    row[1].value, row[1].number_format = 90.1, "General"
    file = io.BytesIO()
    book.save(file)
    found = errors(upload(client, file.getvalue(), "xlsx"))["file"]
    assert found[0] == f"Fila {row[1].row}, columna B, «Código»: {sheet.NUMBER}"


def test_a_file_that_is_no_table_is_refused(subtests, client):
    for content, kind, sentence in (
        (b"%PDF-1.7", "xlsx", "Es un PDF."),
        (b"PK\x03\x04", "xlsx", "El libro de Excel está dañado"),
        (b"a,b\n1,2\n", "csv", "No está la fila de los títulos."),
        (b"x" * (toml_text.MAX_BYTES + 1), "csv", "El archivo pesa más de 200 KB."),
    ):
        with subtests.test(sentence):
            assert sentence in errors(upload(client, content, kind))["file"][0]
