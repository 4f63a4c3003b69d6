"""Carga masiva on the screens, without scripts: the file, its plan, the progress, the result."""

import csv
import io
import tempfile
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils import timezone

from profiles.load import applying
from profiles.models import LoadPlan
from profiles.views import load as views
from tests.conftest import PASSWORD, field_errors, soup
from tests.profiles.load.conftest import as_csv, as_xlsx, new_user, table
from users.models import AuditEntry, User

URL = "/usuarios/carga/"


@pytest.fixture
def client(client_of, principal):
    return client_of(principal)


@pytest.fixture
def upload(client):
    """upload(content) returns the page that follows the file."""

    def send(content: bytes, name="usuarios.csv"):
        return client.post(URL, {"file": SimpleUploadedFile(name, content)}, follow=True)

    return send


def counts(page) -> dict[str, int]:
    return {
        item.a.contents[-1].strip(): int(item.strong.get_text())
        for item in soup(page).select(".plan-counts li")
    }


def buttons(page) -> list[str]:
    return [button.get_text(strip=True) for button in soup(page).select("main button")]


def test_a_file_is_planned_applied_and_planned_again(client, upload):
    file = as_csv(*table(new_user(1), new_user(2)))
    page = upload(file)
    assert counts(page) == {"Con error": 0, "Nuevo": 2, "Con cambios": 0, "Sin cambios": 0}
    assert not User.objects.filter(username="NUEVO001").exists()
    done = client.post(page.request["PATH_INFO"], {"do": "apply"}, follow=True)
    assert soup(done).h1.get_text() == "Plan aplicado"
    assert "2 usuarios creados, 0 modificados" in soup(done).get_text()
    assert client.login(ruc="20999999043", username="NUEVO002", password=PASSWORD)
    client.force_login(
        User.objects.get(is_principal=True), backend="users.signin.backends.OperatorBackend"
    )
    again = upload(file)
    assert counts(again)["Sin cambios"] == 2
    assert "Aplicar plan" not in buttons(again)


def test_the_entries_of_a_load_have_its_channel(client, upload):
    page = upload(as_csv(*table(new_user(1))))
    client.post(page.request["PATH_INFO"], {"do": "apply"}, follow=True)
    history = soup(client.get("/historial/", {"canal": "load"})).get_text(" ", strip=True)
    assert "Carga masiva aplicada" in history
    assert "Usuario creado" in history


@pytest.mark.parametrize("name", ["usuarios.csv", "usuarios.xlsx", "cualquiera.bin"])
def test_the_kind_of_a_file_is_read_from_its_content(upload, name):
    assert counts(upload(as_xlsx(*table(new_user(1))), name))["Nuevo"] == 1


def test_an_error_names_row_column_value_cause_and_remedy(upload):
    page = upload(as_csv(*table(new_user(1), new_user(2) | {"Número de documento": "12345"})))
    row = soup(page).select_one(".plan-table tbody tr")
    assert row.select_one("[data-label=Fila]").get_text() == "3"
    said = row.select_one(".plan-problem").get_text(" ", strip=True)
    assert said == (
        "Número de documento «12345»: El DNI debe tener 8 dígitos. ¿Quiso decir 00012345 ?"
    )
    assert "Aplicar plan" not in buttons(page)
    assert soup(page).title.get_text().startswith("Error: ")


def test_all_corrections_are_accepted_by_one_button(client, upload):
    short = {"Número de documento": "12345"}, {"Número de documento": "123456"}
    page = upload(as_csv(*table(*(new_user(n) | cells for n, cells in enumerate(short)))))
    assert buttons(page) == ["Aceptar las 2 correcciones", "Descartar"]
    assert "Cada error tiene una corrección propuesta" in soup(page).get_text()
    accepted = client.post(page.request["PATH_INFO"], {"do": "accept"}, follow=True)
    assert counts(accepted)["Nuevo"] == 2
    assert "Aplicar plan" in buttons(accepted)
    assert "Se aceptaron las correcciones" in soup(accepted).get_text()
    again = client.post(page.request["PATH_INFO"], {"do": "accept"}, follow=True)
    assert "Se aceptaron las correcciones" not in soup(again).get_text()


