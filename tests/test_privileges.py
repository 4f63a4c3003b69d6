"""No account gains power by a field that a form does not show, a code, an old page, a permission."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError

from profiles.actions.grants import assign_options, assign_roles
from profiles.admin.catalog_file import plan_of
from profiles.catalog import reading
from profiles.catalog.loading import preview
from profiles.models import Option, OptionGrant, Role
from tests.administration import STAFF_PASSWORD, admin_forms
from tests.calls import CHANGED_CATALOG
from tests.conftest import acting
from tests.routes import FORMS, database, form_of, url
from tests.walking import undone
from users.actions import accounts, operators
from users.models import AuditEntry, FailureCount, User

# What no form of the portal asks for.
EXTRA = {
    "operator": "1", "operator_id": "1", "ruc": "20999999019", "is_staff": "on", "is_superuser": "on", "is_principal": "on",
    "is_active": "on", "id": "1", "pk": "1", "state": "suspended", "password": "x", "must_change_password": "on",
    "user_permissions": "1", "groups": "1", "clock_offset": "99", "granted_by": "1", "effective_at": "2020-01-01",
    "actor": "1", "at": "2020-01-01", "created": "1", "last_login": "2020-01-01", "search_text": "x", "is_retired": "on",
}  # fmt: skip

# Stamped with the moment, or made of what is random.
VARYING = {
    "at",
    "token_digest",
    "granted_at",
    "effective_at",
    "date_joined",
    "made_at",
    "applied_at",
    "plan_id",
    "last_login",
    "password",
    "id",
    "subject_id",
    "failed_sign_ins",
}


def effect(before: dict, after: dict) -> list:
    """The rows that changed, without what differs from one time to the next."""
    return sorted(
        (model.__name__, row) for model in after for row in {*after[model]} - {*before[model]}
    )


def rows() -> dict:
    """Every row as the values of its fields that do not vary; guesses are counted, not changes."""
    found = {}
    for model in database().keys() - {FailureCount}:
        names = [
            field.attname for field in model._meta.concrete_fields if field.attname not in VARYING
        ]
        found[model] = [repr(sorted(row.items())) for row in model.objects.values(*names)]
    return found


def test_a_field_that_a_form_does_not_have_is_ignored(visitors, client_of):
    """The effect is, row by row, the one of the form without it."""
    for name in [*FORMS, "users:own_password"]:
        effects = []
        for extra in ({}, EXTRA):
            with undone():
                client = client_of(visitors["principal"])
                before = rows()
                response = client.post(url(name), {**extra, **form_of(name)})
                effects.append((response.status_code, effect(before, rows())))
        assert effects[0] == effects[1], name
        # The password is not among the rows, and no load is half done.
        assert effects[0][1] or name in ("users:own_password", "profiles:load_progress"), name


NOT_OFFERED = [
    "90.2.1.1.1",
    "90.1",
    "999999999",
    "11.9.1.1.1x",
    "",
    "NSIGAD.TRANSPORTISTA.TRANSMISOR",
    "9" * 300,
]


@pytest.mark.parametrize(
    ("name", "field", "good"),
    [
        ("profiles:options", "option", "11.9.1.1.1"),
        ("profiles:wizard_options", "option", "11.9.1.1.1"),
        ("profiles:roles", "role", "NSIGAD.AGENTEADUANA.DESPACHO"),
        ("profiles:template_new", "option", "11.9.1.1.1"),
        ("profiles:template_new", "role", "NSIGAD.AGENTEADUANA.DESPACHO"),
        ("profiles:template_edit", "option", "11.9.1.1.1"),
    ],
)
def test_one_code_that_is_not_offered_refuses_the_whole_form(
    name, field, good, visitors, client_of
):
    Option.objects.filter(code="90.1.2.1.1").update(is_retired=True)
    Role.objects.filter(code="NSIGAD.AGENTEADUANA.CONSULTA").update(is_retired=True)
    client, answers = client_of(visitors["principal"]), []
    before = database()
    for code in [*NOT_OFFERED, "90.1.2.1.1", "NSIGAD.AGENTEADUANA.CONSULTA"]:
        response = client.post(url(name), {**form_of(name), field: [good, code, code]})
        answers.append((code[:12], response.status_code))
    assert {status for _, status in answers} == {400}, answers
    assert database() == before


def test_a_code_sent_twice_is_given_once(visitors, client_of):
    form = {**FORMS["profiles:options"], "option": ["11.9.1.1.1"] * 3}
    assert client_of(visitors["principal"]).post(url("profiles:options"), form).status_code == 302
    assert OptionGrant.objects.filter(user=visitors["secondary"]).count() == 1


def test_what_a_company_no_longer_is_offered_stops_at_the_next_request(visitors, client_of):
    """Given, used, and then the type of the company changes: no sign-in is needed to feel it."""
    principal, secondary, staff = (visitors[who] for who in ("principal", "secondary", "staff"))
    actor = acting(principal)
    assign_options(actor=actor, user=secondary, codes=["90.1.1.1.1"], seen=["11.9.1.1.2"])
    assign_roles(actor=actor, user=secondary, codes=["NSIGAD.AGENTEADUANA.DESPACHO"], seen=[])
    client, own = client_of(secondary), client_of(principal)
    assert client.get("/opciones/90.1.1.1.1/").status_code == 200
    operators.change_operator(
        actor=acting(staff),
        operator=secondary.operator,
        name=secondary.operator.name,
        operator_types=["TRANSPORTISTA"],
        is_active=True,
    )
    assert client.get("/opciones/90.1.1.1.1/").status_code == 403
    assert b"/opciones/90.1.1.1.1/" not in client.get("/").content
    assert own.get("/opciones/90.1.1.1.1/").status_code == 403
    form = {"do": "save", "option": "90.1.1.1.1", "seen": '["90.1.1.1.1"]'}
    assert own.post(url("profiles:options"), form).status_code == 400


@pytest.mark.parametrize("end", ["suspended", "demoted", "operator closed", "eliminated"])
def test_a_principal_without_power_is_refused_at_the_next_request(end, visitors, client_of):
    """In the middle of the wizard, with its page open."""
    principal, colleague = visitors["principal"], visitors["colleague"]
    office = acting(visitors["staff"])
    client = client_of(principal)
    assert client.get(url("profiles:wizard_options")).status_code == 200
    match end:
        case "suspended":
            accounts.suspend_user(actor=office, user=principal)
        case "operator closed":
            facts = {"name": "Cerrada", "operator_types": ["AGENTE_ADUANA"], "is_active": False}
            operators.change_operator(actor=office, operator=principal.operator, **facts)
        case _:
            operators.change_principal(actor=office, user=colleague)
            if end == "eliminated":
                principal.refresh_from_db()
                accounts.eliminate_user(actor=office, user=principal)
    before = database()
    answers = {client.post(url(name), form_of(name)).status_code for name in FORMS}
    assert answers <= ({403} if end == "demoted" else {302, 401})
    assert database() == before


def test_a_principal_cannot_suspend_itself_nor_staff_eliminate_the_only_principal(
    visitors, client_of
):
    principal = visitors["principal"]
    client, before = client_of(principal), database()
    for change in ("suspend", "eliminate", "reactivate"):
        response = client.post("/usuarios/TITULAR1/estado/", {"change": change})
        assert response.status_code == 404
    for path in ("datos", "clave", "perfiles", "roles", "vigencia", "copiar", "sesiones/cerrar"):
        assert client.post(f"/usuarios/TITULAR1/{path}/", {"way": "generate"}).status_code == 404
    assert database() == before
    # Nor does staff leave a company without one.
    with pytest.raises(ValidationError):
        accounts.eliminate_user(actor=acting(visitors["staff"]), user=principal)


def test_a_user_who_became_the_principal_meanwhile_is_not_eliminated(visitors):
    """The page of the elimination was opened before: a company always keeps a principal."""
    colleague, office = visitors["colleague"], acting(visitors["staff"])
    operators.change_principal(actor=office, user=User.objects.get(pk=colleague.pk))
    assert not colleague.is_principal
    with pytest.raises(ValidationError):
        accounts.eliminate_user(actor=office, user=colleague)
    with pytest.raises(PermissionDenied):
        accounts.suspend_user(actor=acting(visitors["principal"]), user=colleague)
    assert User.objects.get(pk=colleague.pk).state == User.State.ACTIVE


# What is recorded ---------------------------------------------------------------------------------

# A plan is a draft, and what is applied leaves entries of the channel of loads.
DRAFTS = {"profiles:load", "profiles:load_plan", "profiles:load_progress"}


def test_every_form_that_changes_something_leaves_an_entry(visitors, client_of):
    """A route that takes a form is in one of the tables (test_methods), so none escapes this."""
    principal, latest = visitors["principal"], AuditEntry.objects.latest("pk").pk
    for name in [*sorted(FORMS.keys() - DRAFTS), "users:own_password"]:
        with undone():
            client_of(principal).post(url(name), form_of(name), REMOTE_ADDR="192.0.2.7")
            made = AuditEntry.objects.filter(pk__gt=latest)
            assert made, name
            for entry in made:
                assert (entry.actor, entry.operator) == (principal, principal.operator), name
                assert (entry.channel, entry.address) == ("web", "192.0.2.7"), name


RIGHTS = {"profiles:options", "profiles:roles", "profiles:copy", "profiles:validity"}


def test_an_entry_of_a_change_of_rights_holds_both_sides(visitors, client_of):
    latest = AuditEntry.objects.latest("pk").pk
    for name in sorted(RIGHTS):
        with undone():
            client_of(visitors["principal"]).post(url(name), form_of(name))
            made = AuditEntry.objects.filter(pk__gt=latest)
            assert made, name
            for entry in made:
                assert entry.before != entry.after, name
                assert entry.before or entry.after, name


def test_every_form_of_the_administration_leaves_an_entry(visitors, client_of):
    """Of accounts, staff's too, of operators, of groups and of the catalogue."""
    group = Group.objects.create(name="Mesa de ayuda")
    colleague = User.objects.create_user("colega", is_staff=True)
    catalogue = reading.read(CHANGED_CATALOG)
    changes = preview(catalogue, actor=acting(visitors["staff"]))
    claves = dict.fromkeys(("new_password1", "new_password2"), STAFF_PASSWORD)
    pages = {
        **admin_forms(visitors),
        f"/admin/auth/group/{group.pk}/change/": {"name": "Otra mesa"},
        f"/admin/auth/group/{group.pk}/delete/": {"post": "yes"},
        f"/admin/users/user/{colleague.pk}/change/": {
            "username": "colega",
            "state": "active",
            "is_superuser": "on",
        },
        f"/admin/users/user/{colleague.pk}/password/": claves,
        f"/admin/users/user/{visitors['secondary'].pk}/segundo-factor/": {},
        "/admin/profiles/option/importar/aplicar/": {
            "plan": plan_of(visitors["staff"], catalogue, changes)
        },
    }
    # A sign-in is no change: the log tells of it.
    del pages["/admin/login/"]
    silent, idle = [], set()
    for address, form in pages.items():
        # A change of the own password closes the other sessions.
        client = client_of(visitors["staff"])
        with undone():
            before = database()
            # With the button of a form, a list ignores its action.
            client.post(address, form if "action" in form else {**form, "_save": "1"})
            after = database()
            wrote = {model for model in after if after[model] != before[model]}
            if not wrote - {LogEntry}:
                idle.add(address)
            elif AuditEntry not in wrote:
                silent.append((address, wrote))
    assert silent == []
    own = f"/admin/users/user/{visitors['staff'].pk}/"
    # A file of the catalogue is only looked at, and one of exercises is not there.
    files = {"/admin/profiles/option/importar/", "/admin/profiles/exercise/add/"}
    assert idle == {f"{own}change/", f"{own}password/"} | files
