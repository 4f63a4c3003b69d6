"""Carga masiva in a real browser: with scripts the wait ends by itself, without them by a button."""

import pytest
from playwright.sync_api import expect

from profiles.load import applying
from profiles.views import load
from tests.browser.browsing import press
from tests.profiles.load.conftest import as_csv, new_user, table
from users.models import User


@pytest.fixture
def slow(monkeypatch):
    """Each POST of the page of the wait prepares two passwords."""
    monkeypatch.setattr(applying, "HASHED_AT_ONCE", 2)
    monkeypatch.setattr(load, "SLICE", 0)
    monkeypatch.setattr(load, "SLICE_OF_THE_BUTTON", 0)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_file_is_loaded_and_its_claves_fetched(page_of, principal, slow, scripts):
    page = page_of(principal, java_script_enabled=scripts)
    page.goto("/usuarios/")
    page.get_by_role("link", name="Carga masiva").click()
    people = [
        new_user(number, Clave="" if number == 1 else "Practica2026") for number in range(1, 8)
    ]
    file = {"name": "gente.csv", "mimeType": "text/csv", "buffer": as_csv(*table(*people))}
    page.get_by_label("Archivo CSV o XLSX").set_input_files(file)
    page.get_by_role("button", name="Ver el plan").click()
    press(page, "Aplicar plan")
    while not scripts and page.url.endswith("/avance/"):
        press(page, "Continuar")
    expect(page.get_by_role("heading", level=1)).to_have_text("Plan aplicado")
    expect(page.get_by_role("status")).to_contain_text("7 usuarios creados")
    assert User.objects.filter(username__startswith="NUEVO").count() == 7
    with page.expect_download() as download:
        page.get_by_role("button", name="Descargar las claves").click()
    claves = download.value.path().read_text("utf-8-sig").splitlines()
    username, password = claves[1].split(";")
    assert User.objects.get(username=username).check_password(password)
    page.reload()
    expect(page.get_by_role("button", name="Descargar las claves")).to_have_count(0)
