"""Between two companies nothing passes: no text to be read, no identifier to be used."""

import json
from io import BytesIO
from urllib.parse import urlencode

import pytest
from django.db import models
from django.urls import reverse

from operators.models import Operator
from profiles.actions.grants import assign_options
from profiles.actions.templates import save_template
from profiles.load import files
from profiles.load.actions import make_plan
from profiles.models import AccessTemplate, LoadPlan, OptionGrant, RoleGrant
from tests.conftest import PASSWORD, Telephone, acting, fail_to_sign_in, person, soup
from tests.routes import (
    FORMS,
    FORMS_OF_EVERYBODY,
    MATRIX,
    SAMPLES,
    converters,
    database,
    form_of,
    url,
)
from tests.walking import content, undone, walk
from users.actions import accounts
from users.actions.accounts import PERSON_FIELDS
from users.models import AuditEntry, Session, User
from users.signin.unsent import OWNER_FIELD, owner_token

# Company A is the one of ``visitors["principal"]``, with canaries in every text that it holds;
# company B is the one of ``visitors["stranger"]``.
# Long enough for no token or number of a request to hold it by chance.
CANARY = "ZORQX7"
SEARCHED = "zorzal"

# Text that a rule of the database or of the code keeps from holding anything else.
NOT_FREE = {
    "Operator.ruc": "eleven digits",
    "User.password": "a hash, which no page shows",
    "User.state": "one of three",
    "User.document_type": "a code of the catalogue of documents",
    "User.search_text": "made of the others",
    "Operator.fault": "one of three",
    "AuditEntry.action": "one of those that there are",
    "AuditEntry.channel": "one of three",
    "AuditEntry.address": "an address",
    "Session.session_key": "random",
    "Session.session_data": "signed",
    "Session.address": "an address",
}
OF_A_COMPANY = {
    Operator: lambda a: Operator.objects.filter(pk=a.operator_id),
    User: lambda a: User.objects.filter(operator=a.operator_id),
    AccessTemplate: lambda a: AccessTemplate.objects.filter(operator=a.operator_id),
    AuditEntry: lambda a: AuditEntry.objects.filter(operator=a.operator_id),
    Session: lambda a: Session.objects.filter(user__operator=a.operator_id),
}


def texts(model) -> list[models.Field]:
    kinds = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField)
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, kinds) and f"{model.__name__}.{field.name}" not in NOT_FREE
    ]


def canary(field: models.Field, number: int, held):
    if isinstance(field, models.JSONField):
        # What is read back from an entry, such as a state, stays what it is.
        names = {*PERSON_FIELDS, "name"} - {"document_type"}
        texts = dict.fromkeys(names & held.keys(), f"{SEARCHED}{CANARY}")
        return {**held, **texts, f"{SEARCHED}{CANARY}": f"{SEARCHED}{CANARY}"}
    if field.name == "username":
        return f"{CANARY}{number:02}"
    if field.name == "document_number":
        return f"{CANARY}{number:02}"
    return f"{SEARCHED}{CANARY}{number}"


@pytest.fixture
def companies(visitors, unprotected_history, client_of):
    """A and B; every text of A is a canary."""
    a, b = visitors["principal"], visitors["stranger"]
    b_secondary = accounts.create_secondary_user(
        actor=acting(b), username="AJENO001", password=PASSWORD, **person(90000003)
    )
    assign_options(actor=acting(b), user=b_secondary, codes=["11.9.1.1.2"], seen=[])
    save_template(actor=acting(b), name="De B", options=["11.9.1.1.2"], roles=[])
    a.operator.users.update(document_type="")
    for model, rows in OF_A_COMPANY.items():
        for number, row in enumerate(rows(a)):
            facts = {f.name: canary(f, number, getattr(row, f.name)) for f in texts(model)}
            model.objects.filter(pk=row.pk).update(**facts)
    for user in a.operator.users.all():
        user.save()
    return {"a": a, "b": b, "b_secondary": b_secondary}


def test_the_canaries_are_there_to_be_seen(companies, client_of):
    """Or not seeing them would prove nothing."""
    seen = b"".join(content(response) for _, response in walk(client_of(companies["a"]), "/"))
    for field in ("username", "first_name", "last_name", "email", "document_number"):
        assert str(getattr(companies["a"].operator.users.first(), field)).encode() in seen
    assert f"{SEARCHED}{CANARY}".encode() in seen


def searches() -> list[str]:
    """Every list of B, searched for what A is called, in every order, and as a file."""
    found = []
    for name in ("profiles:user_list", "profiles:access_table", "profiles:history", "portal:home"):
        for field in ("texto", "opcion", "rol", "estado", "usuario", "orden", "accion", "despues"):
            for value in (SEARCHED, "ZOR", "%", "_", "", "eliminated", "ninguno", "-nombre"):
                for form in ({}, {"formato": "csv"}):
                    found.append(f"{reverse(name)}?{urlencode({field: value, **form})}")
    return found


