"""Asignar Roles: from the wizard and from the list."""

import json
from datetime import timedelta

import pytest

from profiles.access.role_needs import RoleNeed, smallest_roles
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Role
from tests.conftest import acting, soup
from users.models import AuditEntry, User

WIZARD = "/usuarios/nuevo/JPEREZ01/roles/"
END = "/usuarios/JPEREZ01/roles/asignados/"
LATER = "/usuarios/JPEREZ01/roles/"
CLEARANCE = "NSIGAD.AGENTEADUANA.DESPACHO"
INQUIRY = "NSIGAD.AGENTEADUANA.CONSULTA"
CARRIERS = "NSIGAD.TRANSPORTISTA.TRANSMISOR"


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


def granted(user) -> set[str]:
    return set(user.role_grants.values_list("role_id", flat=True))


def waiting(response) -> list[str]:
    """The options that the screen shows as still in need of a role, and the roles that act."""
    items = soup(response).select("#waiting-list > li:not([hidden])")
    return [item.get_text(" ", strip=True) for item in items]


def notices(response) -> list[str]:
    return [notice.get_text(" ", strip=True) for notice in soup(response).select(".notice")]


def test_one_fieldset_per_operator_type_and_a_sentence_per_role(client):
    page = soup(client.get(LATER))
    assert [legend.text for legend in page.select("legend")] == ["Agente de aduana"]
    assert [box["value"] for box in page.select("[name=role]")] == [CLEARANCE, INQUIRY]
    described = page.select_one(f"[value='{CLEARANCE}']")["aria-describedby"]
    assert page.find(id=described).text == "Permite numerar declaraciones."


