"""The administration of the catalogue, its import, and the grants for staff."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from profiles.actions.grants import assign_options, assign_roles
from profiles.catalog import reading
from profiles.models import Option, OptionGrant, Profile, Role, RoleGrant
from tests.administration import allow, errors, queries
from tests.conftest import SMALL_CATALOG, acting, soup
from users.models import AuditEntry, User

OPTIONS = "/admin/profiles/option/"
IMPORT = "/admin/profiles/option/importar/"
APPLY = f"{IMPORT}aplicar/"
SHIPPED = "/admin/profiles/option/original.toml"
LISTS = [OPTIONS, "/admin/profiles/profile/", "/admin/profiles/role/"]
GRANTS = ["/admin/profiles/optiongrant/", "/admin/profiles/rolegrant/"]


@pytest.fixture
def admin_client(client_of, staff, small_catalog):
    return client_of(staff)


def texts(page, selector: str) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in page.select(selector)]


# Rows by hand ------------------------------------------------------------------------------------


def option(**fields) -> dict:
    values = {
        "code": "90.1.1.1.3",
        "name": "Legajamiento",
        "profile": "ADUANEROS",
        "parent": "90.1.1",
        "purpose": "Aquí se legaja.",
        "operator_types": ["AGENTE_ADUANA"],
        "roles": ["NSIGAD.AGENTEADUANA.DESPACHO"],
        "source": "supuesto",
        "position": "99",
        **fields,
    }
    return {name: value for name, value in values.items() if value is not None}


def test_staff_adds_an_option(admin_client):
    admin_client.post(f"{OPTIONS}add/", option())
    row = Option.objects.get(code="90.1.1.1.3")
    assert (row.parent_id, row.is_folder, row.is_retired) == ("90.1.1", False, False)
    assert [role.code for role in row.roles.all()] == ["NSIGAD.AGENTEADUANA.DESPACHO"]


BAD_OPTIONS = [
    ({"code": "90.1.1.1.1"}, "code", "Ya existe"),
    ({"code": "9/0"}, "code", "números separados por puntos"),
    ({"code": ""}, "code", "obligatorio"),
    ({"name": ""}, "name", "obligatorio"),
    ({"name": "x" * 1_000_000}, "name", "200 caracteres"),
    ({"name": "a\0b"}, "name", "nulos"),
    ({"profile": "TRIBUTARIOS"}, "parent", "La carpeta es de otro perfil."),
    ({"parent": "90.1.1.1.1"}, "parent", "opción válida"),
    ({"purpose": ""}, "purpose", "Diga qué se haría ahí."),
    ({"operator_types": None}, "operator_types", "Elija al menos un tipo de operador."),
    (
        {"operator_types": ["AGENTE_ADUANA", "TRANSPORTISTA"]},
        "roles",
        "Cada tipo de operador al que se ofrece necesita un rol, y ninguno más.",
    ),
]


def test_a_bad_option_is_refused_on_its_field(subtests, admin_client):
    for fields, field, sentence in BAD_OPTIONS:
        with subtests.test(field=field, sentence=sentence):
            before = Option.objects.count()
            found = errors(admin_client.post(f"{OPTIONS}add/", option(**fields)))
            assert list(found) == [field]
            assert sentence in found[field][0]
            assert Option.objects.count() == before


def test_a_folder_is_offered_to_no_type(admin_client):
    found = errors(admin_client.post(f"{OPTIONS}add/", option(is_folder="on")))
    sentence = "Una carpeta no se ofrece ni pide roles por sí misma."
    assert found == {"operator_types": [sentence], "roles": [sentence]}
    folder = option(is_folder="on", operator_types=None, roles=None, purpose=None)
    admin_client.post(f"{OPTIONS}add/", folder)
    assert Option.objects.get(code="90.1.1.1.3").is_folder


def test_the_code_and_the_kind_of_an_option_are_never_changed(admin_client):
    url = f"{OPTIONS}90.1.1.1.1/change/"
    page = soup(admin_client.get(url))
    assert page.select_one(".field-code .readonly").text == "90.1.1.1.1"
    assert not page.select("[name=code], [name=is_folder]")
    admin_client.post(url, option(code="1.1", is_folder="on", name="Otro", is_retired="on"))
    row = Option.objects.get(code="90.1.1.1.1")
    assert (row.name, row.is_folder, row.is_retired) == ("Otro", False, True)
    assert not Option.objects.filter(code="1.1").exists()


def test_the_profile_of_a_folder_with_children_is_not_changed(admin_client):
    values = {"name": "Despacho", "profile": "TRIBUTARIOS", "source": "x", "position": "1"}
    found = errors(admin_client.post(f"{OPTIONS}90.1/change/", values))
    assert list(found) == ["profile"]
    assert Option.objects.get(code="90.1").profile_id == "ADUANEROS"


def test_the_choices_of_folders_and_roles_show_their_codes(admin_client):
    page = soup(admin_client.get(f"{OPTIONS}90.1.1.1.1/change/"))
    assert texts(page, "#id_parent option") == [
        "---------",
        "90.1 · Despacho",
        "90.1.1 · Declaraciones",
        "90.2 · Manifiesto de carga",
        "11.9 · Envío de documentos",
    ]
    assert "Despachador · NSIGAD.AGENTEADUANA.DESPACHO" in texts(page, "#id_roles label")


def test_a_profile_and_a_role_are_edited_except_their_codes(admin_client):
    values = {"code": "OTRO", "name": "Nuevo nombre", "source": "x", "position": "1"}
    admin_client.post("/admin/profiles/profile/ADUANEROS/change/", values)
    assert Profile.objects.get(code="ADUANEROS").name == "Nuevo nombre"
    role = "NSIGAD.AGENTEADUANA.CONSULTA"
    values |= {"operator_type": "AGENTE_ADUANA", "permits": "Permite ver."}
    admin_client.post(f"/admin/profiles/role/{role}/change/", values)
    assert Role.objects.get(code=role).permits == "Permite ver."
    assert (Profile.objects.count(), Role.objects.count()) == (2, 3)


def test_a_role_needs_a_code_of_the_right_form(admin_client):
    values = {"code": "mal", "name": "N", "source": "x", "position": "1"}
    values |= {"operator_type": "AGENTE_ADUANA", "permits": "P"}
    found = errors(admin_client.post("/admin/profiles/role/add/", values))
    assert found == {"code": ["El código debe tener la forma SISTEMA.ACTOR.ROL"]}


@pytest.mark.parametrize(
    "row", ["option/11.9.1.1.1", "profile/TRIBUTARIOS", "role/NSIGAD.AGENTEADUANA.CONSULTA"]
)
def test_a_row_is_retired_and_never_deleted(row, admin_client):
    response = admin_client.post(f"/admin/profiles/{row}/delete/", {"post": "yes"})
    assert response.status_code == 403
    model, _, code = row.partition("/")
    page = soup(admin_client.get(f"/admin/profiles/{model}/"))
    assert not page.select("option[value=delete_selected]")
    delete = {"action": "delete_selected", "_selected_action": code, "post": "yes", "index": "0"}
    admin_client.post(f"/admin/profiles/{model}/", delete)
    assert admin_client.get(f"/admin/profiles/{row}/change/").status_code == 200


def test_a_row_links_to_its_entries_in_the_history(admin_client):
    admin_client.post(f"{OPTIONS}90.1.1.1.1/change/", option(name="Otro", position="1"))
    admin_client.post(
        "/admin/profiles/profile/add/", {"code": "P", "name": "P", "source": "x", "position": "1"}
    )
    page = soup(admin_client.get(f"{OPTIONS}90.1.1.1.1/change/"))
    link = page.select_one(".object-tools").find("a", string="Historial")["href"]
    found = texts(soup(admin_client.get(link, follow=True)), "#result_list .field-what")
    assert found == ["Fila del catálogo modificada: 90.1.1.1.1"]
    assert admin_client.get("/admin/users/auditentry/?fila=%00").status_code == 400


OPTION_SEARCHES = [
    ("?q=numeracion", ["90.1.1.1.1"]),
    ("?q=SERVICIO+web", ["11.9.1.1.1", "11.9.1.1.2"]),
    ("?q=90.2", ["90.2", "90.2.1.1.1"]),
    ("?q=nada", []),
    ("?is_folder__exact=1&profile__code__exact=TRIBUTARIOS", ["11.9"]),
    (
        "?operator_types__code__exact=TRANSPORTISTA&profile__code__exact=ADUANEROS",
        ["90.1.2.1.1", "90.2.1.1.1"],
    ),
    ("?is_retired__exact=1", []),
]


def test_options_are_found_by_code_and_name(subtests, admin_client):
    for query, found in OPTION_SEARCHES:
        with subtests.test(query=query, found=found):
            page = soup(admin_client.get(OPTIONS + query))
            assert sorted(texts(page, ".field-code")) == found


def test_the_lists_cost_the_same_with_few_rows_and_with_many(admin_client):
    few = [queries(admin_client, url) for url in LISTS]
    for number in range(8):
        Profile.objects.create(code=f"P{number}", name="P", source="x")
        folder = Option.objects.create(
            code=f"80.{number}", name="O", source="x", profile_id=f"P{number}", is_folder=True
        )
        Option.objects.create(
            code=f"80.{number}.1", name="O", source="x", profile_id=f"P{number}", parent=folder
        )
    assert [queries(admin_client, url) for url in LISTS] == few


# Importing the catalogue -------------------------------------------------------------------------


def send(client, content: bytes | str, name: str = "catalogo.toml"):
    content = content.encode() if isinstance(content, str) else content
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, content)})


def plan(response) -> str:
    return soup(response).select_one("input[name=plan]")["value"]


def load(client, content: bytes | str, name: str = "catalogo.toml"):
    """Send the file and apply its preview."""
    return client.post(APPLY, {"plan": plan(send(client, content, name))}, follow=True)


def rows() -> list:
    return [list(model.objects.order_by("pk").values()) for model in (Profile, Role, Option)]


def test_each_list_of_the_catalogue_links_to_the_import(admin_client):
    for url in LISTS:
        assert soup(admin_client.get(url)).select_one(f"a[href='{IMPORT}']"), url
    page = soup(admin_client.get(IMPORT))
    assert page.h1.text == "Catálogo"
    assert page.select_one("form[enctype='multipart/form-data'] input[type=file]")


def test_the_shipped_catalogue_is_downloaded_and_imported(admin_client):
    link = soup(admin_client.get(IMPORT)).select_one(f"a[href='{SHIPPED}']")
    assert link.text == "Descargar el catálogo que viene con el portal"
    response = admin_client.get(SHIPPED)
    assert 'filename="catalogo-original.toml"' in response["Content-Disposition"]
    content = response.getvalue()
    assert content == reading.CATALOG_FILE.read_bytes()
    page = soup(load(admin_client, content))
    assert "Se ha importado el catálogo" in page.select_one(".messagelist .success").text
    assert Option.objects.filter(is_retired=False).count() > 20


def test_an_import_reports_its_result_and_records_each_row(admin_client, staff):
    changed = SMALL_CATALOG.replace('"Consulta de canal"', '"Consulta del canal"')
    changed = changed.replace("11.9.1.1.2", "11.9.1.1.3")
    result = "filas nuevas: 1, cambiadas: 1, retiradas: 1, sin cambios: 15."
    page = soup(load(admin_client, changed))
    assert texts(page, ".messagelist li") == [f"Se ha importado el catálogo: {result}"]
    assert Option.objects.get(code="11.9.1.1.2").is_retired
    entries = {
        (entry.action, {**entry.before, **entry.after}["code"]): entry
        for entry in AuditEntry.objects.filter(actor=staff, channel="admin")
    }
    assert set(entries) == {
        ("catalog.row_created", "11.9.1.1.3"),
        ("catalog.row_changed", "90.1.2.1.1"),
        ("catalog.row_changed", "11.9.1.1.2"),
    }
    changed = entries["catalog.row_changed", "90.1.2.1.1"]
    assert (changed.before["name"], changed.after["name"]) == (
        "Consulta de canal",
        "Consulta del canal",
    )
    assert entries["catalog.row_changed", "11.9.1.1.2"].after["is_retired"]
    assert admin_client.get("/admin/").status_code == 200


def test_importing_the_same_again_changes_nothing(admin_client):
    before = rows()
    page = soup(send(admin_client, SMALL_CATALOG))
    assert "Sin cambios." in page.select_one("#content-main").text
    assert not page.select("input[name=plan]")
    assert rows() == before


def test_a_file_from_windows_is_read(admin_client):
    content = b"\xef\xbb\xbf" + SMALL_CATALOG.replace("\n", "\r\n").encode()
    assert "Sin cambios." in soup(send(admin_client, content)).select_one("#content-main").text


BROKEN_TWICE = SMALL_CATALOG.replace('profile = "TRIBUTARIOS"', 'profile = "NO"')


BAD_FILES = [
    (b"", ["El archivo está vacío"]),
    ("no es toml", ["El archivo no es TOML válido: revise la línea 1, columna 4."]),
    ("a = [1,", ["El archivo no es TOML válido."]),
    ("a = " + "[" * 5000, ["El archivo no es TOML válido."]),
    ("a = " + "9" * 5000, ["El archivo no es TOML válido."]),
    (b"\x00\x01\x02", ["El archivo no es TOML válido: revise la línea 1, columna 1."]),
    (
        SMALL_CATALOG.encode("latin-1"),
        ["El archivo no está en UTF-8. Guárdelo con esa codificación."],
    ),
    (
        SMALL_CATALOG.encode("utf-16"),
        ["El archivo no está en UTF-8. Guárdelo con esa codificación."],
    ),
    (b"#" * (200 * 1024 + 1), ["El archivo pesa más de 200 KB."]),
    (
        "a = 1",
        [
            f"Falta la lista «{name}»."
            for name in ("operator_types", "profiles", "roles", "options")
        ],
    ),
    (
        BROKEN_TWICE,
        [
            f"options, fila {row} ({code}), «profile»: No existe el perfil NO."
            for row, code in ((8, "11.9"), (9, "11.9.1.1.1"), (10, "11.9.1.1.2"))
        ],
    ),
    (
        SMALL_CATALOG.replace("Aquí se numera.", "Aquí\\u0000"),
        ["options, fila 3 (90.1.1.1.1), «purpose»: El valor no es válido."],
    ),
    (
        SMALL_CATALOG.replace("Consulta de canal", "x" * 201),
        [
            "options, fila 5 (90.1.2.1.1), «name»: Asegúrese de que este valor tenga menos de 200 "
            "caracteres (tiene 201)."
        ],
    ),
]


def test_a_bad_file_is_refused_with_each_problem(subtests, admin_client):
    for content, sentences in BAD_FILES:
        with subtests.test(sentences=sentences):
            before = rows()
            response = send(admin_client, content)
            assert response.status_code == 200
            assert errors(response) == {"file": sentences}
            assert rows() == before
            assert not AuditEntry.objects.exists()


def test_a_form_without_a_file_is_refused(admin_client):
    assert errors(admin_client.post(IMPORT, {})) == {"file": ["Elija el archivo del catálogo"]}
    not_a_file = admin_client.post(IMPORT, {"file": "texto"})
    assert errors(not_a_file) == {"file": ["Elija el archivo del catálogo"]}


def test_a_file_with_very_many_problems_names_the_first_ones(admin_client):
    content = SMALL_CATALOG.replace("options = [", "options = [" + "{ code = 1 }," * 400)
    found = errors(send(admin_client, content))["file"]
    assert len(found) == 51
    assert found[-1].endswith("problemas más.")


def test_html_in_a_file_is_escaped(admin_client):
    content = SMALL_CATALOG.replace('profile = "TRIBUTARIOS"', 'profile = "<script>x</script>"')
    assert b"<script>x" not in send(admin_client, content).content


def test_importing_needs_the_permissions_to_write_every_table_of_the_catalogue(
    client_of, small_catalog
):
    clerk = User.objects.create_user("clerk", is_staff=True)
    tables = ("operatortype", "profile", "role", "option")
    every = [f"{verb}_{table}" for table in tables for verb in ("add", "change")]
    for permissions in (
        ["view_option"],
        ["view_option", "change_option", "add_option"],
        *(["view_option", *(each for each in every if each != left_out)] for left_out in every),
    ):
        client = client_of(allow(clerk, *permissions))
        before = rows()
        assert client.get(IMPORT).status_code == 403
        assert send(client, SMALL_CATALOG.replace("canal", "kanal")).status_code == 403
        assert rows() == before
        if "view_option" in permissions:
            assert not soup(client.get(OPTIONS)).select(f"a[href='{IMPORT}']")
    client = client_of(allow(clerk, "view_option", *every))
    assert soup(client.get(OPTIONS)).select_one(f"a[href='{IMPORT}']")
    assert send(client, SMALL_CATALOG).status_code == 200
    viewer = client_of(allow(clerk, "view_user"))
    assert viewer.get(SHIPPED).status_code == 403


# Grants ------------------------------------------------------------------------------------------


@pytest.fixture
def granted(secondary, principal):
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=["90.1.1.1.1", "11.9.1.1.1"], seen=[])
    assign_roles(actor=actor, user=secondary, codes=["NSIGAD.AGENTEADUANA.CONSULTA"], seen=[])


GRANT_SEARCHES = [
    (GRANTS[0], "", 2),
    (GRANTS[0], "?q=naupari", 2),
    (GRANTS[0], "?q=Numeración", 1),
    (GRANTS[0], "?q=20999999043", 2),
    (GRANTS[0], "?option__profile__code__exact=TRIBUTARIOS", 1),
    (GRANTS[0], "?q=nada", 0),
    (GRANTS[1], "?q=jperez01", 1),
    (GRANTS[1], "?q=CONSULTA", 1),
    (GRANTS[1], "?role__operator_type__code__exact=TRANSPORTISTA", 0),
]


def test_grants_are_found_by_user_and_by_code(subtests, admin_client, granted):
    for url, query, found in GRANT_SEARCHES:
        with subtests.test(url=url, query=query, found=found):
            assert len(soup(admin_client.get(url + query)).select("#result_list tbody tr")) == found


@pytest.mark.parametrize(("url", "model"), [*zip(GRANTS, [OptionGrant, RoleGrant], strict=True)])
def test_grants_are_read_only(url, model, admin_client, granted):
    grant = model.objects.first()
    before = list(model.objects.values())
    page = soup(admin_client.get(f"{url}{grant.pk}/change/"))
    assert page.select_one(".field-user .readonly").text == "JPEREZ01"
    assert not page.select(".submit-row input, .object-tools")
    assert admin_client.post(f"{url}{grant.pk}/change/", {"user": "1"}).status_code == 403
    assert admin_client.post(f"{url}{grant.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get(f"{url}add/").status_code == 403
    assert admin_client.post(f"{url}add/", {"user": "1"}).status_code == 403
    admin_client.post(url, {"action": "delete_selected", "_selected_action": grant.pk, "post": "y"})
    assert list(model.objects.values()) == before
    assert not soup(admin_client.get(url)).select("select[name=action], .object-tools .addlink")


def test_grants_cost_the_same_with_few_and_with_many(
    admin_client, granted, make_secondary, principal
):
    few = [queries(admin_client, url) for url in GRANTS]
    for number in range(6):
        user = make_secondary(f"OTRO000{number}", 90000100 + number)
        assign_options(
            actor=acting(principal), user=user, codes=["90.1.1.1.2", "90.1.2.1.1"], seen=[]
        )
        roles = ["NSIGAD.AGENTEADUANA.DESPACHO"]
        assign_roles(actor=acting(principal), user=user, codes=roles, seen=[])
    assert [queries(admin_client, url) for url in GRANTS] == few
