"""Modificar datos: the person's data and validity, and two people at it at once."""

import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied

from tests.conftest import acting, field_errors, soup
from users.actions import accounts
from users.actions.accounts import editable_facts
from users.models import AuditEntry, User

URL = "/usuarios/JPEREZ01/datos/"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


def stored(user) -> User:
    return User.objects.select_related("operator").get(pk=user.pk)


def send(client, user, *, seen=None, **changes):
    facts = editable_facts(user)
    return client.post(
        URL, {**facts, "seen": json.dumps(facts if seen is None else seen), **changes}
    )


def test_the_data_are_corrected_and_recorded(client, secondary):
    response = send(client, secondary, first_name=" Juan  José ", email="juan@ejemplo.pe")
    assert response.url == "/usuarios/JPEREZ01/"
    assert stored(secondary).first_name == "Juan José"
    entry = AuditEntry.objects.get(action="user.changed")
    assert entry.before == {"first_name": "Juan", "email": ""}
    assert entry.after == {"first_name": "Juan José", "email": "juan@ejemplo.pe"}


def test_the_form_shows_what_is_stored(client, principal, secondary):
    User.objects.filter(pk=secondary.pk).update(valid_until=date(2030, 1, 2))
    page = soup(client.get(URL))
    assert page.select_one("[name=last_name]")["value"] == "Pérez Ñaupari"
    assert page.select_one("[name=valid_until]")["value"] == "2030-01-02"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"first_name": ""}, {"first_name": "Ingrese los nombres"}),
        ({"document_number": "123"}, {"document_number": "El DNI debe tener 8 dígitos"}),
        ({"email": "nadie"}, {"email": "Ingrese un correo con el formato nombre@empresa.pe"}),
        ({"valid_from": "mañana"}, {"valid_from": "Ingrese una fecha como 31/12/2026"}),
        (
            {"valid_from": "2027-02-02", "valid_until": "2027-02-01"},
            {"valid_until": "La fecha de fin es anterior a la de inicio"},
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_kept(client, secondary, changes, expected):
    response = send(client, secondary, **changes)
    assert field_errors(response) == expected
    for name, value in changes.items():
        assert soup(response).select_one(f"[name={name}]").get("value", "") == value
    assert editable_facts(stored(secondary)) == editable_facts(secondary)


def test_a_document_of_somebody_else_is_refused_by_name(client, secondary, make_secondary):
    make_secondary("OTRO0001", 90000055)
    response = send(client, secondary, document_number="90000055")
    assert field_errors(response) == {
        "document_number": "Este documento ya lo usa OTRO0001 en su empresa"
    }


def test_nothing_changed_is_said_and_leaves_no_entry(client, secondary):
    response = client.post(
        URL,
        {**editable_facts(secondary), "seen": json.dumps(editable_facts(secondary))},
        follow=True,
    )
    assert "No hubo cambios en los datos de JPEREZ01." in soup(response).text
    assert not AuditEntry.objects.filter(action="user.changed").exists()


def test_the_second_of_two_is_told_what_changed_and_keeps_what_he_typed(client, secondary, staff):
    seen = editable_facts(secondary)
    accounts.change_user(
        actor=acting(staff),
        user=secondary,
        seen=seen,
        **{**seen, "first_name": "Juana", "valid_from": None, "valid_until": None},
    )
    response = client.post(URL, {**seen, "last_name": "Quispe", "seen": json.dumps(seen)})
    assert response.status_code == 409
    page = soup(response)
    assert "Nombres: antes «Juan», ahora «Juana»" in page.select_one("[role=alert]").text
    assert page.select_one("[name=last_name]")["value"] == "Quispe"
    assert stored(secondary).last_name == "Pérez Ñaupari"
    renewed = json.loads(page.select_one("[name=seen]")["value"])
    send(client, secondary, seen=renewed, first_name="Juana", last_name="Quispe")
    assert stored(secondary).get_full_name() == "Juana Quispe"


@pytest.mark.parametrize("seen", ["", "x", "[]", "null", "{}"])
def test_a_form_that_saw_nothing_of_ours_overwrites_nothing(client, secondary, seen):
    facts = editable_facts(secondary)
    response = client.post(URL, {**facts, "first_name": "Otro", "seen": seen})
    assert response.status_code == 409
    assert stored(secondary).first_name == "Juan"


@pytest.mark.parametrize(("days", "reason"), [(1, "valid_from"), (-1, "valid_until")])
def test_outside_his_validity_the_user_is_out_at_the_next_request(
    client, secondary, client_of, days, reason
):
    own = client_of(secondary)
    day = secondary.operator.today() + timedelta(days=days)
    send(client, secondary, **{reason: day.isoformat()})
    assert own.get("/").status_code == 302
    assert not stored(secondary).is_active


def test_the_usuario_and_whatever_else_is_sent_stay_as_they_are(client, secondary):
    send(
        client, secondary, username="INTRUSO1", is_principal="on", state="eliminated", operator="1"
    )
    user = stored(secondary)
    assert (user.username, user.is_principal, user.state) == ("JPEREZ01", False, "active")


def test_an_eliminated_user_is_not_edited(principal, secondary):
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    with pytest.raises(PermissionDenied, match="eliminado"):
        accounts.change_user(
            actor=acting(principal), user=secondary, seen={}, **editable_facts(secondary)
        )
