"""The practice data: loaded, loaded again, and reset to the starting state."""

import re

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from operators.models import Operator
from operators.validators import validate_ruc
from portal import demo
from profiles.actions.grants import assign_options, assign_roles
from tests.conftest import Telephone, acting, person, soup
from users.actions import accounts, operators, passwords
from users.history.recording import Actor
from users.models import AuditEntry, User

PRACTICE = {
    "20999999019": ["TRANSPORTISTA"],
    "20999999027": ["AGENTE_CARGA"],
    "20999999035": ["DEPOSITO_TEMPORAL"],
    "20999999043": ["AGENTE_ADUANA"],
    "20999999051": ["PROVEEDOR_SOFTWARE"],
    "20000000001": ["TRANSPORTISTA", "AGENTE_ADUANA"],
}
STAFF = re.compile(r"^Personal para /admin/: (\S+), clave (\S+)$", re.MULTILINE)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def demo_installation(settings):
    settings.DEMO = True


@pytest.fixture
def load(capsys):
    """load(*arguments) runs the command and returns its output."""

    def run(*arguments: str) -> str:
        call_command("load_demo", *arguments)
        return capsys.readouterr().out

    return run


@pytest.fixture
def loaded(load) -> str:
    return load()


def all_rows() -> dict[str, list[tuple]]:
    return {
        model._meta.label: list(model._base_manager.order_by("pk").values_list())
        for model in apps.get_models(include_auto_created=True)
    }


def state() -> list:
    """Return the practice operators and users without keys, dates, hashes and history."""
    return [
        (
            operator.ruc,
            operator.name,
            operator.is_active,
            sorted(operator.operator_types.values_list("code", flat=True)),
            [
                (
                    *(user.username, user.state, user.is_principal, user.email),
                    *(user.document_type, user.document_number, user.first_name, user.last_name),
                    sorted(user.option_grants.values_list("option_id", flat=True)),
                    sorted(user.role_grants.values_list("role_id", flat=True)),
                )
                for user in operator.users.existing().order_by("username")
            ],
        )
        for operator in Operator.objects.filter(ruc__in=PRACTICE).order_by("ruc")
    ]


def account(ruc: str, username: str) -> User:
    return User.objects.get(operator__ruc=ruc, username=username)


def signs_in(ruc: str, username: str, password: str) -> bool:
    """Return whether the account signs in through the page, CSRF token included."""
    browser = Client(enforce_csrf_checks=True)
    token = soup(browser.get("/ingresar/")).select_one("[name=csrfmiddlewaretoken]")["value"]
    response = browser.post(
        "/ingresar/",
        {"ruc": ruc, "username": username, "password": password, "csrfmiddlewaretoken": token},
        follow=True,
    )
    assert response.status_code == 200
    return response.context["user"].is_authenticated and soup(response).h1.text == (
        "Comunidad del Operador"
    )


# What it loads ----------------------------------------------------------------------------------


def test_the_practice_operators_are_these_six_with_these_types_in_this_order(loaded):
    assert [operator["ruc"] for operator in demo.operators()] == list(PRACTICE)
    types = {
        operator.ruc: [row.code for row in operator.operator_types.order_by("position")]
        for operator in Operator.objects.all()
    }
    assert types == PRACTICE


def test_each_account_that_is_printed_signs_in_unless_it_is_suspended(loaded):
    for ruc in PRACTICE:
        assert account(ruc, "TITULAR1").is_principal
        assert not signs_in(ruc, "TITULAR1", "Practica2027")
    printed = re.findall(r"^  (\d{11})  (\S+)  (\S+)  \S", loaded, re.MULTILINE)
    assert len(printed) == User.objects.of_operators().count() == 11
    refused = [account for account in printed if not signs_in(*account)]
    assert refused == [("20999999043", "JSOTELO1", "Practica04")]
    assert {(ruc, "TITULAR1", "Practica2026") for ruc in PRACTICE} < set(printed)
    assert ("20000000001", "MODDATOS", "moddatos") in printed
    assert not account("20000000001", "MODDATOS").is_principal