def test_current_roles_are_marked(client, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    checked = soup(client.get(LATER)).select("[name=role][checked]")
    assert [box["value"] for box in checked] == [INQUIRY]


def test_the_options_that_still_need_a_role_are_named_with_the_role(client, principal, secondary):
    codes = ["90.1.1.1.1", "90.1.2.1.1", "11.9.1.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    assert waiting(client.get(LATER)) == ["Con Despachador: Numeración de la declaración"]


def test_a_suspended_user_and_a_temporary_clave_still_need_no_other_role(
    client, principal, secondary
):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.2.1.1"], seen=[])
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    for fields in ({"state": "suspended"}, {"state": "active", "must_change_password": True}):
        User.objects.filter(pk=secondary.pk).update(**fields)
        assert waiting(client.get(LATER)) == [], fields


def test_a_role_whose_validity_has_ended_opens_nothing(client, principal, secondary, clock):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.2.1.1"], seen=[])
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    secondary.role_grants.update(valid_until=secondary.operator.now() - timedelta(days=2))
    response = client.get(LATER)
    assert waiting(response) == ["Con Despachador o Consulta de despacho: Consulta de canal"]
    assert "Su vigencia terminó" in soup(response).select_one(".role-group").text
    marked = soup(client.get(f"{LATER}?marcar=minimos")).select("[name=role][checked]")
    assert [box["value"] for box in marked] == [CLEARANCE]


def test_options_that_have_no_effect_yet_ask_for_their_role_too(client, principal, secondary):
    type(secondary.operator).objects.update(activation_delay=timedelta(minutes=5))
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    assert waiting(client.get(LATER)) == ["Con Despachador: Numeración de la declaración"]


def test_each_role_says_which_of_the_users_options_it_opens(client, principal, secondary):
    codes = ["90.1.1.1.1", "11.9.1.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    said = [line.text for line in soup(client.get(LATER)).select(".role-opens")]
    assert said == ["Abre: Numeración de la declaración", "No abre ninguna de sus opciones."]


def test_without_script_the_marks_are_sent_to_see_what_is_missing(client, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    response = client.post(LATER, {"role": [CLEARANCE], "seen": "", "do": "check"})
    assert waiting(response) == []
    assert granted(secondary) == set()


def test_the_fewest_roles_of_many_options_without_a_common_role_are_found():
    reach = {f"R{number}.{way}": 4 - way for number in range(20) for way in range(4)}
    needs = [
        RoleNeed([], [Role(code=f"R{number}.{way}") for way in range(4)]) for number in range(20)
    ]
    wider = RoleNeed([], [Role(code="R0.3"), Role(code="R1.3"), Role(code="R2.0")])
    fewest = smallest_roles([*needs, wider], without=["R5.3"], reach=reach)
    assert fewest == {f"R{number}.3" for number in range(20) if number != 5} | {"R5.2"}


def test_the_fewest_roles_that_open_every_option_are_marked_and_not_saved(
    client, principal, secondary
):
    both, one = ["90.1.1.1.1", "90.1.2.1.1", "11.9.1.1.1"], ["90.1.2.1.1"]
    seen = []
    # Where one role is enough, the one that opens less elsewhere.
    for codes, fewest in ((both, [CLEARANCE]), (one, [INQUIRY])):
        assign_options(actor=acting(principal), user=secondary, codes=codes, seen=seen)
        page = soup(client.get(f"{LATER}?marcar=minimos"))
        assert [box["value"] for box in page.select("[name=role][checked]")] == fewest
        assert "Se marcó 1 rol: es el mínimo" in page.select_one("[data-focus]").text
        seen = codes
    assert granted(secondary) == set()


@pytest.mark.parametrize("url", [WIZARD, LATER])
def test_the_first_roles_end_the_guide(client, principal, secondary, url):
    codes = ["90.1.1.1.1", "11.9.1.1.1"]
    assign_options(actor=acting(principal), user=secondary, codes=codes, seen=[])
    response = client.post(url, {"role": [INQUIRY], "seen": ""}, follow=True)
    assert response.request["PATH_INFO"] == END
    page = soup(response)
    assert page.h1.text == "Se ha asignado los roles correctamente al usuario"
    assert page.select_one("[role=status]").has_attr("data-focus")
    assert [item.get_text(" ", strip=True) for item in page.select(".ticks li")] == [
        "Usuario generado: JPEREZ01",
        "2 opciones asignadas",
        "1 rol asignado: Consulta de despacho",
    ]
    (failing,) = page.select(".attention li")
    assert failing.strong.text == "Numeración de la declaración"
    assert failing.a["href"] == LATER
    number = secondary.creation.operation_number
    assert page.select(f"main a[href='/constancias/{number}/']")
    assert granted(secondary) == {INQUIRY}
    entry = AuditEntry.objects.get(action="roles.assigned")
    assert (entry.actor, entry.subject, entry.channel) == (principal, secondary, "web")
    assert (entry.before, entry.after) == ({"codes": []}, {"codes": [INQUIRY]})


def test_the_end_says_what_stops_the_whole_account(client, principal, secondary):
    assert client.get(END).url == LATER
    assign_roles(actor=acting(principal), user=secondary, codes=[CLEARANCE], seen=[])
    assert not soup(client.get(END)).select(".attention")
    User.objects.filter(pk=secondary.pk).update(must_change_password=True)
    assert "debe cambiarla al ingresar" in soup(client.get(END)).select_one(".attention").text


def test_one_click_leads_to_the_sign_in_of_the_new_user(client, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[CLEARANCE], seen=[])
    form = soup(client.get(END)).select_one("main form")
    assert form["action"] == "/salir/"
    sent = {field["name"]: field["value"] for field in form.select("input[value]")}
    response = client.post("/salir/", sent, follow=True)
    page = soup(response)
    assert page.h1.text == "Ingreso"
    assert f"Ha salido de {principal.operator.name}" in page.main.text
    assert page.select_one("#txtRuc")["value"] == principal.operator.ruc
    assert page.select_one("#txtUsuario")["value"] == "JPEREZ01"
    assert not page.select_one("#txtContrasena").get("value")


def test_a_correction_returns_to_the_list_and_can_be_taken_back(client, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    form = {"role": [CLEARANCE], "seen": json.dumps([INQUIRY]), "do": "save"}
    response = client.post(LATER, form, follow=True)
    assert response.request["PATH_INFO"] == "/usuarios/"
    assert notices(response) == [
        "Se ha asignado los roles correctamente al usuario "
        "JPEREZ01: se agregó Despachador; se quitó Consulta de despacho. Deshacer"
    ]


def test_asignar_twice_ends_in_the_same_result_once(client, secondary):
    form = {"role": [CLEARANCE], "seen": ""}
    client.post(LATER, form)
    response = client.post(LATER, form, follow=True)
    assert soup(response).h1.text == "Se ha asignado los roles correctamente al usuario"
    assert AuditEntry.objects.filter(action="roles.assigned").count() == 1


def test_no_change_says_so(client, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    response = client.post(LATER, {"role": [INQUIRY], "seen": json.dumps([INQUIRY])}, follow=True)
    assert notices(response) == ["No hubo cambios en los roles de JPEREZ01."]


def test_an_editor_who_comes_second_is_told_and_overwrites_nothing(client, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    response = client.post(LATER, {"role": [CLEARANCE], "seen": ""})
    assert response.status_code == 409
    assert "se agregó Consulta de despacho" in soup(response).select_one(".error-summary").text
    assert granted(secondary) == {INQUIRY}
    checked = soup(response).select("[name=role][checked]")
    assert [box["value"] for box in checked] == [CLEARANCE]


@pytest.mark.parametrize("forged", [CARRIERS, "NO.HAY.TAL", "", "\0", "9" * 10000])
def test_a_role_that_was_not_offered_is_refused_and_nothing_is_saved(client, secondary, forged):
    response = client.post(LATER, {"role": [CLEARANCE, forged], "seen": ""})
    assert response.status_code == 400
    assert "No se guardó nada" in soup(response).select_one(".error-summary").text
    assert granted(secondary) == set()


def test_a_retired_role_is_refused(client, secondary):
    Role.objects.filter(code=CLEARANCE).update(is_retired=True)
    response = client.post(LATER, {"role": [CLEARANCE], "seen": ""})
    assert response.status_code == 400
    assert "Despachador" in soup(response).select_one(".error-summary").text


def test_the_wizard_leads_back_to_the_options_that_are_missing(client):
    response = client.get(WIZARD, follow=True)
    assert response.request["PATH_INFO"] == "/usuarios/nuevo/JPEREZ01/perfiles/"
    assert notices(response)[0] == "Primero asigne los perfiles de JPEREZ01."


def test_from_the_list_roles_may_be_assigned_before_options(client):
    page = soup(client.get(LATER))
    assert "no tiene opciones" in page.select_one(".selected-box").text
    assert page.select_one(".selected-box a")["href"] == "/usuarios/JPEREZ01/perfiles/"


def test_the_wizard_does_not_take_roles_before_options_either(client, secondary):
    response = client.post(WIZARD, {"role": [CLEARANCE], "seen": ""})
    assert response.url == "/usuarios/nuevo/JPEREZ01/perfiles/"
    assert granted(secondary) == set()


@pytest.mark.parametrize("seen", ["JUNK", '["no\\u0000such"]', json.dumps(["A"] * 100_000)])
def test_what_was_never_a_role_was_never_seen(client, principal, secondary, seen):
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    response = client.post(LATER, {"role": [INQUIRY], "seen": seen}, follow=True)
    assert response.status_code == 200
    assert granted(secondary) == {INQUIRY}


def test_a_role_no_longer_offered_is_announced(client, principal, secondary):
    assign_roles(actor=acting(principal), user=secondary, codes=[INQUIRY], seen=[])
    Role.objects.filter(code=INQUIRY).update(is_retired=True)
    assert "Consulta de despacho" in notices(client.get(LATER))[0]