@pytest.mark.parametrize("visitor", ["b", "b_secondary", None])
def test_nothing_of_a_company_is_ever_seen_by_another(visitor, companies, client_of, monkeypatch):
    a, client = companies["a"], client_of(companies.get(visitor))
    victim = a.operator.users.filter(is_principal=False).first()
    monkeypatch.setitem(SAMPLES, "username", victim.username)
    of_a = [url(name) for name in MATRIX]
    sent = {name: form_of(name) for name in (*FORMS, *FORMS_OF_EVERYBODY)}
    pages = {address: content(response) for address, response in walk(client, "/", *searches())}
    for name, address in zip(MATRIX, of_a, strict=True):
        # A constancia tells the name of the company to everybody who has its number.
        if name not in ("users:sign_out", "exercises:certificate"):
            pages[address] = content(client.get(address))
            pages[f"POST {address}"] = content(client.post(address, sent.get(name, {})))
    for address in ("/no-existe/", "/usuarios/?pagina=%00", "/salir/"):
        pages[address] = content(client.get(address))
    leaks = {
        address
        for address, page in pages.items()
        # The page repeats what stands in its own address.
        if CANARY.encode() in page.replace(address.removeprefix("POST ").encode(), b"")
    }
    assert leaks == set()
    assert len(pages) > 100


# Identifiers of A, sent by B ----------------------------------------------------------------------


def foreign_values(a: User, b: User) -> dict[str, list[str]]:
    """What each field that names something is given, field by field."""
    victim = a.operator.users.get(username="JPEREZ01")
    template = AccessTemplate.objects.get(operator=a.operator)
    of_the_other_type = ["90.1.1.1.1", "NSIGAD.AGENTEADUANA.DESPACHO"]
    return {
        "subject": [str(victim.pk), str(a.pk)],
        OWNER_FIELD: [owner_token(a), owner_token(victim)],
        "creation_key": [str(victim.creation_key)],
        "desde": [victim.username, a.username],
        "plantilla": [str(template.pk)],
        "template": [str(template.pk)],
        "option": of_the_other_type,
        # The buttons that mark, and unmark, all options of a folder.
        "mark": ["90.1", *of_the_other_type],
        "unmark": ["90.1", *of_the_other_type],
        "remove": of_the_other_type,
        "role": of_the_other_type,
        "wanted": [json.dumps({"options": of_the_other_type[:1], "roles": of_the_other_type[1:]})],
        "seen": of_the_other_type,
        "seen_options": of_the_other_type,
        "seen_roles": of_the_other_type,
        "options": of_the_other_type,
        "roles": of_the_other_type,
    }


# Fields that name nothing of anybody's.
PLAIN = {
    *("document_type", "document_number", "first_name", "last_name", "email", "username"),
    *("password1", "password2", "current_password", "change", "valid_from", "valid_until", "way"),
    *(
        "amount",
        "unit",
        "delay",
        "cambio",
        "do",
        "modo",
        "name",
        "query",
        "profile",
        "open",
        "csrfmiddlewaretoken",
        "start",
    ),
    *("file", "desde_todo", "hasta_todo", "fill"),
}