def test_corrections_besides_other_errors_are_announced_and_not_offered(upload):
    people = new_user(1) | {"Número de documento": "12345"}, new_user(2, Nombres="")
    page = upload(as_csv(*table(*people)))
    assert buttons(page) == ["Descartar"]
    assert "podrá aceptarlas todas de una vez" in soup(page).get_text()


def test_the_plan_says_how_the_file_was_read(upload):
    page = upload(as_csv(["PADRÓN 2026"], *table(new_user(1))))
    (notes,) = soup(page).select(".plan-notes")
    assert "Los títulos están en la fila 2; lo que está encima no se lee." in notes.get_text()
    assert not soup(upload(as_csv(*table(new_user(1))))).select(".plan-notes")


def test_a_plan_with_errors_is_not_applied_by_a_forged_form(client, upload):
    page = upload(as_csv(*table(new_user(1, Nombres=""))))
    client.post(page.request["PATH_INFO"], {"do": "apply"}, follow=True)
    assert LoadPlan.objects.get().state == LoadPlan.State.READY


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "El archivo está vacío"), (b"Sueldo\n1", "títulos"), (b"PK\x03\x04", "dañado")],
)
def test_an_unreadable_file_is_an_error_of_the_field(upload, content, sentence):
    page = upload(content)
    assert sentence in field_errors(page)["file"]
    assert not LoadPlan.objects.exists()


def test_a_missing_file_is_an_error_of_the_field(client):
    assert field_errors(client.post(URL)) == {"file": "Elija un archivo"}


def test_a_file_that_is_too_long_is_cut_while_it_arrives(upload, settings):
    settings.LOAD_MAX_BYTES = 1024**2
    page = upload(b"Usuario\n" + b"NUEVO001\n" * 400_000)
    assert "más de 1 MB" in field_errors(page)["file"]


def test_a_long_file_name_is_shortened(upload):
    page = upload(as_csv(*table(new_user(1))), "ñ" * 180 + ".csv")
    assert counts(page)["Nuevo"] == 1


def test_the_page_names_the_limits(client, settings):
    text = soup(client.get(URL)).get_text(" ", strip=True)
    assert "Hasta 10 000 filas y 8 MB" in " ".join(text.split())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_sample_loads_without_an_error(client, upload, kind):
    sample = b"".join(client.get(URL, {"muestra": kind}).streaming_content)
    assert counts(upload(sample, f"muestra.{kind}")) == {
        "Con error": 0,
        "Nuevo": 2,
        "Con cambios": 0,
        "Sin cambios": 0,
    }


def test_a_sample_of_an_unknown_kind_is_not_found(client):
    assert client.get(URL, {"muestra": "pdf"}).status_code == 404


def test_the_plan_shows_what_each_row_would_change(upload, secondary):
    page = upload(as_csv(["Usuario", "Nombres", "Opciones"], ["JPEREZ01", "Juana", "90.1.1.1.1"]))
    lines = [item.get_text(" ", strip=True) for item in soup(page).select(".plan-table details li")]
    assert lines == [
        "Nombres: Juan → Juana",
        "+ agregó Numeración de la declaración (90.1.1.1.1)",
    ]


def test_rows_are_filtered_and_a_hundred_to_a_page(client, upload, secondary):
    people = [new_user(number) for number in range(150)]
    page = upload(as_csv(*table({"Usuario": "JPEREZ01"}, *people), delimiter=";"))
    # The first row has empty cells in the columns of the others: it has errors.
    assert counts(page)["Con error"] == 1
    url = page.request["PATH_INFO"]
    assert len(soup(page).select(".plan-table tbody tr")) == 1
    first = soup(client.get(url, {"ver": "create"}))
    assert len(first.select(".plan-table tbody tr")) == 100
    second = client.get(url + first.select_one("[rel=next]")["href"])
    assert len(soup(second).select(".plan-table tbody tr")) == 50
    assert len(soup(client.get(url, {"ver": "todas"})).select(".plan-table tbody tr")) == 100
    assert client.get(url, {"despues": "x", "ver": "nada"}).status_code == 200