def test_every_operator_and_person_passes_its_own_rules(loaded):
    for operator in Operator.objects.all():
        validate_ruc(operator.ruc)
        operator.full_clean()
    for user in User.objects.of_operators():
        before = {field.name: getattr(user, field.name) for field in User._meta.concrete_fields}
        user.full_clean()
        assert {name: getattr(user, name) for name in before} == before  # nothing to put right


def test_every_practice_password_but_the_seeded_one_follows_the_rule():
    breaking = [
        row["username"]
        for operator in demo.data()["operators"]
        for row in [demo.data()["principal"], *operator.get("secondary_users", [])]
        if not (8 <= len(row["password"]) <= 12 and re.search(r"[0-9]", row["password"]))
    ]
    assert breaking == ["MODDATOS"]


def test_each_state_worth_practising_exists(loaded, subtests):
    cases = [
        ("LMAMANI1", False, False, "active"),
        ("PROJAS01", True, False, "active"),
        ("CVALDEZ1", True, True, "active"),
        ("JSOTELO1", True, True, "suspended"),
    ]
    for username, has_options, has_roles, user_state in cases:
        with subtests.test(
            username=username, has_options=has_options, has_roles=has_roles, user_state=user_state
        ):
            user = account("20999999043", username)
            assert (user.option_grants.exists(), user.role_grants.exists()) == (
                has_options,
                has_roles,
            )
            assert user.state == user_state


def test_a_document_other_than_the_dni_is_among_them(loaded):
    types = set(User.objects.of_operators().values_list("document_type", flat=True))
    assert types == {"1", "4"}


def test_each_practice_account_has_the_grants_of_the_practice_data(loaded):
    promised = {
        (operator["ruc"], row["username"]): (row.get("options", 0), row.get("roles", 0))
        for operator in demo.data()["operators"]
        for row in operator.get("secondary_users", [])
    }
    assert promised
    for (ruc, username), counts in promised.items():
        user = account(ruc, username)
        assert (user.option_grants.count(), user.role_grants.count()) == counts


# Staff ------------------------------------------------------------------------------------------


def test_the_staff_clave_is_printed_once_and_opens_the_administration(load):
    username, password = STAFF.search(load()).groups()
    assert not STAFF.search(load())
    assert not STAFF.search(load("--reset"))
    browser = Client()
    response = browser.post(
        "/admin/login/?next=/admin/", {"username": username, "password": password}, follow=True
    )
    assert response.status_code == 200
    assert response.request["PATH_INFO"] == "/admin/"
    assert response.context["user"].is_superuser


def test_an_existing_staff_account_keeps_its_password(load, staff):
    printed = load()
    assert not STAFF.search(printed)
    assert "Para poner otra: DEMO=true .venv/bin/python manage.py changepassword admin" in printed
    staff.refresh_from_db()
    assert staff.check_password("una-clave-larga-de-personal")
    assert User.objects.staff().existing().count() == 1


