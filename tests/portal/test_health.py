"""What whoever watches over the process is told."""

import pytest
from django.db.migrations.recorder import MigrationRecorder

from profiles.models import Option


def test_a_process_that_answers_lives_and_asks_nobody(client):
    """No ``db`` fixture here: a query would fail the test."""
    response = client.get("/salud/")
    assert (response.status_code, response.json()) == (200, {"estado": "vivo"})
    assert not response.cookies


def test_with_database_migrations_and_catalogue_it_is_ready(client, small_catalog):
    response = client.get("/salud/lista/")
    assert (response.status_code, response.json()) == (200, {"estado": "listo"})
    assert not response.cookies


def test_a_migration_that_was_not_applied_is_said(client, small_catalog):
    MigrationRecorder.Migration.objects.filter(app="users").latest("applied").delete()
    assert reason(client) == "Faltan migraciones: ejecute make prepare."


def test_a_catalogue_that_was_not_loaded_is_said(client, db):
    assert not Option.objects.exists()
    assert reason(client) == "Falta el catálogo: ejecute make prepare."


def reason(client) -> str:
    response = client.get("/salud/lista/")
    assert response.status_code == 503
    return response.json()["motivo"]


@pytest.mark.parametrize("path", ["/salud/", "/salud/lista/"])
def test_it_is_only_to_be_read(path, client, small_catalog):
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
