"""Copiar permisos: from a colleague or a template, with the difference shown first."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operators.models import OperatorType
from profiles.actions.grants import assign_access
from profiles.actions.templates import save_template
from profiles.models import AccessTemplate, Option
from tests.conftest import acting, field_errors, soup
from users.actions.accounts import eliminate_user
from users.models import AuditEntry

URL = "/usuarios/JPEREZ01/copiar/"
FIRST, SECOND, FREE = "90.1.1.1.1", "90.1.1.1.2", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


@pytest.fixture
def grant(principal):
    def make(user, options, roles=()):
        assign_access(
            actor=acting(principal),
            user=user,
            options=options,
            roles=roles,
            seen_options=held(user, "option"),
            seen_roles=held(user, "role"),
        )

    return make


@pytest.fixture
def colleague(make_secondary, grant):
    user = make_secondary("COLEGA01", 90000050)
    grant(user, [FIRST, SECOND], [ROLE])
    return user


@pytest.fixture
def template(principal):
    return save_template(
        actor=acting(principal), name="De siempre", options=[FIRST, FREE], roles=[ROLE]
    )


def held(user, kind: str) -> set[str]:
    return {*getattr(user, f"{kind}_grants").values_list(f"{kind}_id", flat=True)}


def form_of(response) -> dict:
    return {
        field["name"]: field.get("value", "") for field in soup(response).select("main form input")
    }


def ask(client, **source):
    return client.get(URL, {"modo": "agregar", **source})


def test_what_changes_is_shown_before_anything_does(client, secondary, colleague, grant):
    grant(secondary, [FREE])
    page = soup(ask(client, desde="colega01"))
    assert "Se agregan 3." in page.select_one(".difference").text
    added = [item.get_text(" ", strip=True) for item in page.select(".difference .added")]
    assert added == [
        "Se agrega Mis Trámites Aduaneros › Despacho › Declaraciones › Numeración de la declaración",
        "Se agrega Mis Trámites Aduaneros › Despacho › Declaraciones › Rectificación electrónica",
        "Se agrega Rol › Despachador",
    ]
    assert held(secondary, "option") == {FREE}


@pytest.mark.parametrize(
    ("way", "options"),
    [("agregar", {FIRST, SECOND, FREE}), ("reemplazar", {FIRST, SECOND})],
    ids=["added", "instead"],
)
def test_a_copy_is_applied_as_it_was_shown(client, secondary, colleague, grant, way, options):
    grant(secondary, [FREE])
    shown = ask(client, desde="COLEGA01", modo=way)
    answer = client.post(URL, form_of(shown), follow=True)
    assert "JPEREZ01 tiene ahora los permisos de COLEGA01." in soup(answer).text
    assert held(secondary, "option") == options
    assert held(secondary, "role") == {ROLE}
    assert AuditEntry.objects.filter(subject=secondary).count() == 4


def test_a_template_is_applied_the_same_way(client, secondary, template):
    page = client.get(URL, {"plantilla": template.pk})
    chosen = soup(page).select_one("[name=plantilla] [selected]")
    assert chosen.text == "De siempre"
    client.post(URL, form_of(ask(client, plantilla=template.pk)))
    assert held(secondary, "option") == {FIRST, FREE}
    assert held(secondary, "role") == {ROLE}


def test_applying_it_twice_changes_nothing_more(client, secondary, colleague):
    sent = form_of(ask(client, desde="COLEGA01"))
    client.post(URL, sent)
    entries = AuditEntry.objects.count()
    answer = client.post(URL, sent, follow=True)
    assert answer.status_code == 200
    assert AuditEntry.objects.count() == entries


def test_when_nothing_would_change_it_says_so_and_offers_nothing(
    client, colleague, grant, secondary
):
    grant(secondary, [FIRST, SECOND], [ROLE])
    page = soup(ask(client, desde="COLEGA01"))
    assert "Nada: ya tiene esas opciones y esos roles." in page.text
    assert page.find("button", string="Aplicar") is None


@pytest.mark.parametrize(
    "gone", [{"is_retired": True}, {"types": True}], ids=["retired", "of another type"]
)
def test_what_is_no_longer_offered_is_named_and_the_rest_applied(client, secondary, template, gone):
    if "types" in gone:
        Option.objects.get(pk=FREE).operator_types.set(
            OperatorType.objects.filter(code="TRANSPORTISTA")
        )
    else:
        Option.objects.filter(pk=FREE).update(is_retired=True)
    shown = ask(client, plantilla=template.pk)
    notice = soup(shown).select_one(".notice-info")
    assert "ya no se ofrece" in notice.text
    assert "Servicio Web" in notice.text
    client.post(URL, form_of(shown))
    assert held(secondary, "option") == {FIRST}


@pytest.mark.parametrize("side", ["user", "source", "catalogue"])
def test_what_changed_meanwhile_is_shown_and_nothing_written(
    client, secondary, colleague, grant, side
):
    sent = form_of(ask(client, desde="COLEGA01"))
    match side:
        case "user":
            grant(secondary, [FREE])
        case "source":
            grant(colleague, [FIRST])
        case "catalogue":
            Option.objects.filter(pk=SECOND).update(is_retired=True)
    before = held(secondary, "option")
    answer = client.post(URL, sent)
    assert answer.status_code == 409
    assert "Algo cambió mientras usted revisaba" in soup(answer).find(role="alert").text
    assert held(secondary, "option") == before
    assert client.post(URL, form_of(answer)).status_code == 302


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({}, "Escriba un usuario o elija una plantilla"),
        ({"desde": "JPEREZ01"}, "JPEREZ01 es este mismo usuario. Escriba el de otra persona"),
        ({"desde": "NADIE001"}, "En su empresa no hay un usuario secundario NADIE001"),
        ({"desde": "AJENO001"}, "En su empresa no hay un usuario secundario AJENO001"),
        ({"desde": "TITULAR1"}, "En su empresa no hay un usuario secundario TITULAR1"),
        ({"desde": "COLEGA01"}, "COLEGA01 fue eliminado: sus permisos ya no se copian"),
        ({"desde": "OTRO0001", "plantilla": True}, "Elija un usuario o una plantilla, no los dos"),
    ],
    ids=["nothing", "oneself", "nobody", "another's", "principal", "eliminated", "both"],
)
def test_from_whom_it_cannot_be_copied(
    client, principal, colleague, make_secondary, strangers_secondary, template, source, sentence
):
    make_secondary("OTRO0001", 90000051)
    eliminate_user(actor=acting(principal), user=colleague)
    if "plantilla" in source:
        source = {**source, "plantilla": template.pk}
    for answer in (ask(client, **source), client.post(URL, {"modo": "agregar", **source})):
        assert field_errors(answer) == {"desde": sentence}


def test_part_of_a_name_finds_the_colleagues(
    client, colleague, make_secondary, strangers_secondary
):
    make_secondary("OTRO0001", 90000051)
    page = soup(client.get(URL, {"desde": colleague.username[:4]}))
    assert [option["value"] for option in page.select("#colleagues option")] == ["COLEGA01"]
    assert page.select_one("#colleagues-status").text == "Coincide 1 usuario con «COLE»."
    sentence = field_errors(ask(client, desde="cole"))["desde"]
    name = f"COLEGA01 ({colleague.get_full_name()})"
    assert sentence == f"En su empresa no hay un usuario secundario COLE. ¿Es {name}?"


def test_a_template_of_another_company_is_none(client, stranger):
    foreign = save_template(actor=acting(stranger), name="Ajena", options=[FREE], roles=[])
    answer = ask(client, plantilla=foreign.pk)
    assert field_errors(answer) == {"plantilla": "Esa plantilla ya no existe. Elija otra"}
    assert b"Ajena" not in answer.content


def test_codes_that_were_forged_are_not_applied(client, secondary, template):
    sent = form_of(ask(client, plantilla=template.pk))
    answer = client.post(
        URL, {**sent, "wanted": json.dumps({"options": [FIRST, FREE, SECOND], "roles": [ROLE]})}
    )
    assert answer.status_code == 409
    assert held(secondary, "option") == set()


def test_copying_costs_the_same_queries_however_much_is_copied(client, colleague, template):
    ask(client, desde="COLEGA01")
    with CaptureQueriesContext(connection) as few:
        ask(client, desde="COLEGA01")
    options = [
        Option(code=f"90.9.1.1.{n}", profile_id="ADUANEROS", parent_id="90.1", name=f"Opción {n}")
        for n in range(60)
    ]
    Option.objects.bulk_create(options)
    for option in options:
        option.operator_types.set(["AGENTE_ADUANA"])
    own = AccessTemplate.objects.get()
    own.options.set(options)
    with CaptureQueriesContext(connection) as many:
        assert len(soup(ask(client, plantilla=own.pk)).select(".added")) == 61
    assert len(many) <= len(few) + 1  # the template itself instead of the colleague
