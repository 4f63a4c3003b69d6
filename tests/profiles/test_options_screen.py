"""Asignar Perfiles: choose a profile, mark options, Siguiente, the summary, Grabar."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from operators.models import OperatorType
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option, OptionGrant, Profile
from profiles.views import marks
from tests.conftest import acting, soup
from users.actions.accounts import eliminate_user
from users.models import AuditEntry

WIZARD = "/usuarios/nuevo/JPEREZ01/perfiles/"
LATER = "/usuarios/JPEREZ01/perfiles/"

both_ways = pytest.mark.parametrize("url", [WIZARD, LATER], ids=["wizard", "later"])


@pytest.fixture
def client(principal, secondary, client_of):
    return client_of(principal)


def send(client, url, button, *options, seen="", **fields):
    """Press a button: ``save``, or ``mark:90.1`` for one whose value is a code.

    Every button but Grabar leads to a page with an address of its own, which is returned.
    """
    name, _, code = button.rpartition(":")
    pressed = {name: code} if name else {"do": button}
    sent = {**pressed, "option": options, "seen": seen, **fields}
    return client.post(url, sent, follow=button != "save")


def granted(user) -> set[str]:
    return set(user.option_grants.values_list("option_id", flat=True))


def offered(response) -> list[str]:
    """The options that the page shows; a search hides the others."""
    boxes = soup(response).select(".option:not([hidden]) [name=option]")
    return [box["value"] for box in boxes]


def marked(response) -> set[str]:
    """What the page would send: checked boxes and what is marked out of sight."""
    page = soup(response)
    return {
        control["value"]
        for control in page.select("[name=option]")
        if control["type"] == "hidden" or control.has_attr("checked")
    }


def h1(response) -> str:
    return soup(response).h1.get_text()


@both_ways
def test_first_one_chooses_a_profile(client, url):
    page = soup(client.get(url))
    names = [name.text for name in page.select(".profile-name")]
    assert names == ["Mis Trámites Aduaneros", "Comprobantes de pago"]
    assert not page.select("[name=option]")


@both_ways
def test_choosing_a_profile_shows_all_its_options_and_only_those_offered(client, url):
    response = send(client, url, "open:ADUANEROS")
    assert offered(response) == ["90.1.1.1.1", "90.1.1.1.2", "90.1.2.1.1"]


def test_every_state_of_the_step_is_a_page_of_its_own(client):
    """So that Back never asks whether to send a form again, without script either."""
    buttons = ["open:ADUANEROS", "search", "mark:90.1", "unmark:90.1", "remove:90.1.1.1.1", "next"]
    for button in buttons:
        response = send(client, WIZARD, button, "90.1.1.1.1", "11.9.1.1.1", profile="ADUANEROS")
        assert [status for _, status in response.redirect_chain] == [302], button
        address = response.request["PATH_INFO"] + "?" + response.request["QUERY_STRING"]
        again = client.get(address)
        assert (h1(again), marked(again)) == (h1(response), marked(response)), button


def test_the_address_is_short_however_many_options_are_marked(client):
    options = Option.objects.bulk_create(
        Option(code=f"11.9.9.{n % 11}.{n}", name=f"{n}", profile_id="TRIBUTARIOS")
        for n in range(600)
    )
    OperatorType.objects.get(code="AGENTE_ADUANA").options.add(*options)
    codes = [option.code for option in options]
    response = send(client, WIZARD, "next", *codes)
    assert marked(response) == set(codes)
    assert len(response.request["QUERY_STRING"]) < 1000


@pytest.mark.parametrize("screen", ["", "resumen/"])
def test_marks_of_an_address_that_was_written_by_hand_are_not_taken(
    client, secondary, make_secondary, screen
):
    other = make_secondary("OTRO0001", 90000071)
    forged = marks.Marks(frozenset(["90.1.1.1.1"]), frozenset())
    for text in ("x", forged.dumps(other)):
        response = client.get(LATER + screen, {"marcas": text}, follow=True)
        assert response.request["PATH_INFO"] == LATER
        assert "El catálogo de opciones cambió." in soup(response).get_text()
        assert marked(response) == set()
    address = {"marcas": forged.dumps(secondary)}
    Option.objects.create(code="90.1.9", name="Nueva", profile_id="ADUANEROS")
    response = client.get(LATER + screen, address, follow=True)
    assert "El catálogo de opciones cambió." in soup(response).get_text()


def test_options_stand_in_nested_fieldsets_and_only_leaves_have_a_name(client):
    page = soup(send(client, LATER, "open:ADUANEROS", "90.1.1.1.1"))
    legends = [legend.select_one(".group-name").text for legend in page.select("legend")]
    assert legends == ["Despacho", "Declaraciones"]
    leaf = page.find(id="option-90.1.1.1.1")
    assert len(leaf.find_parents("fieldset")) == 2
    assert page.select_one("label[for='option-90.1.1.1.1']")
    sent = {control.get("name") for control in page.select("main input, main button")}
    assert sent == {
        *("csrfmiddlewaretoken", "form_owner", "subject", "seen"),
        *("profile", "option", "query", "do", "open", "mark", "unmark", "remove", None),
    }
    # A box that shows the codes; what it says is never sent.
    assert [box["id"] for box in page.select("main input:not([name])")] == ["show-codes"]


def test_what_is_marked_in_one_profile_is_kept_in_another(client):
    response = send(client, LATER, "open:TRIBUTARIOS", "90.1.1.1.1")
    assert offered(response) == ["11.9.1.1.1", "11.9.1.1.2"]
    assert marked(response) == {"90.1.1.1.1"}
    assert soup(response).find(id="selected-total").text == "1"


def test_marking_and_unmarking_a_whole_folder_without_scripts(client):
    response = send(client, LATER, "mark:90.1.1", "11.9.1.1.1", profile="ADUANEROS")
    assert marked(response) == {"11.9.1.1.1", "90.1.1.1.1", "90.1.1.1.2"}
    response = send(client, LATER, "unmark:90.1", *marked(response), profile="ADUANEROS")
    assert marked(response) == {"11.9.1.1.1"}


def test_an_option_is_removed_where_it_is_listed_without_scripts(client):
    response = send(client, LATER, "remove:11.9.1.1.1", "11.9.1.1.1", "90.1.1.1.1")
    assert marked(response) == {"90.1.1.1.1"}


def test_what_is_selected_is_listed_by_folder_and_says_what_needs_a_role(client):
    page = soup(send(client, LATER, "open:ADUANEROS", "90.1.1.1.1", "90.1.2.1.1", "11.9.1.1.1"))
    box = page.find(id="selected-list")
    assert [path.text for path in box.select(".path")] == [
        "Despacho › Declaraciones",
        "Despacho",
        "Envío de documentos",
    ]
    assert page.find(id="selected-roles").text == "2 requieren además un rol."
    needing = [item["data-code"] for item in box.select("li") if item.select(".needs-role")]
    assert needing == ["90.1.1.1.1", "90.1.2.1.1"]


def test_a_folder_with_one_child_is_part_of_a_path(client):
    Option.objects.filter(code="90.1.2.1.1").update(is_retired=True)
    page = soup(send(client, LATER, "open:ADUANEROS"))
    assert [name.text for name in page.select(".group-name")] == ["Despacho › Declaraciones"]
    Option.objects.filter(code="90.1.1.1.2").update(is_retired=True)
    page = soup(send(client, LATER, "open:ADUANEROS"))
    assert not page.select("fieldset")
    label = page.find("label", {"for": "option-90.1.1.1.1"})
    assert label.text.startswith("Despacho › Declaraciones › Numeración de la declaración")


def test_every_folder_says_how_many_of_its_options_are_selected(client):
    page = soup(send(client, LATER, "open:ADUANEROS", "90.1.1.1.1"))
    counts = [legend.select_one(".group-count").text for legend in page.select("legend")]
    assert counts == ["1/3 seleccionadas", "1/2 seleccionadas"]


def test_the_search_narrows_what_is_shown_and_keeps_what_is_hidden_marked(client):
    response = send(
        client, LATER, "search", "90.1.1.1.1", profile="ADUANEROS", query="rectificacion"
    )
    assert offered(response) == ["90.1.1.1.2"]
    assert marked(response) == {"90.1.1.1.1"}
    status = soup(response).find(id="search-status").text
    assert status == (
        "Coincide 1 opción con “rectificacion”. 1 seleccionada no se ve, pero sigue marcada."
    )


@both_ways
def test_with_nothing_marked_it_says_what_will_happen_first(client, url):
    page = soup(send(client, url, "next"))
    assert page.h1.text == "No marcó ninguna opción para JPEREZ01"
    assert [button.text for button in page.select("main .buttons .btn")] == [
        "Volver y asignar",
        "Continuar sin opciones",
    ]


@both_ways
def test_the_summary_shows_the_paths_and_the_menu_as_it_will_be(client, url):
    page = soup(send(client, url, "next", "90.1.1.1.1", "11.9.1.1.2"))
    assert page.h1.text == "Resumen de opciones asignadas al usuario JPEREZ01"
    assert page.find(id="granted-title").text == "2 opciones"
    names = [leaf.get_text(strip=True) for leaf in page.select("form .leaf")]
    assert names == ["Numeración de la declaración", "Servicio Web"] * 2
    assert OptionGrant.objects.count() == 0


def test_the_summary_says_of_each_option_its_role_and_whether_the_user_has_it(
    client, principal, secondary
):
    assign_roles(
        actor=acting(principal),
        user=secondary,
        codes=["NSIGAD.AGENTEADUANA.CONSULTA"],
        seen=[],
    )
    page = soup(send(client, LATER, "next", "90.1.1.1.1", "90.1.2.1.1", "11.9.1.1.1"))
    said = {
        row.select_one(".leaf").text: row.select_one(".hint").text
        for row in page.select(".granted li")
    }
    assert said == {
        "Numeración de la declaración": "Le falta un rol: Despachador",
        "Consulta de canal": "Rol que ya tiene: Consulta de despacho",
        "Servicio Web": "No requiere rol",
    }


def test_going_back_from_the_summary_keeps_all_marks(client):
    codes = {"90.1.1.1.1", "11.9.1.1.2"}
    page = soup(send(client, LATER, "next", *codes, profile="ADUANEROS"))
    for link in page.select("form .buttons a, .granted a"):
        assert marked(client.get(link["href"])) == codes
    assert offered(client.get(link["href"]))


@both_ways
def test_grabar_commits_and_says_who_when_and_how_many(client, secondary, url):
    response = send(client, url, "save", "90.1.1.1.1", "11.9.1.1.2")
    assert response.status_code == 302
    assert response.url == url + "registro/"
    assert granted(secondary) == {"90.1.1.1.1", "11.9.1.1.2"}
    page = soup(client.get(response.url))
    assert page.h1.text == (
        "El Usuario Secundario y sus Opciones han sido registrados satisfactoriamente."
    )
    facts = {row.dt.text: row.dd.get_text(strip=True) for row in page.select(".facts > div")}
    assert facts["Opciones asignadas"] == "2 ·Deshacer"
    assert "Algunas también requieren un rol." in page.main.text
    assert facts["Registrado por"] == "TITULAR1"
    entry = AuditEntry.objects.get(action="options.assigned")
    assert (entry.subject, entry.channel, entry.address) == (secondary, "web", "127.0.0.1")
    assert entry.after == {"codes": ["11.9.1.1.2", "90.1.1.1.1"]}


def test_grabar_twice_ends_in_the_same_result_once(client, secondary):
    first = send(client, WIZARD, "save", "90.1.1.1.1")
    second = send(client, WIZARD, "save", "90.1.1.1.1")
    assert (second.status_code, second.url) == (first.status_code, first.url)
    assert granted(secondary) == {"90.1.1.1.1"}
    assert AuditEntry.objects.filter(action="options.assigned").count() == 1


def test_without_options_the_user_is_left_and_the_list_says_so(client, secondary):
    response = client.post(WIZARD, {"do": "save", "seen": ""}, follow=True)
    notice = soup(response).select_one(".notice").get_text(strip=True)
    assert notice.startswith("JPEREZ01 quedó sin opciones.")
    assert response.request["PATH_INFO"] == "/usuarios/"


def test_a_correction_shows_what_is_added_and_what_is_taken_away(client, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    assert marked(client.get(LATER)) == {"90.1.1.1.1"}
    page = soup(send(client, LATER, "next", "11.9.1.1.1", seen='["90.1.1.1.1"]'))
    added, removed = page.select_one(".added"), page.select_one(".removed")
    assert added.get_text() == (
        "Se agrega Comprobantes de pago › Envío de documentos › Servicio Web"
    )
    assert removed.get_text().endswith("Numeración de la declaración")
    send(client, LATER, "save", "11.9.1.1.1", seen='["90.1.1.1.1"]')
    assert granted(secondary) == {"11.9.1.1.1"}


def test_a_correction_that_changes_nothing_says_so(client, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    response = client.post(
        LATER, {"do": "save", "option": "90.1.1.1.1", "seen": '["90.1.1.1.1"]'}, follow=True
    )
    assert "No hubo cambios en las opciones de JPEREZ01." in soup(response).get_text()
    assert AuditEntry.objects.filter(action="options.assigned").count() == 1


def test_an_editor_who_comes_second_is_told_and_overwrites_nothing(client, principal, secondary):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.2"], seen=[])
    response = send(client, LATER, "save", "90.1.1.1.1", seen="", profile="ADUANEROS")
    assert response.status_code == 409
    summary = soup(response).select_one(".error-summary")
    assert "JPEREZ01 cambió mientras usted trabajaba" in summary.text
    assert "se agregó Rectificación electrónica" in summary.text
    assert granted(secondary) == {"90.1.1.1.2"}
    assert marked(response) == {"90.1.1.1.1"}
    # The principal has now seen the present grants.
    again = send(client, LATER, "save", "90.1.1.1.1", seen=seen_in(response))
    assert again.status_code == 302
    assert granted(secondary) == {"90.1.1.1.1"}


def seen_in(response) -> str:
    return soup(response).select_one("[name=seen]")["value"]


@pytest.mark.parametrize("do", ["next", "save", "search", "mark:90.1"])
@pytest.mark.parametrize(
    "forged",
    ["90.2.1.1.1", "90.1", "99.9.9.9.9", "", "\0", "<script>alert(1)</script>", "9" * 10000],
    ids=["another type's", "a folder", "unknown", "empty", "NUL", "HTML", "long"],
)
def test_a_code_that_was_not_offered_is_refused_and_nothing_is_saved(client, secondary, forged, do):
    response = send(client, LATER, do, "90.1.1.1.1", forged, profile="ADUANEROS")
    assert response.status_code == 400
    assert "No se guardó nada" in soup(response).select_one(".error-summary").text
    assert granted(secondary) == set()
    assert marked(response) == {"90.1.1.1.1"}


def test_an_option_retired_meanwhile_is_named_and_the_rest_stays_marked(client, secondary):
    Option.objects.filter(code="90.1.1.1.2").update(is_retired=True)
    response = send(client, LATER, "save", "90.1.1.1.1", "90.1.1.1.2", profile="ADUANEROS")
    assert response.status_code == 400
    assert "Rectificación electrónica" in soup(response).select_one(".error-summary").text
    assert marked(response) == {"90.1.1.1.1"}
    assert granted(secondary) == set()


def test_an_option_no_longer_offered_is_announced_and_dropped_on_saving(
    client, principal, secondary
):
    both = ["90.1.1.1.1", "90.1.1.1.2"]
    assign_options(actor=acting(principal), user=secondary, codes=both, seen=[])
    Option.objects.filter(code="90.1.1.1.2").update(is_retired=True)
    response = client.get(LATER)
    assert "Rectificación electrónica" in soup(response).select_one(".notice").text
    send(client, LATER, "save", *marked(response), seen=seen_in(response))
    assert granted(secondary) == {"90.1.1.1.1"}


def test_an_operator_with_nothing_to_offer_is_told(client, operator):
    operator.operator_types.set(OperatorType.objects.none())
    assert soup(client.get(LATER)).select_one(".empty h3").text == "No hay opciones que ofrecer"


def test_before_anything_was_saved_the_register_leads_to_the_options(client):
    response = client.get(WIZARD + "registro/")
    assert response.url == WIZARD


def test_many_options_cost_as_many_queries_as_few(client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            send(client, LATER, "open:ADUANEROS")
        return len(captured)

    with_few = queries()
    template = Option.objects.get(code="90.1.1.1.1")
    for number in range(60):
        option = Option.objects.create(
            code=f"90.1.9.{number}.1",
            name=f"Opción {number}",
            profile=template.profile,
            parent=template.parent,
            source="supuesto",
        )
        option.operator_types.set(template.operator_types.all())
        option.roles.set(template.roles.all())
    assert queries() == with_few


@pytest.mark.parametrize(
    "seen", ['["no\\u0000such"]', json.dumps(["A"] * 100_000)], ids=["NUL", "many"]
)
@pytest.mark.parametrize("do", ["next", "save", "back"])
def test_what_was_never_a_code_was_never_seen(client, do, seen):
    response = send(client, LATER, do, "90.1.1.1.1", seen=seen)
    assert response.status_code in (200, 302)


def test_an_old_form_does_not_reach_the_next_person_of_that_name(
    client, principal, secondary, make_secondary
):
    eliminate_user(actor=acting(principal), user=secondary)
    successor = make_secondary("JPEREZ01", 90000070)
    response = send(client, LATER, "save", "90.1.1.1.1", subject=str(secondary.pk))
    assert response.status_code == 404
    assert granted(successor) == set()


def test_a_retired_profile_is_not_offered(client):
    Profile.objects.filter(code="TRIBUTARIOS").update(is_retired=True)
    names = [name.text for name in soup(client.get(LATER)).select(".profile-name")]
    assert names == ["Mis Trámites Aduaneros"]


def test_a_profile_may_be_chosen_by_the_address(client):
    assert offered(client.get(LATER, {"perfil": "TRIBUTARIOS"})) == ["11.9.1.1.1", "11.9.1.1.2"]
    assert offered(client.get(LATER, {"perfil": "NINGUNO"})) == []
