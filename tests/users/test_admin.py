"""The administration of accounts, operators' and staff's, and of the audit."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from tests.administration import ADMIN_PASSWORD, LIST, act, allow, errors, queries, state_of, texts
from tests.conftest import PASSWORD, RUC, person, soup
from users.actions import accounts, operators
from users.history.recording import Actor
from users.models import AuditEntry, User
from users.signin.password_rules import OperatorPasswordValidator

AUDIT = "/admin/users/auditentry/"
STAFF_PASSWORD = "otra-clave-muy-larga"


@pytest.fixture
def admin_client(client_of, staff):
    return client_of(staff)


@pytest.fixture
def clerk(db) -> User:
    """Staff with the permissions to see and change users, and no more."""
    user = User.objects.create_user("clerk", is_staff=True)
    return allow(user, "view_user", "change_user")


@pytest.fixture
def clerk_client(client_of, clerk):
    return client_of(clerk)


def change(user: User) -> str:
    return f"{LIST}{user.pk}/change/"


def permission_keys(*codenames: str) -> list[int]:
    return [*Permission.objects.filter(codename__in=codenames).values_list("pk", flat=True)]


def password(user: User) -> str:
    return f"{LIST}{user.pk}/password/"


# Finding an account ------------------------------------------------------------------------------


def test_the_account_list_shows_operators_users_and_staff(admin_client, secondary):
    page = soup(admin_client.get(LIST))
    rows = {
        row.select_one(".field-username").text: row for row in page.select("#result_list tbody tr")
    }
    assert set(rows) == {"admin", "TITULAR1", "JPEREZ01"}
    cells = texts(rows["JPEREZ01"], "td:not(.action-checkbox), th.field-username")
    assert cells == [
        "JPEREZ01",
        "Juan Pérez Ñaupari",
        "Secundario",
        "Activo",
        RUC,
        "Empresa 9043 de Práctica",
        "DNI 90000002",
        "-",
    ]
    assert rows["admin"].select_one(".field-kind").text == "Personal"
    assert rows["TITULAR1"].select_one(".field-kind").text == "Principal"


def test_accounts_are_found_by_search_and_filters(
    admin_client, secondary, strangers_secondary, staff, subtests
):
    cases = [
        ("?q=20999999043", ["TITULAR1", "JPEREZ01"]),
        ("?q=jperez", ["JPEREZ01"]),
        ("?q=perez+naupari", ["JPEREZ01"]),
        ("?q=PÉREZ", ["JPEREZ01"]),
        ("?q=90000002", ["JPEREZ01"]),
        ("?q=nadie", []),
        ("?tipo=principal", ["TITULAR1", "TITULAR1"]),
        ("?tipo=secundario", ["JPEREZ01", "AJENO001"]),
        ("?tipo=personal", ["admin"]),
        ("?tipo=otro", ["admin", "TITULAR1", "AJENO001", "TITULAR1", "JPEREZ01"]),
        ("?state__exact=suspended", ["AJENO001"]),
        ("?operator__operator_types__code__exact=TRANSPORTISTA", ["TITULAR1", "AJENO001"]),
    ]
    accounts.suspend_user(actor=Actor(staff, "command"), user=strangers_secondary)
    for query, found in cases:
        with subtests.test(query=query, found=found):
            page = soup(admin_client.get(LIST + query))
            assert sorted(texts(page, ".field-username")) == sorted(found)


def test_the_account_list_costs_the_same_queries_with_few_and_with_many(
    admin_client, secondary, make_secondary
):
    few = queries(admin_client, LIST)
    for number in range(8):
        make_secondary(f"OTRO000{number}", 90000100 + number)
    assert queries(admin_client, LIST) == few


# An operator's account ---------------------------------------------------------------------------


def test_an_operators_account_is_read_only(admin_client, secondary):
    page = soup(admin_client.get(change(secondary)))
    assert not page.select("#user_form input:not([type=hidden]), #user_form select")
    assert page.select_one(".field-document .readonly").text == "DNI 90000002"
    assert texts(page, ".object-tools a") == [
        "Restablecer clave",
        "Opciones asignadas",
        "Roles asignados",
        "Historial",
    ]
    assert texts(page, ".object-tools button") == ["Suspender", "Eliminar"]
    before = User.objects.values().get(pk=secondary.pk)
    values = {"username": "CAMBIADO", "state": "eliminated", "is_superuser": "on", "operator": ""}
    assert admin_client.post(change(secondary), values).status_code == 403
    assert User.objects.values().get(pk=secondary.pk) == before


def test_the_links_of_an_account_lead_to_pages(admin_client, secondary):
    links = soup(admin_client.get(change(secondary))).select(".object-tools a")
    assert len(links) == 4
    for link in links:
        assert admin_client.get(link["href"], follow=True).status_code == 200, link


def test_staff_resets_the_password_of_an_operators_account(clerk_client, clerk, secondary, client):
    assert soup(clerk_client.get(change(secondary))).select_one(f"a[href='{password(secondary)}']")
    response = clerk_client.post(
        password(secondary),
        {"new_password1": "12345678", "new_password2": "12345678"},
        follow=True,
    )
    assert texts(soup(response), ".messagelist li") == [
        "Se ha restablecido la clave de JPEREZ01.",
        f"{OperatorPasswordValidator.GUESSABLE}.",
    ]
    entry = AuditEntry.objects.get(action="user.password_reset")
    assert (entry.actor, entry.channel, entry.subject) == (clerk, "admin", secondary)
    signed_in = client.post(
        "/ingresar/", {"ruc": RUC, "username": "JPEREZ01", "password": "12345678"}
    )
    assert signed_in.status_code == 302
    recorded = [*AuditEntry.objects.values(), *LogEntry.objects.values()]
    assert "12345678" not in repr([{**row, "address": ""} for row in recorded])


def test_an_invalid_password_is_refused_by_the_operators_rule(admin_client, secondary, subtests):
    cases = [
        ("", "", {"new_password1": ["Ingrese la clave"], "new_password2": ["Reingrese la clave"]}),
        ("corta1", "corta1", {"new_password1": ["La clave debe tener entre 8 y 12 caracteres"]}),
        ("sinnumero", "sinnumero", {"new_password1": ["La clave debe incluir al menos un número"]}),
        ("Practica2027", "Practica2028", {"new_password2": ["Las claves no coinciden"]}),
    ]
    for one, two, expected in cases:
        with subtests.test(one=one, two=two, expected=expected):
            before = User.objects.get(pk=secondary.pk).password
            response = admin_client.post(
                password(secondary), {"new_password1": one, "new_password2": two}
            )
            assert errors(response) == expected
            assert User.objects.get(pk=secondary.pk).password == before
            assert not AuditEntry.objects.filter(action="user.password_reset").exists()


def test_the_password_of_an_eliminated_account_is_not_reset(admin_client, secondary, staff):
    accounts.eliminate_user(actor=Actor(staff, "command"), user=secondary)
    response = admin_client.get(password(secondary), follow=True)
    assert texts(soup(response), ".messagelist .error") == [
        "El usuario JPEREZ01 está eliminado: ya no ingresa con clave."
    ]


def test_staff_with_view_permission_cannot_reset_a_password(client_of, clerk, secondary):
    client = client_of(allow(clerk, "view_user"))
    assert not soup(client.get(change(secondary))).select(f"a[href='{password(secondary)}']")
    values = {"new_password1": "Practica2027", "new_password2": "Practica2027"}
    assert client.post(password(secondary), values).status_code == 403
    assert not AuditEntry.objects.filter(action="user.password_reset").exists()


def test_an_account_that_does_not_exist_is_not_found(admin_client):
    assert admin_client.get(f"{LIST}999999/password/").status_code == 404
    assert admin_client.get(f"{LIST}nada/password/").status_code == 404


# Suspending and reactivating ---------------------------------------------------------------------


def test_suspending_asks_for_confirmation_and_reports_the_number(
    clerk_client, clerk, secondary, principal, staff
):
    response = act(clerk_client, "suspend", secondary, principal, staff)
    page = soup(response)
    assert texts(page, "#content-main li") == [
        "TITULAR1 – Ana Ficticia, Empresa 9043 de Práctica (RUC 20999999043), usuario principal",
        "JPEREZ01 – Juan Pérez Ñaupari, Empresa 9043 de Práctica (RUC 20999999043)",
    ]
    assert state_of(secondary) == "active"
    form = page.select_one("#content-main form")
    fields = {}
    for field in form.select("input[name]"):
        fields.setdefault(field["name"], []).append(field["value"])
    response = clerk_client.post(LIST, fields, follow=True)
    assert texts(soup(response), ".messagelist li") == [
        "Se ha suspendido a 2 usuarios.",
        "Sin cambios: 1. Solo cambian los usuarios de operadores que están en estado activo.",
    ]
    assert [state_of(user) for user in (secondary, principal, staff)] == [
        "suspended",
        "suspended",
        "active",
    ]
    entries = AuditEntry.objects.filter(action="user.suspended")
    assert {(e.actor, e.channel) for e in entries} == {(clerk, "admin")}
    assert entries.count() == 2


def test_reactivating_reports_the_number(clerk_client, secondary, principal, staff):
    accounts.suspend_user(actor=Actor(staff, "command"), user=secondary)
    response = act(clerk_client, "reactivate", secondary, principal)
    assert texts(soup(response), ".messagelist li") == [
        "Se ha reactivado a 1 usuario.",
        "Sin cambios: 1. Solo cambian los usuarios de operadores que están en estado suspendido.",
    ]
    assert state_of(secondary) == "active"
    assert AuditEntry.objects.get(action="user.reactivated").channel == "admin"


def test_an_eliminated_user_stays_eliminated(clerk_client, secondary, staff):
    accounts.eliminate_user(actor=Actor(staff, "command"), user=secondary)
    act(clerk_client, "reactivate", secondary)
    act(clerk_client, "suspend", secondary, confirmed="yes")
    assert state_of(secondary) == "eliminated"


def test_the_whole_list_is_suspended_at_once(clerk_client, secondary, strangers_secondary):
    response = clerk_client.post(
        f"{LIST}?tipo=secundario",
        {"action": "suspend", "index": "0", "select_across": "1", "_selected_action": secondary.pk},
    )
    page = soup(response)
    assert len(page.select("#content-main li")) == 2
    fields = {field["name"]: field["value"] for field in page.select("#content-main input[name]")}
    clerk_client.post(f"{LIST}?tipo=secundario", fields)
    assert {state_of(secondary), state_of(strangers_secondary)} == {"suspended"}


def test_staff_with_view_permission_cannot_suspend(client_of, clerk, secondary):
    client = client_of(allow(clerk, "view_user"))
    assert not soup(client.get(LIST)).select("select[name=action]")
    act(client, "suspend", secondary, confirmed="yes")
    assert state_of(secondary) == "active"


def test_no_account_is_deleted(admin_client, secondary, staff):
    for user in (secondary, staff):
        response = admin_client.post(f"{LIST}{user.pk}/delete/", {"post": "yes"})
        assert response.status_code == 403
    act(admin_client, "delete_selected", secondary, post="yes")
    assert User.objects.filter(pk=secondary.pk).exists()
    assert not soup(admin_client.get(LIST)).select("option[value=delete_selected]")


# Staff accounts ----------------------------------------------------------------------------------


def new_staff(**fields) -> dict:
    return {
        "username": "soporte",
        "first_name": "Rosa",
        "last_name": "Ficticia",
        "email": "",
        "password1": STAFF_PASSWORD,
        "password2": STAFF_PASSWORD,
        **fields,
    }


def test_a_superuser_adds_a_staff_account(admin_client, client):
    page = soup(admin_client.get(f"{LIST}add/"))
    assert page.h1.text == "Añadir una cuenta del personal"
    assert "no se añaden aquí" in page.select_one("#user_form").text
    admin_client.post(f"{LIST}add/", new_staff())
    user = User.objects.get(username="soporte")
    assert (user.is_staff, user.is_superuser, user.operator) == (True, False, None)
    door = {"username": "soporte", "password": STAFF_PASSWORD}
    client.post("/admin/login/", door)
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_staff_account_may_have_the_name_of_an_operators_user(admin_client, secondary):
    admin_client.post(f"{LIST}add/", new_staff(username="JPEREZ01"))
    assert User.objects.filter(username="JPEREZ01").count() == 2


def test_a_bad_staff_account_is_refused_on_its_field(admin_client, subtests):
    cases = [
        ({"username": "ADMIN"}, "username", "Ya existe personal con ese usuario"),
        ({"username": ""}, "username", "Este campo es obligatorio."),
        ({"username": "x" * 1_000_000}, "username", "150 caracteres"),
        ({"username": "a\0b"}, "username", "nulos"),
        ({"first_name": "Rosa😀"}, "first_name", "solo pueden tener letras"),
        ({"email": "no"}, "email", "formato nombre@empresa.pe"),
        ({"password1": "corta-2026", "password2": "corta-2026"}, "password2", "12 caracteres"),
        ({"password2": "distinta-y-muy-larga"}, "password2", "no coinciden"),
    ]
    for fields, field, sentence in cases:
        with subtests.test(fields=fields, field=field, sentence=sentence):
            response = admin_client.post(f"{LIST}add/", new_staff(**fields))
            found = errors(response)
            assert list(found) == [field]
            assert len(found[field]) == 1
            assert sentence in found[field][0]
            assert User.objects.count() == 1


def test_a_superuser_edits_a_staff_account(admin_client, clerk):
    group = Group.objects.create(name="Mesa de ayuda")
    admin_client.post(
        change(clerk),
        {"username": "clerk", "state": "suspended", "first_name": "Rosa", "groups": [group.pk]},
    )
    clerk.refresh_from_db()
    assert (clerk.state, clerk.first_name, list(clerk.groups.all())) == (
        "suspended",
        "Rosa",
        [group],
    )
    assert clerk.is_staff


def test_a_superuser_cannot_remove_their_own_power(admin_client, staff):
    admin_client.post(change(staff), {"username": "admin", "state": "suspended"})
    staff.refresh_from_db()
    assert (staff.state, staff.is_superuser) == ("active", True)


def test_a_staff_password_follows_djangos_rules(admin_client, clerk):
    page = soup(admin_client.get(change(clerk)))
    assert page.select_one(f"a[href='{password(clerk)}']").text == "Cambiar contraseña"

    def give(value):
        return admin_client.post(password(clerk), {"new_password1": value, "new_password2": value})

    assert "12 caracteres" in errors(give(PASSWORD[:10]))["new_password2"][0]
    give(STAFF_PASSWORD)
    clerk.refresh_from_db()
    assert clerk.check_password(STAFF_PASSWORD)


def test_a_superuser_changes_the_own_password_with_the_current_one(admin_client, client_of, staff):
    values = {"new_password1": STAFF_PASSWORD, "new_password2": STAFF_PASSWORD}
    assert admin_client.post(password(staff), values).url == "/admin/password_change/"
    other = client_of(staff)
    for current, is_changed in (("otra-cosa", False), (ADMIN_PASSWORD, True)):
        admin_client.post("/admin/password_change/", {**values, "old_password": current})
        staff.refresh_from_db()
        assert staff.check_password(STAFF_PASSWORD) == is_changed
    assert admin_client.get(LIST).status_code == 200
    assert other.get(LIST).status_code == 302
    entry = AuditEntry.objects.get(action="user.password_changed")
    assert (entry.actor, entry.subject, entry.channel) == (staff, staff, "admin")


def test_changes_of_staff_and_groups_are_recorded_with_both_sides(admin_client, clerk):
    form = {"name": "Mesa de ayuda", "permissions": permission_keys("view_user")}
    admin_client.post("/admin/auth/group/add/", form)
    group = Group.objects.get()
    form["permissions"] = permission_keys("view_user", "change_user")
    admin_client.post(f"/admin/auth/group/{group.pk}/change/", form)
    admin_client.post(
        change(clerk),
        {"username": "clerk", "state": "active", "is_superuser": "on", "groups": [group.pk]},
    )
    delete = {"action": "delete_selected", "_selected_action": group.pk, "post": "yes"}
    admin_client.post("/admin/auth/group/", delete)
    deleted, staff_changed, changed, created = AuditEntry.objects.order_by("-pk")[:4]
    assert created.after == {
        "name": "Mesa de ayuda",
        "permissions": ["users.view_user"],
        "staff": [],
    }
    assert (changed.action, changed.before["permissions"], changed.after["permissions"]) == (
        "group.changed",
        ["users.view_user"],
        ["users.change_user", "users.view_user"],
    )
    assert (staff_changed.action, staff_changed.subject) == ("user.changed", clerk)
    assert [
        (side["is_superuser"], side["groups"], side["user_permissions"])
        for side in (staff_changed.before, staff_changed.after)
    ] == [(False, [], ["users.change_user", "users.view_user"]), (True, ["Mesa de ayuda"], [])]
    assert (deleted.action, deleted.before["staff"]) == ("group.deleted", ["clerk"])
    page = soup(admin_client.get(f"{AUDIT}{changed.pk}/change/"))
    rows = {row.th.text: texts(row, "td") for row in page.select("table.changes tbody tr")}
    assert rows["Permisos"][0] == "Usuarios | usuario: ver"
    assert rows["Nombre"] == ["Mesa de ayuda"] * 2
    latest = soup(admin_client.get(AUDIT)).select_one(".field-what")
    assert latest.text == "Grupo eliminado: Mesa de ayuda"


def test_staff_without_superuser_cannot_grant_permissions(clerk_client, clerk, staff):
    superuser = {"username": "clerk", "state": "active", "is_superuser": "on"}
    for user in (clerk, staff):
        page = soup(clerk_client.get(change(user)))
        assert not page.select("#user_form input:not([type=hidden]), #user_form select")
        assert not page.select(f"a[href='{password(user)}']")
        assert clerk_client.post(change(user), superuser).status_code == 403
        values = {"new_password1": STAFF_PASSWORD, "new_password2": STAFF_PASSWORD}
        assert clerk_client.post(password(user), values).status_code == 403
    assert clerk_client.get(f"{LIST}add/").status_code == 403
    assert clerk_client.post(f"{LIST}add/", new_staff(is_superuser="on")).status_code == 403
    assert User.objects.get(is_superuser=True) == staff
    assert User.objects.count() == 2


def test_the_permission_to_add_users_is_not_enough_to_add_staff(client_of, clerk):
    client = client_of(allow(clerk, "add_user", "change_user", "view_user"))
    assert client.post(f"{LIST}add/", new_staff(is_superuser="on")).status_code == 403


def test_permissions_are_named_in_spanish(admin_client, clerk):
    options = texts(soup(admin_client.get(change(clerk))), "#id_user_permissions label")
    assert "Usuarios | usuario: modificar" in options
    assert not any("Can " in option for option in options)
    group = Group.objects.create(name="Mesa de ayuda")
    page = soup(admin_client.get(f"/admin/auth/group/{group.pk}/change/"))
    assert texts(page, "#id_permissions label") == options


# Audit -------------------------------------------------------------------------------------------


@pytest.fixture
def entry(operator, staff) -> AuditEntry:
    operators.change_operator(
        actor=Actor(staff, "admin", "192.0.2.9"),
        operator=operator,
        name="<b>Nueva</b>",
        operator_types=["AGENTE_ADUANA", "TRANSPORTISTA"],
        is_active=False,
    )
    return AuditEntry.objects.get(action="operator.changed")


def test_an_entry_says_what_changed_in_words(admin_client, entry):
    page = soup(admin_client.get(f"{AUDIT}{entry.pk}/change/"))
    rows = {row.th.text: texts(row, "td") for row in page.select("table.changes tbody tr")}
    assert rows == {
        "RUC": [RUC, RUC],
        "Razón social": ["Empresa 9043 de Práctica", "<b>Nueva</b>"],
        "Tipos de operador": ["AGENTE_ADUANA", "AGENTE_ADUANA, TRANSPORTISTA"],
        "Activo": ["Sí", "No"],
    }
    assert page.select_one(".field-what .readonly").text == "Operador modificado"
    assert page.select_one(".field-channel .readonly").text == "Administración"


def test_the_entry_of_a_created_user_is_shown_in_words(admin_client, secondary):
    entry = AuditEntry.objects.get(subject=secondary)
    page = soup(admin_client.get(f"{AUDIT}{entry.pk}/change/"))
    rows = {row.th.text: texts(row, "td") for row in page.select("table.changes tbody tr")}
    assert rows["Estado"] == ["", "Activo"]
    assert rows["Tipo de documento de identidad"][1].startswith("DNI")


def test_entries_are_found_by_search_and_filters(admin_client, entry, secondary, subtests):
    cases = [
        ("?accion=operator.changed", 1),
        ("?channel__exact=admin", 1),
        ("?q=20999999043", 4),
        ("?q=naupari", 1),
        ("?q=admin", 3),
        ("?q=nadie", 0),
    ]
    for query, found in cases:
        with subtests.test(query=query, found=found):
            page = soup(admin_client.get(AUDIT + query))
            assert len(page.select("#result_list tbody tr")) == found


def test_the_audit_is_read_only(admin_client, entry):
    url = f"{AUDIT}{entry.pk}/"
    before = list(AuditEntry.objects.values())
    assert admin_client.get(f"{AUDIT}add/").status_code == 403
    assert admin_client.post(f"{AUDIT}add/", {"action": "x"}).status_code == 403
    assert admin_client.post(f"{url}change/", {"action": "x"}).status_code == 403
    assert admin_client.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    delete = {"action": "delete_selected", "_selected_action": entry.pk, "post": "yes"}
    admin_client.post(AUDIT, delete)
    assert list(AuditEntry.objects.values()) == before
    assert not soup(admin_client.get(AUDIT)).select("select[name=action]")
    assert not soup(admin_client.get(f"{url}change/")).select(".submit-row input")


def test_reading_the_audit_needs_its_permission(clerk_client, entry):
    assert clerk_client.get(AUDIT).status_code == 403


def test_the_audit_costs_the_same_queries_with_few_entries_and_with_many(
    admin_client, entry, make_secondary
):
    few = queries(admin_client, AUDIT)
    for number in range(8):
        make_secondary(f"OTRO000{number}", 90000100 + number)
    assert queries(admin_client, AUDIT) == few


def test_the_password_of_a_new_operator_is_on_no_page_and_in_no_log(admin_client, small_catalog):
    values = {**person(90000001), "ruc": RUC, "name": "E", "operator_types": ["TRANSPORTISTA"]}
    values |= {"username": "TITULAR1", "password1": "Secreta99", "password2": "Secreta99"}
    admin_client.post("/admin/operators/operator/add/", values)
    assert AuditEntry.objects.count() == 2
    for entry in AuditEntry.objects.all():
        assert b"Secreta99" not in admin_client.get(f"{AUDIT}{entry.pk}/change/").content
    assert "Secreta99" not in repr(list(LogEntry.objects.values()))