def test_the_page_of_a_plan_being_applied_shows_the_progress(client, upload, monkeypatch):
    monkeypatch.setattr(applying, "HASHED_AT_ONCE", 2)
    monkeypatch.setattr(views, "SLICE", 0)
    page = upload(as_csv(*table(*(new_user(number) for number in range(4)))))
    waiting = client.post(page.request["PATH_INFO"], {"do": "apply"}, follow=True)
    address = waiting.request["PATH_INFO"]
    assert soup(waiting).select_one("noscript meta[http-equiv=refresh]")
    assert buttons(waiting) == ["Continuar"]
    for look in (waiting, client.get(address)):
        bar = soup(look).progress
        assert (bar["value"], bar["max"]) == ("2", "4")
    done = client.post(address, follow=True)
    assert soup(done).h1.get_text() == "Plan aplicado"


def test_an_interrupted_plan_is_continued(client, upload):
    upload(as_csv(*table(new_user(1))))
    LoadPlan.objects.update(state=LoadPlan.State.APPLYING)  # as if the first request was killed
    (left,) = soup(client.get(URL)).select(".plan-list a")
    plan = soup(client.get(left["href"]))
    assert plan.find("a", string="Continuar")["href"].endswith("/avance/")


def test_a_generated_password_is_downloaded_once(client, upload):
    page = upload(as_csv(*table(new_user(1, Clave=""))))
    url = page.request["PATH_INFO"]
    assert "Descargar las claves" not in buttons(page)
    done = client.post(url, {"do": "apply"}, follow=True)
    assert "Descargar las claves" in buttons(done)
    file = b"".join(client.post(url, {"do": "hand_over"}).streaming_content).decode("utf-8-sig")
    (row,) = csv.DictReader(io.StringIO(file), delimiter=";")
    assert User.objects.get(username=row["Usuario"]).check_password(row["Clave temporal"])
    again = client.post(url, {"do": "hand_over"}, follow=True)
    assert "Descargar las claves" not in buttons(again)
    assert row["Clave temporal"] not in again.content.decode()


def test_generated_passwords_do_not_touch_the_disk_on_their_way(client, upload, monkeypatch):
    page = upload(as_csv(*table(new_user(1, Clave=""))))
    url = page.request["PATH_INFO"]
    client.post(url, {"do": "apply"}, follow=True)
    monkeypatch.setattr(tempfile, "TemporaryFile", pytest.fail)
    assert client.post(url, {"do": "hand_over"}).getvalue().startswith("\ufeffUsuario".encode())


def test_passwords_that_cannot_be_read_are_reported(client, upload, settings):
    page = upload(as_csv(*table(new_user(1, Clave=""), new_user(2))))
    url = page.request["PATH_INFO"]
    settings.SECRET_KEY = "otra" * 20
    client.force_login(
        User.objects.get(is_principal=True), backend="users.signin.backends.OperatorBackend"
    )
    answer = client.post(url, {"do": "apply"}, follow=True)
    assert "ya no se pueden leer" in soup(answer).get_text()
    for state, do in ((LoadPlan.State.STALE, "again"), (LoadPlan.State.APPLIED, "hand_over")):
        LoadPlan.objects.update(state=state)
        answer = client.post(url, {"do": do}, follow=True)
        assert "ya no se pueden leer" in soup(answer).get_text()


