"""The health checks: live and ready."""

import pytest
from django.db.migrations.recorder import MigrationRecorder

from profiles.models import Option
from users.models import Session


def test_the_live_check_uses_no_database(client):
    """Without the ``db`` fixture a query fails the test."""
    response = client.get("/salud/")
    assert (response.status_code, response.json()) == (200, {"estado": "vivo"})
    assert not response.cookies


def test_the_portal_is_ready_with_database_migrations_and_catalogue(client, small_catalog):
    response = client.get("/salud/lista/")
    assert (response.status_code, response.json()) == (200, {"estado": "listo"})
    assert not response.cookies


def test_a_missing_migration_is_reported(client, small_catalog):
    MigrationRecorder.Migration.objects.filter(app="users").latest("applied").delete()
    assert reason(client) == "Faltan migraciones: ejecute make prepare."


def test_a_missing_catalogue_is_reported(client, db):
    assert not Option.objects.exists()
    assert reason(client) == "Falta el catálogo: ejecute make prepare."


def reason(client) -> str:
    response = client.get("/salud/lista/")
    assert response.status_code == 503
    return response.json()["motivo"]


@pytest.mark.parametrize("path", ["/salud/", "/salud/lista/"])
def test_the_health_checks_accept_get_and_head_only(path, client, small_catalog):
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405


@pytest.mark.parametrize(("path", "is_asked"), [("/salud/", False), ("/salud/lista/", True)])
def test_a_health_check_does_not_renew_the_session(
    path, is_asked, principal, client_of, clock, django_assert_max_num_queries
):
    client = client_of(principal)
    before = Session.objects.values_list().get()
    clock.advance(minutes=1)
    with django_assert_max_num_queries(9 if is_asked else 0) as asked:
        assert client.get(path).status_code == 200
    assert not any("session" in query["sql"] for query in asked)
    assert Session.objects.values_list().get() == before
    client.get("/")
    assert Session.objects.values_list().get() != before
