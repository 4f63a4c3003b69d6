"""Administración Usuario, /usuarios/: find, sort, mark one, act."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.actions.grants import assign_options, assign_roles
from tests.conftest import acting, soup
from users.actions.accounts import eliminate_user, suspend_user

URL = "/usuarios/"


@pytest.fixture
def client(principal, client_of):
    return client_of(principal)


def usernames(response) -> list[str]:
    return [name.get_text(strip=True) for name in soup(response).select("tbody th .code")]


def test_without_users_the_real_sentence_and_the_way_to_create_one(client):
    empty = soup(client.get(URL)).select_one(".empty")
    assert empty.h2.text == "No se encontraron usuarios secundarios asociados."
    assert empty.a["href"] == "/usuarios/nuevo/"


def test_a_row_says_what_the_real_portal_says_and_the_counts(client, principal, secondary):
    assign_options(
        actor=acting(principal), user=secondary, codes=["11.9.1.1.1", "90.1.1.1.1"], seen=[]
    )
    page = soup(client.get(URL))
    heads = [head.get_text() for head in page.select("thead th")][1:]
    cells = [cell.get_text(" ", strip=True) for cell in page.select("tbody tr > *")][1:]
    assert dict(zip(heads, cells, strict=True)) == {
        "Usuario · Nombres y Apellidos": "JPEREZ01 Juan Pérez Ñaupari",
        "Tipo y Nro de Documento": "DNI 90000002",
        "Correo Electrónico": "–",
        "Estado": "Activo",
        "Opciones · Roles": "2 opciones · Sin roles",
        "Último ingreso": "Nunca",
    }
    # What does not fit is in the title.
    assert page.select_one("tbody th a")["title"] == "Juan Pérez Ñaupari"
    assert page.select_one("tbody th a")["href"] == "/usuarios/JPEREZ01/"


def test_only_the_secondary_users_of_ones_own_operator_are_listed(
    client, secondary, strangers_secondary
):
    assert usernames(client.get(URL)) == ["JPEREZ01"]


def test_each_radio_names_its_user(client, secondary):
    radio = soup(client.get(URL)).select_one("input[name=usuario]")
    assert radio["aria-label"] == "Seleccionar a JPEREZ01 – Juan Pérez Ñaupari"


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("perfiles", "/usuarios/JPEREZ01/perfiles/"),
        ("roles", "/usuarios/JPEREZ01/roles/"),
        ("estado", "/usuarios/JPEREZ01/estado/"),
    ],
)
def test_an_action_leads_to_the_marked_user(client, secondary, action, target):
    response = client.get(URL, {"usuario": "JPEREZ01", "accion": action})
    assert response.status_code == 302
    assert response.url == target


def test_a_user_who_lacks_only_roles_is_led_to_the_last_step_of_the_guide(
    client, principal, secondary
):
    assign_options(actor=acting(principal), user=secondary, codes=["90.1.1.1.1"], seen=[])
    response = client.get(URL, {"usuario": "JPEREZ01", "accion": "roles"})
    assert response.url == "/usuarios/nuevo/JPEREZ01/roles/"


def test_grabar_leads_to_the_list_with_the_new_user_marked_first_and_the_coach(
    client, principal, make_secondary
):
    for number in range(25):
        make_secondary(f"USER00{number:02}", 90000100 + number)
    last = make_secondary("ZULEMA01", 90000999)
    assign_options(actor=acting(principal), user=last, codes=["90.1.1.1.1"], seen=[])
    saved = soup(client.get("/usuarios/nuevo/ZULEMA01/perfiles/registro/"))
    page = soup(client.get(saved.find("a", string="Ir a Administración Usuario")["href"]))
    [marked] = page.select("[checked]")
    assert marked["value"] == page.select_one("tbody .code").text == "ZULEMA01"
    assert page.select_one("#marked").text.startswith("ZULEMA01 – ")
    assert "Paso 3 de 3: presione Asignar Roles" in page.select_one(".coach").text
    assert "debe de marcar el usuario secundario" in page.select_one(".coach").text
    # In the place of the list where it stands, the user is shown once.
    following = soup(client.get(URL + page.select_one("a[rel=next]")["href"]))
    assert [code.text for code in following.select("tbody .code")][-1] == "ZULEMA01"
    assert not following.select(".coach, [checked]")


def test_a_marked_user_who_lacks_nothing_has_no_coach(client, secondary):
    page = soup(client.get(URL, {"usuario": "JPEREZ01"}))
    assert [box["value"] for box in page.select("[checked]")] == ["JPEREZ01"]
    assert not page.select(".coach")


@pytest.mark.parametrize("username", ["AJENO001", "NADIE001", "ñ", "../salir", "9" * 10000])
def test_an_address_marks_no_user_of_another_company(
    client, secondary, strangers_secondary, username
):
    response = client.get(URL, {"usuario": username})
    assert usernames(response) == ["JPEREZ01"]
    assert not soup(response).select("[checked]")


def test_several_are_marked_in_the_list_and_the_buttons_say_what_is_done(
    client, secondary, make_secondary
):
    make_secondary("OTRA0001", 90000010)
    page = soup(client.get(URL, {"varios": "si", "usuario": ["OTRA0001"]}))
    boxes = page.select("input[type=checkbox][name=usuario]")
    assert {box["value"]: box.has_attr("checked") for box in boxes} == {
        "JPEREZ01": False,
        "OTRA0001": True,
    }
    verbs = [button.text for button in page.select("[name=cambio]")]
    assert verbs == ["Suspender", "Reactivar", "Eliminar"]
    everybody = soup(client.get(URL, {"varios": "si", "marcar": "pagina"}))
    assert len(everybody.select("[name=usuario][checked]")) == 2
    response = client.get(
        URL, {"varios": "si", "cambio": "suspend", "usuario": ["JPEREZ01", "OTRA0001"]}
    )
    assert response.url == "/usuarios/estados/?cambio=suspend&usuario=JPEREZ01&usuario=OTRA0001"


def test_a_button_says_what_the_marks_of_several_lack(client, secondary):
    for query, sentence in (
        ({"cambio": "suspend"}, "Marque al menos un usuario"),
        ({"cambio": "ascender", "usuario": "JPEREZ01"}, "Elija qué hacer"),
    ):
        page = soup(client.get(URL, {"varios": "si", **query}))
        assert sentence in page.select_one(".error-summary").text
        assert page.title.text.startswith("Error: ")
        assert bool(page.select("[checked]")) == ("usuario" in query)


def test_the_filters_fold_and_say_how_many_there_are(client, secondary):
    def head(**query) -> str:
        return soup(client.get(URL, query)).select_one("form[role=search] summary").text

    assert head() == "Filtros"
    assert head(texto="perez", orden="-nombre") == "Filtros"
    assert head(estado="active", rol="ninguno", opcion="inventada") == "Filtros (2)"


def test_an_eliminated_user_is_shown_but_cannot_be_marked(client, principal, secondary):
    eliminate_user(actor=acting(principal), user=secondary)
    response = client.get(URL, {"estado": "eliminated"})
    assert usernames(response) == ["JPEREZ01"]
    assert not soup(response).select("input[name=usuario]")


def test_an_action_without_a_marked_user_asks_to_mark_one(client, secondary):
    page = soup(client.get(URL, {"accion": "roles"}))
    link = page.select_one(".error-summary a")
    assert link.text == "Seleccione un usuario"
    assert page.select_one(link["href"])["type"] == "radio"
    assert page.title.text.startswith("Error: ")


@pytest.mark.parametrize("username", ["AJENO001", "NADIE001", "ñ", "../salir", "9" * 10000])
def test_an_action_on_a_user_of_another_company_is_not_found(
    client, secondary, strangers_secondary, username
):
    response = client.get(URL, {"usuario": username, "accion": "roles"})
    assert response.status_code == 404


@pytest.mark.parametrize("text", ["perez", "PÉREZ", "ñaupari", "jperez", "90000002", "juan perez"])
def test_the_search_takes_no_notice_of_accents_or_case(client, secondary, make_secondary, text):
    make_secondary("OTRA0001", 90000010)
    assert usernames(client.get(URL, {"texto": text})) == ["JPEREZ01"]


@pytest.mark.parametrize(
    "text",
    ["guemes", "GÜEMES", "o'bri", "cruz-nan", "de la cruz", "ÑÁÑEZ", "ana guemes", "nanez de", "guem", "9000004", "prefij"],
)  # fmt: skip
def test_any_part_of_any_word_finds_a_compound_name(client, secondary, make_secondary, text):
    make_secondary(
        "PREFIJO1", 90000041, first_name="Ana María", last_name="Güemes O'Brien De la Cruz-Ñáñez"
    )
    assert usernames(client.get(URL, {"texto": text})) == ["PREFIJO1"]


def test_no_match_says_so_and_offers_to_clear_the_filters(client, secondary):
    empty = soup(client.get(URL, {"texto": "zzz"})).select_one(".empty")
    assert empty.h2.text == "Ningún usuario coincide con “zzz”"
    assert empty.a.text == "Limpiar filtros"
    assert empty.a["href"] == URL


def test_filters_by_state_option_and_role(client, principal, secondary, make_secondary):
    other = make_secondary("OTRA0001", 90000010)
    gone = make_secondary("YANOESTA", 90000011)
    assign_options(actor=acting(principal), user=secondary, codes=["11.9.1.1.1"], seen=[])
    role = "NSIGAD.AGENTEADUANA.DESPACHO"
    assign_roles(actor=acting(principal), user=other, codes=[role], seen=[])
    suspend_user(actor=acting(principal), user=other)
    eliminate_user(actor=acting(principal), user=gone)

    def found(**filters):
        return usernames(client.get(URL, filters))

    assert found() == ["JPEREZ01", "OTRA0001"]
    assert found(estado="active") == ["JPEREZ01"]
    assert found(estado="suspended") == ["OTRA0001"]
    assert found(estado="eliminated") == ["YANOESTA"]
    assert found(opcion="11.9.1.1.1") == ["JPEREZ01"]
    assert found(opcion="ninguno") == ["OTRA0001"]
    assert found(rol=role) == ["OTRA0001"]
    assert found(rol="ninguno") == ["JPEREZ01"]


@pytest.mark.parametrize(
    "filters",
    [
        {"estado": "inventado"},
        {"opcion": "99.9"},
        {"orden": "password"},
        {"pagina": "9999999999999999999"},
        {"pagina": "x"},
        {"texto": "a " * 5000},
        {"texto": "%_'\";--"},
        {"operator__ruc": "20999999019"},
    ],
)
def test_a_filter_that_is_not_understood_never_fails_nor_shows_other_rows(
    client, secondary, strangers_secondary, filters
):
    response = client.get(URL, filters)
    assert response.status_code == 200
    assert "AJENO001" not in response.content.decode()


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("usuario", ["AAAA0001", "BBBB0001", "CCCC0001"]),
        ("-usuario", ["CCCC0001", "BBBB0001", "AAAA0001"]),
        ("nombre", ["CCCC0001", "AAAA0001", "BBBB0001"]),
        ("-documento", ["BBBB0001", "CCCC0001", "AAAA0001"]),
        ("-opciones", ["BBBB0001", "CCCC0001", "AAAA0001"]),
    ],
)
def test_the_headers_sort(client, principal, make_secondary, order, expected):
    make_secondary("AAAA0001", 90000010, last_name="Medina")
    rich = make_secondary("BBBB0001", 90000012, last_name="Zapata")
    make_secondary("CCCC0001", 90000011, last_name="Arce")
    assign_options(actor=acting(principal), user=rich, codes=["11.9.1.1.1"], seen=[])
    response = client.get(URL, {"orden": order})
    assert usernames(response) == expected
    sorted_header = soup(response).select_one("th[aria-sort]")
    assert sorted_header["aria-sort"] == ("descending" if order[0] == "-" else "ascending")


def test_twenty_to_a_page_and_how_many_in_all(client, make_secondary):
    for number in range(21):
        make_secondary(f"USER00{number:02}", 90000100 + number)
    first = client.get(URL)
    assert len(usernames(first)) == 20
    assert soup(first).select_one("#users-status").text == "1–20 de 21 usuarios"
    second = client.get(URL + soup(first).select_one("a[rel=next]")["href"])
    assert usernames(second) == ["USER0020"]
    assert soup(second).select_one("#users-status").text == "21 de 21 usuarios"
    assert usernames(client.get(URL + soup(second).select_one("a[rel=prev]")["href"]))[0] == (
        "USER0000"
    )


def test_the_filters_survive_the_change_of_page_and_of_order(client, make_secondary):
    for number in range(21):
        make_secondary(f"USER00{number:02}", 90000100 + number)
    page = soup(client.get(URL, {"texto": "user", "orden": "-usuario"}))
    following = page.select_one("a[rel=next]")["href"]
    assert usernames(client.get(URL + following)) == ["USER0000"]
    header = page.select_one("thead a")["href"]
    assert "texto=user" in header
    # Another order begins at its first page, and is turned round by the same head.
    again = soup(client.get(URL + following)).select_one("thead a")["href"]
    assert again == header == "?orden=usuario&texto=user"
    turned = soup(client.get(URL + header)).select_one("thead a")["href"]
    assert turned == "?orden=-usuario&texto=user"


def test_the_name_of_an_eliminated_user_labels_nothing(client, principal, make_secondary):
    user = make_secondary("USER0001", 90000101)
    eliminate_user(actor=acting(principal), user=user)
    page = soup(client.get(URL, {"estado": "eliminated"}))
    assert "USER0001" in page.select_one("tbody th").text
    assert not page.select("tbody label, tbody input, tbody a")


def test_many_users_cost_as_many_queries_as_one(client, secondary, make_secondary):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        return len(captured)

    with_one = queries()
    for number in range(15):
        make_secondary(f"USER00{number:02}", 90000100 + number)
    assert queries() == with_one


def test_the_last_sign_in_is_shown(client, secondary):
    secondary.last_login = datetime(2026, 5, 6, 15, 2, tzinfo=UTC)
    secondary.save(update_fields=["last_login"])
    assert soup(client.get(URL)).select_one("tbody time").text == "06/05/2026 10:02"