@pytest.fixture
def two(visitors):
    a, b = visitors["principal"], visitors["stranger"]
    own = accounts.create_secondary_user(
        actor=acting(b), username="AJENO001", password=PASSWORD, **person(90000003)
    )
    accounts.create_secondary_user(
        actor=acting(b), username="AJENO002", password=PASSWORD, **person(90000004)
    )
    Telephone(own)  # a second factor that can be taken away
    fail_to_sign_in(own)  # a lock that can be lifted
    # The last change, which can be taken back.
    assign_options(actor=acting(b), user=own, codes=["11.9.1.1.2"], seen=[])
    template = save_template(actor=acting(b), name="De B", options=["11.9.1.1.2"], roles=[])
    make_plan(
        actor=acting(b),
        operator=b.operator,
        sheet=files.read(BytesIO(b"Usuario,Nombres\nAJENO001,Otra")),
        file_name="usuarios.csv",
    )
    User.objects.filter(username="JPEREZ01").update(
        creation_key="6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    )
    return a, b, template


def own_url(name: str, template: AccessTemplate) -> str:
    plan = LoadPlan.objects.filter(operator=template.operator).first()
    samples = {
        "username": "AJENO001",
        "pk": template.pk,
        "plan": plan.pk,
        "code": "11.9.1.1.2",
        "slug": "de-prueba",
    }
    return reverse(name, kwargs={key: samples[key] for key in converters(name)})


def names_in(page) -> set[str]:
    return {control["name"].partition(":")[0] for control in page.select("main [name]")}


def test_every_field_of_every_form_is_known_to_name_something_or_nothing(two, client_of):
    """A new field fails here until it is said what a foreign value of it would be."""
    a, b, template = two
    client, known = client_of(b), {*PLAIN, *foreign_values(a, b), "hasta"}
    # What is chosen first, on screens that show their form only then.
    chosen = {
        "profiles:copy": {"plantilla": template.pk, "modo": "reemplazar"},
        "users:change_states": {"cambio": "suspend", "usuario": "AJENO001"},
    }
    shown = {}
    for name in FORMS:
        page = soup(client.get(own_url(name, template), chosen.get(name)))
        for form in page.select("main form[method=get]"):
            form.decompose()
        shown[name] = names_in(page)
    assert {name: fields - known for name, fields in shown.items() if fields - known} == {}
    # The button of one stands on the page of the user; no load of theirs is half done.
    without = {"users:close_sessions", "profiles:load_progress"}
    assert {name for name, fields in shown.items() if not fields} == without


def of_company(operator_id: int) -> dict:
    """All rows of one company, and of what its users were given."""
    users = User.objects.filter(operator=operator_id)
    tables = [
        Operator.objects.filter(pk=operator_id),
        users,
        AccessTemplate.objects.filter(operator=operator_id),
        AuditEntry.objects.filter(operator=operator_id),
        OptionGrant.objects.filter(user__in=users),
        RoleGrant.objects.filter(user__in=users),
    ]
    return {rows.model: sorted(map(repr, rows.values_list())) for rows in tables}


def test_a_foreign_identifier_in_any_field_saves_nothing_of_the_other_company(two, client_of):
    a, b, template = two
    client, before, given = client_of(b), of_company(a.operator_id), foreign_values(a, b)
    # Nor does anything that B is not offered reach one of its users.
    of_b = OptionGrant.objects.filter(user__operator=b.operator_id, option__code="90.1.1.1.1")
    for name in FORMS:
        form = {**form_of(name), "username": "NUEVO001", "document_number": "90000123"}
        address = own_url(name, template)
        with undone():
            for field, values in given.items():
                for value in values:
                    response = client.post(address, {**form, field: value})
                    tried = (name, field, value)
                    assert response.status_code in (200, 302, 400, 404, 409), tried
                    assert of_company(a.operator_id) == before, tried
            assert not of_b.exists(), name
            assert not RoleGrant.objects.filter(user__operator=b.operator_id).exists(), name


# Of each field that names something, the forms that have it.
REFUSING = {
    "subject": [name for name in FORMS if "username" in converters(name)],
    "desde": ["profiles:copy"],
    "plantilla": ["profiles:copy"],
    "option": [
        "profiles:options",
        "profiles:wizard_options",
        "profiles:template_new",
        "profiles:template_edit",
    ],
    "role": ["profiles:roles", "profiles:template_new"],
}


def test_a_foreign_identifier_is_refused_as_an_error_of_the_form(two, client_of):
    a, b, template = two
    client, given, before = client_of(b), foreign_values(a, b), database()
    for field, names in REFUSING.items():
        for name in names:
            for value in given[field]:
                tried = (name, field, value)
                form = {**form_of(name), field: value}
                if field == "plantilla":
                    del form["desde"]
                response = client.post(own_url(name, template), form)
                assert response.status_code in ({404} if field == "subject" else {200, 400}), tried
                if response.status_code == 200:
                    assert soup(response).select(".error-summary, .error"), tried
                assert database() == before, tried


def test_the_same_addresses_with_ones_own_identifiers_do_save(two, client_of):
    """Or the refusals above would prove nothing."""
    _, b, template = two
    user = User.objects.get(username="AJENO001")
    form = {"role": "NSIGAD.TRANSPORTISTA.TRANSMISOR", "subject": str(user.pk)}
    assert client_of(b).post(own_url("profiles:roles", template), form).status_code == 302
    assert user.role_grants.count() == 1


def test_a_wizard_state_of_another_company_leads_nowhere(two, client_of):
    """The page of step 2 with everything of A's form, sent by B to B's user of the same name."""
    _, b, _ = two
    of_a = User.objects.get(username="JPEREZ01")
    accounts.create_secondary_user(
        actor=acting(b), username="JPEREZ01", password=PASSWORD, **person(90000005)
    )
    form = {"do": "save", "option": "11.9.1.1.1", "seen": '["11.9.1.1.2"]', "subject": str(of_a.pk)}
    client = client_of(b)
    before = database()
    response = client.post("/usuarios/nuevo/JPEREZ01/perfiles/", form)
    assert response.status_code == 404
    assert database() == before
    assert OptionGrant.objects.filter(user=of_a).count() == 1