@pytest.mark.parametrize("moment", ["before it starts", "while it hashes"])
def test_a_plan_overtaken_by_a_change_offers_a_new_one(
    client, upload, make_secondary, moment, monkeypatch
):
    monkeypatch.setattr(applying, "HASHED_AT_ONCE", 1)
    monkeypatch.setattr(views, "SLICE", 0)
    page = upload(as_csv(*table(new_user(1), new_user(2))))
    url = page.request["PATH_INFO"]
    if moment == "while it hashes":
        client.post(url, {"do": "apply"})
    make_secondary("NUEVO002", 90000077)
    target = f"{url}avance/" if moment == "while it hashes" else url
    refused = client.post(target, {"do": "apply"}, follow=True)
    assert "Los datos cambiaron" in soup(refused).select_one("[role=alert]").get_text()
    new = client.post(url, {"do": "again"}, follow=True)
    assert counts(new)["Con cambios"] == 1
    done = client.post(url, {"do": "apply"}, follow=True)
    assert soup(done).h1.get_text() == "Plan aplicado"
    assert AuditEntry.objects.filter(action="user.changed", channel="load").exists()


def test_a_discarded_plan_is_gone(client, upload):
    page = upload(as_csv(*table(new_user(1))))
    answer = client.post(page.request["PATH_INFO"], {"do": "discard"}, follow=True)
    assert "No se cambió ningún usuario" in soup(answer).get_text()
    assert client.get(page.request["PATH_INFO"]).status_code == 404


def test_an_applied_plan_is_not_discarded_and_the_page_says_so(client, upload):
    url = upload(as_csv(*table(new_user(1)))).request["PATH_INFO"]
    client.post(url, {"do": "apply"}, follow=True)
    answer = soup(client.post(url, {"do": "discard"}, follow=True))
    assert "El plan ya se aplicó" in answer.get_text()
    assert answer.h1.get_text() == "Plan aplicado"


@pytest.mark.parametrize("path", ["", "avance/"])
@pytest.mark.parametrize("do", ["", "apply", "discard", "again", "hand_over"])
def test_a_plan_that_is_too_old_says_what_to_do(client, upload, path, do):
    url = upload(as_csv(*table(new_user(1)))).request["PATH_INFO"]
    LoadPlan.objects.update(made_at=timezone.now() - timedelta(hours=24, minutes=1))
    answer = (
        client.post(url, {"do": do}, follow=True) if do else client.get(url + path, follow=True)
    )
    assert "Cargue el archivo otra vez" in soup(answer).get_text()
    assert soup(answer).h1.get_text() == "Carga masiva"
    assert not soup(answer).select(".plan-list")


def test_a_rule_that_refuses_while_applying_is_shown(client, upload, monkeypatch):
    def refuse(**arguments):
        raise ValidationError("Esta regla no estaba")

    monkeypatch.setattr(applying, "load_accounts", refuse)
    url = upload(as_csv(*table(new_user(1)))).request["PATH_INFO"]
    answer = client.post(url, {"do": "apply"}, follow=True)
    assert "No se aplicó el plan. Esta regla no estaba." in soup(answer).get_text()


@pytest.mark.parametrize(
    ("progress", "sentence"),
    [
        (applying.Progress(0, 1, 1), "0 de 1 clave preparada, 1 por segundo. Falta 1 segundo."),
        (applying.Progress(1, 3, 1), "1 de 3 claves preparadas, 1 por segundo. Faltan unos 2 segundos."),
        (applying.Progress(1, 300, 1), "1 de 300 claves preparadas, 1 por segundo. Faltan unos 5 minutos."),
        (applying.Progress(0, 3), "0 de 3 claves preparadas."),
    ],
)  # fmt: skip
def test_the_progress_agrees_with_its_number(progress, sentence):
    page = render_to_string(
        "profiles/load_progress.html", {"progress": progress, "plan": LoadPlan(pk=1)}
    )
    assert BeautifulSoup(page, "html.parser").select_one("#progress-text").get_text() == sentence


def test_an_unknown_action_is_not_found(client, upload):
    page = upload(as_csv(*table(new_user(1))))
    assert client.post(page.request["PATH_INFO"], {"do": "otra"}).status_code == 404


def test_a_plan_of_another_operator_is_not_found(client_of, stranger, upload):
    page = upload(as_csv(*table(new_user(1))))
    other = client_of(stranger)
    for path in ("", "avance/"):
        assert other.get(page.request["PATH_INFO"] + path).status_code == 404
    assert "usuarios.csv" not in other.get(URL).content.decode()
