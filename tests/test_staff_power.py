"""No permission of staff leads to another one: each is tried alone against every form."""

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission

from operators.models import Operator, OperatorType
from profiles.models import AccessTemplate, LoadPlan, LoadRow, Option, OptionGrant, Profile, Role
from tests.administration import STAFF_PASSWORD, admin_forms
from tests.conftest import Telephone, fail_to_sign_in
from tests.routes import FORMS, form_of, url
from tests.walking import undone
from users.models import AuditEntry, FailureCount, RecoveryCode, SecondFactor, Session, User
from users.signin import throttle

CLERK_PASSWORD = "clave-larga-de-la-mesa"

# What each permission is for: the tables that its forms write, with the entries that they leave.
# Every other permission writes nothing.
WRITES = {
    # Restablecer clave, suspender, desbloquear, cerrar sesiones, quitar el segundo factor.
    "users.change_user": {User, FailureCount, SecondFactor, RecoveryCode},
    # The name, the types, the principal, the clock, the reset of a practice company.
    "operators.change_operator": {
        *(Operator, User, FailureCount, SecondFactor, RecoveryCode),
        *(AccessTemplate, AccessTemplate.options.through, LoadPlan, LoadRow),
    },
    # An operator is opened with its principal.
    "operators.add_operator": {Operator, Operator.operator_types.through, User},
    "operators.change_operatortype": {OperatorType},
    "profiles.add_profile": {Profile},
    "profiles.change_role": {Role},
    "profiles.change_option": {Option},
}
ENTRIES = {AuditEntry, LogEntry}


def permissions() -> list[tuple[int, str]]:
    rows = Permission.objects.values_list("pk", "content_type__app_label", "codename")
    return [(pk, f"{app}.{codename}") for pk, app, codename in rows]


def tables() -> dict:
    return {
        model: {repr(row) for row in model._base_manager.values_list()}
        for model in apps.get_models(include_auto_created=True)
        if model is not Session
    }


@pytest.fixture
def office(visitors, clock, client_of):
    """A clerk in a group, a colleague and a superuser with a second factor, a lock and a session."""
    clerk = User.objects.create_user("clerk", password=CLERK_PASSWORD, is_staff=True)
    group = Group.objects.create(name="Mesa de ayuda")
    clerk.groups.add(group)
    colleague = User.objects.create_user("colega", is_staff=True)
    for user in (visitors["staff"], colleague):
        Telephone(user)
        fail_to_sign_in(user)
        client_of(user)
    return {**visitors, "clerk": clerk, "group": group, "staff_colleague": colleague}


def attempts(office) -> list[tuple[str, dict]]:
    """Every form of the administration, sent with all that would give power."""
    # Which the forms offer: with any other one, a form would be refused for its value.
    two = [
        *Permission.objects.filter(codename__in=["view_user", "view_operator"]).values_list(
            "pk", flat=True
        )
    ]
    powers = {
        **dict.fromkeys(("is_superuser", "is_staff", "is_principal", "is_active"), "on"),
        "user_permissions": two,
        "permissions": two,
        "groups": [office["group"].pk],
    }
    claves = dict.fromkeys(("new_password1", "new_password2"), STAFF_PASSWORD)
    users, group = "/admin/users/user/", f"/admin/auth/group/{office['group'].pk}/"
    accounts = [office[who] for who in ("clerk", "staff", "staff_colleague", "principal")]
    entry, log = AuditEntry.objects.first(), LogEntry._meta
    marked = {"_selected_action": [user.pk for user in accounts], "confirmed": "yes", "index": "0"}
    forms = [
        # The sign-in gives what it gives to everybody, and the own password is each one's own.
        *(
            (address, form)
            for address, form in admin_forms(office).items()
            if address not in ("/admin/login/", "/admin/password_change/")
        ),
        (f"{group}change/", {"name": "Mesa de ayuda"}),
        (f"{group}delete/", {"post": "yes"}),
        ("/admin/auth/group/", {"action": "delete_selected", "post": "yes", **marked}),
        (f"/admin/users/auditentry/{entry.pk}/change/", {"action": "otra"}),
        (f"/admin/users/auditentry/{entry.pk}/delete/", {"post": "yes"}),
        ("/admin/users/auditentry/add/", {"action": "otra"}),
        (f"/admin/{log.app_label}/{log.model_name}/add/", {"object_repr": "otra"}),
        (f"/admin/profiles/optiongrant/{OptionGrant.objects.first().pk}/delete/", {"post": "yes"}),
        ("/admin/profiles/optiongrant/add/", {"user": office["secondary"].pk}),
    ]
    for user in accounts:
        page = f"{users}{user.pk}/"
        forms += [
            (f"{page}change/", {"username": user.username, "state": "active"}),
            (f"{page}password/", claves),
            (f"{page}segundo-factor/", {}),
            (f"{page}delete/", {"post": "yes"}),
        ]
    for action in ("unlock", "close_sessions", "reactivate", "suspend", "eliminate"):
        forms.append((users, {"action": action, **marked}))
    # With the button of a form, a list ignores its action.
    return [
        (address, {**powers, **form, **({} if "action" in form else {"_save": "1"})})
        for address, form in forms
    ]


