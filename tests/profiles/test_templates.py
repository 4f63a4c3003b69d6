"""Plantillas: the company's own, by hand or from a user, and the ready ones."""

import pytest

from operators.models import OperatorType
from profiles.actions.grants import assign_access
from profiles.actions.templates import save_template
from profiles.models import AccessTemplate, Option, OptionGrant
from tests.conftest import acting, soup
from tests.users.conftest import FORM
from users.models import AuditEntry

URL, NEW = "/plantillas/", "/plantillas/nueva/"
FIRST, SECOND, FREE = "90.1.1.1.1", "90.1.1.1.2", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


@pytest.fixture
def template(principal):
    return save_template(
        actor=acting(principal), name="De siempre", options=[FIRST, FREE], roles=[ROLE]
    )


@pytest.fixture
def ready(small_catalog):
    """One for each of the two types."""
    for code in ("AGENTE_ADUANA", "TRANSPORTISTA"):
        made = AccessTemplate.objects.create(
            name=f"Lista {code}", operator_type=OperatorType.objects.get(code=code)
        )
        made.options.set([FREE])
    return AccessTemplate.objects.get(operator_type="AGENTE_ADUANA")


def marked(page, name: str) -> set[str]:
    return {box["value"] for box in page.select(f"input[name={name}][checked]")}


def contents(template) -> tuple[set, set]:
    return (
        {*template.options.values_list("pk", flat=True)},
        {*template.roles.values_list("pk", flat=True)},
    )


def test_without_any_the_list_says_what_they_are_for(client):
    assert "Todavía no hay plantillas." in soup(client.get(URL)).select_one(".empty").text


def test_the_list_has_the_companys_own_and_the_ready_ones_of_its_types(
    client, template, ready, stranger
):
    save_template(actor=acting(stranger), name="Ajena", options=[FREE], roles=[])
    page = soup(client.get(URL))
    assert [link.text for link in page.select(".card-list a")] == [
        "Lista AGENTE_ADUANA",
        "De siempre",
    ]
    assert "2 opciones · 1 rol · De su empresa" in page.select(".card-list li")[1].text


def test_one_is_made_by_hand(client, principal):
    page = soup(client.get(NEW))
    assert (marked(page, "option"), marked(page, "role")) == (set(), set())
    data = {"name": "  Despacho   básico ", "option": [FIRST, FREE], "role": [ROLE]}
    answer = client.post(NEW, data, follow=True)
    assert "Se guardó la plantilla «Despacho básico»." in soup(answer).text
    made = AccessTemplate.objects.get()
    assert (made.operator, contents(made)) == (principal.operator, ({FIRST, FREE}, {ROLE}))
    entry = AuditEntry.objects.get(action="template.saved")
    assert entry.after == {"name": "Despacho básico", "options": [FREE, FIRST], "roles": [ROLE]}


def test_one_is_made_from_a_user_or_from_another(client, principal, secondary, ready):
    assign_access(
        actor=acting(principal),
        user=secondary,
        options=[SECOND],
        roles=[ROLE],
        seen_options=[],
        seen_roles=[],
    )
    page = soup(client.get(NEW, {"usuario": "JPEREZ01"}))
    assert (marked(page, "option"), marked(page, "role")) == ({SECOND}, {ROLE})
    page = soup(client.get(NEW, {"plantilla": ready.pk}))
    assert (marked(page, "option"), marked(page, "role")) == ({FREE}, set())


@pytest.mark.parametrize("source", [{"usuario": "AJENO001"}, {"plantilla": "99999999999999999999"}])
def test_a_template_is_not_made_from_a_missing_source(client, strangers_secondary, source):
    assert client.get(NEW, source).status_code == 404


def test_a_folder_is_marked_and_unmarked_in_one_go(client):
    page = soup(client.post(NEW, {"name": "Una", "option": [FREE], "mark": "90.1.1"}))
    assert marked(page, "option") == {FREE, FIRST, SECOND}
    assert page.select_one("[name=name]")["value"] == "Una"
    page = soup(client.post(NEW, {"option": [FREE, FIRST, SECOND], "unmark": "90.1.1"}))
    assert marked(page, "option") == {FREE}
    assert not page.select(".error-summary")
    assert not AccessTemplate.objects.exists()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"option": [FREE]}, "Ingrese el nombre de la plantilla"),
        ({"name": "x" * 81, "option": [FREE]}, "El nombre puede tener hasta 80 caracteres"),
        ({"name": "Vacía"}, "Marque al menos una opción o un rol"),
        ({"name": "DE SIEMPRE", "option": [FREE]}, "Ya existe una plantilla con ese nombre"),
    ],
    ids=["no name", "long name", "nothing marked", "same name"],
)
def test_what_is_wrong_is_said_and_the_marks_stay(client, template, data, sentence):
    page = soup(client.post(NEW, data))
    assert sentence in page.find(role="alert").text
    assert marked(page, "option") == {*data.get("option", [])}
    assert AccessTemplate.objects.count() == 1


def test_everything_that_is_missing_is_said_at_once(client):
    problems = soup(client.post(NEW, {})).select(".error-summary li")
    assert [problem.get_text(strip=True) for problem in problems] == [
        "Marque al menos una opción o un rol",
        "Ingrese el nombre de la plantilla",
    ]


