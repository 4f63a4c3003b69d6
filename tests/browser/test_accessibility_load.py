"""Carga masiva: accessible in each of its states."""

import pytest
from playwright.sync_api import expect

from profiles.views import load
from tests.browser.browsing import LEAF, follow, has_title, press
from tests.conftest import acting
from users.actions import accounts

# Carga masiva -------------------------------------------------------------------------------------


@pytest.fixture
def upload(desk):
    """upload(*lines) opens the plan of a file with these lines."""

    def send(*lines):
        desk.goto("/usuarios/carga/")
        content = "\n".join(lines).encode()
        file = {"name": "usuarios.csv", "mimeType": "text/csv", "buffer": content}
        desk.get_by_label("Archivo CSV o XLSX").set_input_files(file)
        press(desk, "Ver el plan")

    return send


TITLES = "Usuario,Tipo de documento,Número de documento,Nombres,Apellidos,Clave,Opciones"
NEW = f"NUEVO001,DNI,90001001,Ana,Ficticia,,{LEAF}"


def test_load(desk, upload, is_accessible):
    upload(TITLES, NEW)
    desk.goto("/usuarios/carga/")
    is_accessible(desk)


def test_load_of_what_cannot_be_read(desk, upload, is_accessible):
    upload("Sueldo", "1")
    has_title(desk, "Carga masiva")
    is_accessible(desk)


def test_plan_with_errors_and_corrections(desk, upload, is_accessible):
    upload(TITLES, "nuevo001,DNI,1234567,Ana,Ficticia,,", "NUEVO002,DNI,12345,R2D2,,corta,1.2.3")
    desk.goto(desk.url + "?ver=todas")
    expect(desk.locator(".plan-problem")).to_have_count(5)
    is_accessible(desk)


def test_plan_applied_with_claves_to_fetch(desk, upload, secondary, is_accessible):
    upload(TITLES, NEW, f"JPEREZ01,DNI,90000002,Juana,Pérez,,{LEAF}")
    is_accessible(desk)
    follow(desk.get_by_role("button", name="Aplicar plan"))
    has_title(desk, "Plan aplicado")
    is_accessible(desk)


def test_plan_without_changes(desk, upload, secondary, is_accessible):
    upload("Usuario,Nombres", "JPEREZ01,Juan")
    is_accessible(desk)


def test_plan_overtaken_by_a_change(desk, upload, secondary, principal, is_accessible):
    upload("Usuario,Nombres", "JPEREZ01,Juana")
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    press(desk, "Aplicar plan")
    expect(desk.get_by_role("alert")).to_contain_text("Los datos cambiaron")
    is_accessible(desk)


def test_plan_while_it_is_applied(desk, upload, is_accessible, monkeypatch):
    monkeypatch.setattr(load, "SLICE", 0)
    monkeypatch.setattr(load.applying, "HASHED_AT_ONCE", 1)
    upload(TITLES, NEW, "NUEVO002,DNI,90001002,Ana,Ficticia,,")
    desk.route("**/load_progress.js", lambda route: route.abort())
    press(desk, "Aplicar plan")
    has_title(desk, "Aplicando el plan")
    is_accessible(desk)
