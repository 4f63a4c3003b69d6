"""The administration of operators, and what all pages of the administration share."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import NoReverseMatch, get_resolver, reverse

from operators.models import Operator, OperatorType
from profiles.actions.grants import assign_options, assign_roles
from profiles.models import Option, OptionGrant, Profile, Role, RoleGrant
from tests.administration import allow, errors, new_operator, queries
from tests.conftest import OTHER_RUC, PASSWORD, RUC, acting, soup
from users.models import AuditEntry, User

LIST = "/admin/operators/operator/"
ADD = "/admin/operators/operator/add/"


@pytest.fixture
def admin_client(client_of, staff):
    return client_of(staff)


# Opening an operator -----------------------------------------------------------------------------


def test_one_form_opens_an_operator_with_its_principal_user(admin_client, small_catalog, client):
    response = admin_client.post(ADD, new_operator(), follow=True)
    operator = Operator.objects.get()
    assert response.redirect_chain == [(f"{LIST}{operator.pk}/change/", 302)]
    assert (operator.ruc, operator.name) == (RUC, "Agencia de Práctica S.A.C.")
    assert {t.code for t in operator.operator_types.all()} == {"AGENTE_ADUANA", "TRANSPORTISTA"}
    principal = operator.users.get()
    assert principal.is_principal
    assert principal.username == "TITULAR1"
    signed_in = client.post(
        "/ingresar/", {"ruc": RUC, "username": "TITULAR1", "password": PASSWORD}
    )
    assert signed_in.url == reverse("portal:home")
    # What comes next: who signs in, with what, and where.
    said = soup(response).select_one(".messagelist .success")
    assert all(word in said.text for word in (RUC, "TITULAR1", "Agencia de Práctica S.A.C."))
    assert said.a["href"] == "http://testserver/ingresar/"


def test_an_operator_is_suspended_and_reactivated_by_a_button(admin_client, operator):
    own = f"{LIST}{operator.pk}/change/"
    for verb, is_active in (("Suspender", False), ("Reactivar", True)):
        button = soup(admin_client.get(own)).select_one(".object-tools").find("a", string=verb)
        page = soup(admin_client.get(button["href"]))
        form = {field["name"]: field["value"] for field in page.select("#content-main [name]")}
        for _ in range(2):
            # Sent twice, it does not undo itself.
            assert admin_client.post(button["href"], form).url == own
        assert Operator.objects.get().is_active is is_active
    assert AuditEntry.objects.filter(action="operator.changed").count() == 2


def test_opening_an_operator_is_recorded_as_done_in_the_administration(
    admin_client, small_catalog, staff
):
    admin_client.post(ADD, new_operator(), REMOTE_ADDR="192.0.2.7")
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["operator.created", "user.created"]
    assert {(e.channel, e.actor, e.address) for e in entries} == {("admin", staff, "192.0.2.7")}
    assert PASSWORD not in repr(list(entries.values()))
    assert LogEntry.objects.get().object_repr == str(Operator.objects.get())


def test_spaces_in_the_ruc_are_removed(admin_client, small_catalog):
    admin_client.post(ADD, new_operator(ruc=f" {RUC[:2]} {RUC[2:10]} {RUC[10:]} "))
    assert Operator.objects.get().ruc == RUC


def test_a_taken_ruc_is_refused_on_its_field(admin_client, operator):
    response = admin_client.post(ADD, new_operator())
    assert errors(response) == {"ruc": ["Ya existe un operador con ese RUC"]}
    assert Operator.objects.get() == operator


def test_an_empty_form_is_refused_with_a_sentence_beside_each_field(admin_client, small_catalog):
    response = admin_client.post(ADD, {})
    assert errors(response) == {
        "ruc": ["Ingrese el RUC"],
        "name": ["Ingrese la razón social"],
        "operator_types": ["Marque al menos un tipo de operador"],
        "document_type": ["Seleccione el tipo de documento"],
        "document_number": ["Ingrese el número de documento"],
        "first_name": ["Ingrese los nombres"],
        "last_name": ["Ingrese los apellidos"],
        "username": ["Ingrese el usuario"],
        "password1": ["Ingrese la clave"],
        "password2": ["Reingrese la clave"],
    }
    assert not Operator.objects.exists()


MEGABYTE = "x" * 1_000_000


def test_a_bad_value_is_refused_on_its_field_and_nothing_is_saved(
    admin_client, small_catalog, subtests
):
    cases = [
        ("ruc", "20999999044", "Revise el RUC: el último dígito no corresponde"),
        ("ruc", "2099999904", "El RUC debe tener 11 dígitos"),
        ("ruc", "２０９９９９９９０４３", "El RUC debe tener 11 dígitos"),
        ("ruc", MEGABYTE, "El RUC debe tener 11 dígitos"),
        ("ruc", "20999999043\0", "Los caracteres nulos no están permitidos."),
        ("ruc", "😀", "El RUC debe tener 11 dígitos"),
        ("ruc", "<b>RUC</b>", "El RUC debe tener 11 dígitos"),
        ("name", " ", "Ingrese la razón social"),
        ("name", "Mala\0", "Los caracteres nulos no están permitidos."),
        ("name", MEGABYTE, "200 caracteres"),
        ("operator_types", ["NO_EXISTE"], "NO_EXISTE"),
        ("operator_types", [], "Marque al menos un tipo de operador"),
        ("document_type", "9", "Seleccione el tipo de documento"),
        ("document_number", "1234567", "El DNI debe tener 8 dígitos"),
        ("document_number", MEGABYTE, ""),
        ("first_name", "Ana😀", "Los nombres solo pueden tener letras"),
        ("first_name", "<script>alert(1)</script>", "Los nombres solo pueden tener letras"),
        ("last_name", MEGABYTE, "hasta 150 caracteres"),
        ("email", "no es correo", "nombre@empresa.pe"),
        ("username", "CORTO", "8 caracteres"),
        ("username", "ÁÉÍÓÚÑ01", "letras sin tilde"),
        ("username", MEGABYTE, ""),
        ("password1", "sinnumero", "al menos un número"),
        ("password1", "1234567890123", "entre 8 y 12 caracteres"),
        ("password1", MEGABYTE, ""),
        ("password2", "Practica2027", "Las claves no coinciden"),
    ]
    for field, value, sentence in cases:
        with subtests.test(field=field, value=value, sentence=sentence):
            fields = {field: value}
            if field == "password1":
                fields["password2"] = value
            response = admin_client.post(ADD, new_operator(**fields))
            assert response.status_code == 200
            found = errors(response)
            assert list(found) == [field]
            assert sentence in " ".join(found[field])
            assert not Operator.objects.exists()
            assert not User.objects.of_operators().exists()
            assert not AuditEntry.objects.exists()


def test_what_was_typed_comes_back_escaped_and_without_the_claves(admin_client, small_catalog):
    name = "<b>Agencia</b> & Cía. 😀"
    response = admin_client.post(ADD, new_operator(name=name, ruc="1"))
    page = soup(response)
    assert page.select_one("#id_name")["value"] == name
    assert len(page.select("[name=operator_types][checked]")) == 2
    assert b"<b>Agencia" not in response.content
    assert PASSWORD.encode() not in response.content


def test_a_name_with_html_and_emoji_is_shown_as_text(admin_client, small_catalog):
    admin_client.post(ADD, new_operator(name="<b>Agencia</b> & Cía. 😀"))
    response = admin_client.get(LIST)
    assert soup(response).select_one(".field-name").text == "<b>Agencia</b> & Cía. 😀"


def test_the_principals_password_follows_the_operators_rule(admin_client, small_catalog):
    admin_client.post(ADD, new_operator(password1="12345678", password2="12345678"))
    assert Operator.objects.exists()


# Changing and finding them -----------------------------------------------------------------------


def test_an_operator_is_changed_by_the_action_and_its_ruc_stays(admin_client, operator):
    url = f"{LIST}{operator.pk}/change/"
    page = soup(admin_client.get(url))
    assert page.select_one(".field-ruc .readonly").text == RUC
    assert not page.select("[name=ruc]")
    admin_client.post(
        url, {"name": "Otro nombre", "operator_types": ["TRANSPORTISTA"], "ruc": OTHER_RUC}
    )
    operator.refresh_from_db()
    assert (operator.ruc, operator.name, operator.is_active) == (RUC, "Otro nombre", False)
    assert [t.code for t in operator.operator_types.all()] == ["TRANSPORTISTA"]
    entry = AuditEntry.objects.get(action="operator.changed")
    assert entry.channel == "admin"
    assert (entry.before["is_active"], entry.after["is_active"]) == (True, False)
    assert entry.after["operator_types"] == ["TRANSPORTISTA"]


def test_saving_an_operator_without_changes_records_nothing(admin_client, operator):
    admin_client.post(
        f"{LIST}{operator.pk}/change/",
        {"name": operator.name, "operator_types": ["AGENTE_ADUANA"], "is_active": "on"},
    )
    assert not AuditEntry.objects.filter(action="operator.changed").exists()


def test_an_invalid_change_of_an_operator_is_refused_and_not_saved(admin_client, operator):
    response = admin_client.post(f"{LIST}{operator.pk}/change/", {"name": "", "is_active": "on"})
    assert errors(response) == {
        "name": ["Ingrese la razón social"],
        "operator_types": ["Marque al menos un tipo de operador"],
    }
    operator.refresh_from_db()
    assert operator.name


def test_the_sessions_of_a_closed_operator_end(admin_client, operator, principal, client_of):
    browser = client_of(principal)
    admin_client.post(
        f"{LIST}{operator.pk}/change/", {"name": "Nombre", "operator_types": ["AGENTE_ADUANA"]}
    )
    assert browser.get("/").url.startswith("/ingresar/")


def test_operators_are_found_by_ruc_and_by_name_without_accents(admin_client, operator, stranger):
    Operator.objects.filter(pk=operator.pk).update(name="Logística ÑANDÚ")

    def found(query):
        return [cell.text for cell in soup(admin_client.get(LIST + query)).select(".field-ruc")]

    assert found("?q=20999999043") == [RUC]
    assert found("?q=logistica+nandu") == [RUC]
    assert found("?q=nada") == []
    assert found("?operator_types__code__exact=TRANSPORTISTA") == [OTHER_RUC]
    assert found("?is_active__exact=0") == []
    assert found("") == [OTHER_RUC, RUC]


def test_the_operator_list_links_to_the_users_of_an_operator(
    admin_client, operator, secondary, strangers_secondary
):
    row = soup(admin_client.get(f"{LIST}?q={RUC}")).select_one("#result_list tbody tr")
    link = row.select_one(".field-users_link a")
    assert link.text == "2"
    users = soup(admin_client.get(link["href"])).select(".field-username")
    assert [cell.text for cell in users] == ["TITULAR1", "JPEREZ01"]


def test_the_operator_list_costs_the_same_queries_with_one_and_with_many(
    admin_client, operator, make_operator
):
    one = queries(admin_client, LIST)
    for ruc in (OTHER_RUC, "20999999027", "20999999035"):
        make_operator(ruc, "AGENTE_ADUANA", "TRANSPORTISTA")
    assert queries(admin_client, LIST) == one


def test_an_operator_is_never_deleted(admin_client, operator):
    assert admin_client.post(f"{LIST}{operator.pk}/delete/", {"post": "yes"}).status_code == 403
    assert not soup(admin_client.get(LIST)).select("option[value=delete_selected]")
    assert Operator.objects.exists()


def test_staff_needs_the_permission_to_open_and_to_change_operators(client_of, operator, staff, db):
    clerk = User.objects.create_user("clerk", is_staff=True)
    change = f"{LIST}{operator.pk}/change/"
    assert client_of(clerk).get(LIST).status_code == 403
    looking = client_of(allow(clerk, "view_operator"))
    assert looking.get(change).status_code == 200
    assert looking.post(change, {"name": "X"}).status_code == 403
    assert looking.get(ADD).status_code == 403
    assert looking.post(ADD, new_operator(ruc=OTHER_RUC)).status_code == 403
    assert Operator.objects.count() == 1
    adding = client_of(allow(clerk, "add_operator"))
    adding.post(ADD, new_operator(ruc=OTHER_RUC))
    assert Operator.objects.count() == 2


def test_only_the_wording_of_an_operator_type_is_changed(admin_client, small_catalog):
    url = "/admin/operators/operatortype/AGENTE_ADUANA/change/"
    values = {"code": "OTRO", "name": "Agente", "source": "cartilla", "position": "1"}
    admin_client.post(url, values)
    assert OperatorType.objects.get(pk="AGENTE_ADUANA").name == "Agente"
    assert admin_client.get("/admin/operators/operatortype/add/").status_code == 403
    assert OperatorType.objects.count() == 2


# What all pages share ----------------------------------------------------------------------------


def admin_pages() -> list[str]:
    """Return the pages of the administration that need no row, and the login."""
    resolver = get_resolver().namespace_dict["admin"][1]
    found = []
    for name in {key for key in resolver.reverse_dict if isinstance(key, str)}:
        try:
            found.append(reverse(f"admin:{name}"))
        except NoReverseMatch:
            continue
    return sorted(set(found) - {"/admin/jsi18n/", "/admin/autocomplete/", "/admin/logout/"})


def row_pages(*rows) -> list[str]:
    names = [f"admin:{row._meta.app_label}_{row._meta.model_name}_change" for row in rows]
    return [reverse(name, args=[row.pk]) for name, row in zip(names, rows, strict=True)]


@pytest.fixture
def every_page(secondary, staff, operator, make_secondary):
    actor = acting(operator.users.get(is_principal=True))
    assign_options(actor=actor, user=secondary, codes=["90.1.1.1.1"], seen=[])
    assign_roles(actor=actor, user=secondary, codes=["NSIGAD.AGENTEADUANA.CONSULTA"], seen=[])
    passwords = [
        reverse("admin:auth_user_password_change", args=[user.pk]) for user in (secondary, staff)
    ]
    rows = [operator, secondary, staff, Profile.objects.first(), Role.objects.first()]
    rows += [Option.objects.first(), OptionGrant.objects.first(), RoleGrant.objects.first()]
    rows += [AuditEntry.objects.get(action="options.assigned"), OperatorType.objects.first()]
    histories = [url.replace("/change/", "/history/") for url in row_pages(*rows)]
    return [*admin_pages(), *row_pages(*rows), *histories, *passwords]


ENGLISH = re.compile(
    r"\b(the|this|add|change|delete|select|save|of|to|and|you|user|view|home|filter|search|"
    r"history|password|all|any|can|none|yes|unknown)\b",
    re.I,
)
# Spanish, or the name of a file format.
NOT_ENGLISH = re.compile(r"catalogo\.toml|TOML|admin\b")


def test_every_admin_page_is_in_spanish_and_says_that_it_is_a_simulator(admin_client, every_page):
    read = 0
    for url in every_page:
        response = admin_client.get(url)
        if response.status_code in (302, 403) or response.get("Content-Disposition"):
            continue
        assert response.status_code == 200, url
        page = soup(response)
        assert "SIMULADOR DE PRÁCTICA" in page.select_one(".simulator-banner").text, url
        assert "noindex" in page.select_one("meta[name=robots]")["content"], url
        assert page.html["lang"] == "es-pe"
        assert "Administración del simulador" in page.title.text, url
        assert not page.select("img[alt=True], img[alt=False], img[alt=None], img[alt=Search]"), url
        assert not page.select("style, [style], script:not([src])"), url
        for hidden in page.select("script"):
            hidden.decompose()
        assert not ENGLISH.findall(NOT_ENGLISH.sub("", page.get_text(" "))), url
        read += 1
    assert read > 30


def test_the_staff_login_page_shows_the_banner_and_a_link_to_the_portal(client, db):
    page = soup(client.get("/admin/login/"))
    assert page.select_one(".simulator-banner")
    assert page.select_one("a[href='/ingresar/']").text == "Ir al portal"
    assert "noindex" in page.select_one("meta[name=robots]")["content"]


def test_only_staff_opens_the_pages_of_the_administration(
    every_page, client_of, secondary, principal
):
    for visitor in (None, secondary, principal):
        client = client_of(visitor)
        for url in every_page:
            if url == "/admin/login/":
                continue
            for response in (client.get(url), client.post(url, {})):
                assert response.status_code == 302, url
                assert response.url.startswith("/admin/login/"), (url, response.url)


def test_the_staff_login_accepts_staff_only(client, staff, principal):
    def sign_in(username, password):
        return client.post("/admin/login/", {"username": username, "password": password})

    for username in ("TITULAR1", "titular1", RUC):
        page = soup(sign_in(username, PASSWORD))
        assert page.select_one(".errornote")
        assert "_auth_user_id" not in client.session
    assert sign_in("admin", "una-clave-larga-de-personal").status_code == 302
    assert client.session["_auth_user_id"] == str(staff.pk)