def test_what_is_not_offered_is_refused_and_unmarked(client):
    answer = client.post(NEW, {"name": "Una", "option": [FREE, "90.2.1.1.1", "nada\x00"]})
    assert answer.status_code == 400
    assert marked(soup(answer), "option") == {FREE}
    assert not AccessTemplate.objects.exists()


def test_one_is_corrected(client, template):
    url = f"{URL}{template.pk}/modificar/"
    page = soup(client.get(url))
    assert (marked(page, "option"), marked(page, "role")) == ({FIRST, FREE}, {ROLE})
    seen = page.select_one("[name=seen]")["value"]
    client.post(url, {"name": "Otra", "option": [SECOND], "seen": seen})
    template.refresh_from_db()
    assert (template.name, contents(template)) == ("Otra", ({SECOND}, set()))
    # The same form again is not a conflict: that is what it is already.
    assert client.post(url, {"name": "Otra", "option": [SECOND], "seen": seen}).status_code == 302


def test_the_second_of_two_who_correct_it_is_told(client, principal, template):
    url = f"{URL}{template.pk}/modificar/"
    seen = soup(client.get(url)).select_one("[name=seen]")["value"]
    save_template(
        actor=acting(principal),
        name="De siempre",
        options=[SECOND],
        roles=[],
        template=template,
        seen={"name": "De siempre", "options": [FREE, FIRST], "roles": [ROLE]},
    )
    answer = client.post(url, {"name": "De siempre", "option": [FREE], "seen": seen})
    assert answer.status_code == 409
    page = soup(answer)
    assert "cambió mientras usted trabajaba" in page.find(role="alert").text
    assert contents(template) == ({SECOND}, set())
    assert marked(page, "option") == {FREE}
    seen = page.select_one("[name=seen]")["value"]
    client.post(url, {"name": "De siempre", "option": [FREE], "seen": seen})
    assert contents(template) == ({FREE}, set())


@pytest.mark.parametrize("seen", ["", "nada", "[]", "7", "[" * 100_000])
def test_a_form_that_saw_nothing_overwrites_nothing(client, template, seen):
    url = f"{URL}{template.pk}/modificar/"
    data = {"name": "Otra", "option": [FREE], "seen": seen}
    assert client.post(url, data).status_code == 409


def test_one_is_deleted_after_being_asked(client, template, principal, secondary):
    url = f"{URL}{template.pk}/eliminar/"
    assert "Quien ya recibió sus opciones y roles los conserva" in soup(client.get(url)).text
    answer = client.post(url, follow=True)
    assert "Se eliminó la plantilla «De siempre»." in soup(answer).text
    assert not AccessTemplate.objects.exists()
    assert client.post(url).status_code == 404


def test_a_page_names_what_is_no_longer_offered(client, template):
    Option.objects.filter(pk=FREE).update(is_retired=True)
    page = soup(client.get(f"{URL}{template.pk}/"))
    assert "Servicio Web" in page.select_one(".notice-info").text
    assert "1 opción" in page.find(id="options-title").text


def test_a_ready_one_is_read_and_copied_but_never_changed(client, ready):
    page = soup(client.get(f"{URL}{ready.pk}/"))
    assert page.select_one(".user-actions a")["href"] == f"{NEW}?plantilla={ready.pk}"
    for name in ("modificar", "eliminar"):
        assert client.get(f"{URL}{ready.pk}/{name}/").status_code == 404
        assert client.post(f"{URL}{ready.pk}/{name}/").status_code == 404


def test_another_companys_is_not_there(client, stranger):
    foreign = save_template(actor=acting(stranger), name="Ajena", options=[FREE], roles=[])
    for name in ("", "modificar/", "eliminar/"):
        assert client.get(f"{URL}{foreign.pk}/{name}").status_code == 404
    assert client.get(f"{URL}99999999999999999999/").status_code == 404


def test_a_user_may_begin_with_the_options_of_a_template(client, principal, stranger):
    """The template goes with the address from Paso 1 to Paso 2, which marks and saves nothing."""
    save = {"name": "Despacho básico", "options": [FREE], "roles": []}
    own = save_template(actor=acting(principal), **save)
    foreign = save_template(actor=acting(stranger), **save)
    person = {**FORM, "username": "NUEVO001", "document_number": "90000099"}
    created = client.post("/usuarios/nuevo/", {**person, "template": str(own.pk)})
    assert created.url == f"/usuarios/nuevo/NUEVO001/?plantilla={own.pk}"
    page = soup(client.get(created.url))
    assert "la plantilla Despacho básico" in page.select_one(".important").text
    step_2, _, query = page.select_one("main .buttons a")["href"].partition("?")
    assert query == f"plantilla={own.pk}"
    for number, options in ((own.pk, [FREE]), (foreign.pk, []), ("9" * 30, []), ("x", [])):
        listed = soup(client.get(step_2, {"plantilla": number})).select("#selected-list li")
        assert [item["data-code"] for item in listed] == options, number
    assert not OptionGrant.objects.filter(user__username="NUEVO001").exists()