def test_an_interrupted_first_run_leaves_no_staff_account_of_unknown_password(load, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("portal.management.commands.load_demo.Command.load_operator", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load()
    assert not User.objects.existing().exists()
    assert STAFF.search(load())


# What it prints ---------------------------------------------------------------------------------


def test_each_step_is_announced_and_the_accounts_end_in_one_block(load):
    names = [operator["name"] for operator in demo.operators()]
    steps, block = load().split("\n\n")
    catalog = "Cargando el catálogo de perfiles, roles y opciones…"
    assert steps.splitlines() == [catalog, *(f"Creando {name}…" for name in names)]
    assert block.startswith("Cuentas de práctica")
    assert STAFF.search(block)
    assert load().split("\n\n")[0] == catalog
    again = [catalog, *(f"Devolviendo a su inicio {name}…" for name in names)]
    assert load("--reset").split("\n\n")[0].splitlines() == again


# Again ------------------------------------------------------------------------------------------


def test_loading_the_demo_again_changes_no_row(load):
    load()
    before = all_rows()
    load()
    assert all_rows() == before


def change_everything(ruc: str) -> None:
    """Change what can be changed at one operator, through the actions of the screens."""
    staff = Actor(User.objects.staff().existing().get(), AuditEntry.Channel.ADMIN)
    principal = account(ruc, "TITULAR1")
    new = accounts.create_secondary_user(
        actor=acting(principal), username="NUEVO001", password="Practica9", **person(90000099)
    )
    code = principal.operator.operator_types.first().options.first().code
    assign_options(actor=acting(principal), user=new, codes=[code], seen=[])
    for user in principal.operator.users.secondary():
        roles = user.role_grants.values_list("role_id", flat=True)
        assign_roles(actor=acting(principal), user=user, codes=[], seen=list(roles))
        passwords.reset_password(actor=acting(principal), user=user, password="Cambiada1")
        accounts.eliminate_user(actor=acting(principal), user=user)
    passwords.reset_password(actor=staff, user=principal, password="Cambiada1")
    Telephone(principal)
    operators.change_operator(
        actor=staff,
        operator=principal.operator,
        name="Otro Nombre",
        operator_types=["PROVEEDOR_SOFTWARE"],
        is_active=False,
    )


def test_loading_the_demo_again_keeps_what_was_changed(load):
    load()
    change_everything("20999999043")
    before = all_rows()
    load()
    assert all_rows() == before


def test_reset_returns_the_practice_operators_to_the_start(load):
    load()
    start = state()
    for ruc in PRACTICE:
        change_everything(ruc)
    assert state() != start
    load("--reset")
    assert state() == start
    for ruc in PRACTICE:
        assert signs_in(ruc, "TITULAR1", "Practica2026")
    assert signs_in("20000000001", "MODDATOS", "moddatos")


def test_reset_leaves_other_operators_and_staff_alone(load):
    load()
    staff = Actor(User.objects.staff().existing().get(), AuditEntry.Channel.ADMIN)
    other = operators.create_operator(
        actor=staff,
        ruc="20999999060",
        name="Empresa Ajena de Práctica",
        operator_types=["AGENTE_ADUANA"],
        username="TITULAR1",
        password="Practica2026",
        **person(90000098),
    )
    user = accounts.create_secondary_user(
        actor=acting(other.users.get()),
        username="AJENO001",
        password="Practica2026",
        **person(90000097),
    )
    code = other.operator_types.first().options.first().code
    assign_options(
        actor=acting(other.users.get(is_principal=True)), user=user, codes=[code], seen=[]
    )

    def others() -> dict[str, list[tuple]]:
        return {
            "operator": list(Operator.objects.filter(pk=other.pk).values_list()),
            "users": list(User.objects.exclude(operator__ruc__in=PRACTICE).values_list()),
            "grants": list(user.option_grants.values_list()),
            "entries": list(AuditEntry.objects.filter(operator=other).values_list()),
        }

    before = others()
    assert all(before.values())
    load("--reset")
    assert others() == before


def test_outside_a_practice_installation_nothing_is_written(load, settings, subtests):
    for arguments in [[], ["--reset"]]:
        with subtests.test(arguments=arguments):
            settings.DEMO = False
            before = all_rows()
            with pytest.raises(CommandError, match="solo se cargan con DEMO=true"):
                load(*arguments)
            assert all_rows() == before
            assert not Operator.objects.exists()


def test_reset_is_refused_without_demo_after_the_data_were_loaded(load, settings):
    load()
    before = all_rows()
    settings.DEMO = False
    with pytest.raises(CommandError):
        load("--reset")
    assert all_rows() == before