def power() -> dict:
    """What gives power to staff, and what keeps others from it."""
    staff = User.objects.staff()
    return {
        "accounts": [*staff.order_by("pk").values_list("pk", "password", "is_superuser", "state")],
        "groups": [*User.groups.through.objects.values_list().order_by("pk")],
        "own": [*User.user_permissions.through.objects.values_list().order_by("pk")],
        "of groups": [*Group.permissions.through.objects.values_list().order_by("pk")],
        "names": [*Group.objects.values_list().order_by("pk")],
        "second factors": [
            *SecondFactor.objects.filter(user__in=staff).order_by("pk").values_list()
        ],
        "locks": throttle.locks_of(staff),
        "sessions": [*Session.objects.filter(user__in=staff).order_by("pk").values_list("pk")],
    }


def written(office, client_of, codes: set[str]) -> set:
    """Return the tables that staff with these permissions writes; none of them gives it power."""
    office["clerk"].user_permissions.set([pk for pk, code in permissions() if code in codes])
    client, known, before = client_of(office["clerk"]), power(), tables()
    with undone():
        for address, form in attempts(office):
            client.post(address, form)
            assert power() == known, (codes, address)
        after = tables()
    for model in ENTRIES:
        assert before[model] <= after[model], (codes, "rewrote", model)
    return {model for model in after if after[model] != before[model]} - ENTRIES


def test_a_superuser_changes_everything_that_gives_power_by_these_forms(office, client_of):
    """Or it would prove nothing that others change none of it by them."""
    client, known, changed = client_of(office["staff"]), power(), set()
    for address, form in attempts(office):
        with undone():
            client.post(address, form)
            changed |= {kind for kind, rows in power().items() if rows != known[kind]}
    assert changed == known.keys()


def test_a_single_permission_writes_its_own_tables_and_gives_no_other_power(office, client_of):
    assert {code: written(office, client_of, {code}) for code in WRITES} == WRITES


def test_every_other_permission_writes_nothing(office, client_of):
    """All of them together: a permission takes nothing away, so none of them alone writes."""
    others = {code for _, code in permissions()} - WRITES.keys()
    assert len(others) > 50
    assert written(office, client_of, others) == set()


def test_staff_with_every_permission_is_no_superuser(office, client_of):
    clerk = office["clerk"]
    clerk.user_permissions.set(Permission.objects.all())
    client, known = client_of(clerk), power()
    for address, form in attempts(office):
        client.post(address, form)
        assert power() == known, address


def test_staff_with_every_permission_does_nothing_in_the_portal(office, client_of):
    clerk = office["clerk"]
    clerk.user_permissions.set(Permission.objects.all())
    client, before = client_of(clerk), tables()
    for name in FORMS:
        client.post(url(name), form_of(name))
    assert tables() == before
