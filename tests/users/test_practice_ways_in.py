"""The ways to a practice company: the pages, the administration, the command."""

import json
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from operators.models import Operator
from operators.validators import draw_practice_ruc
from tests.administration import allow, errors
from tests.conftest import acting, field_errors, person, soup
from users.actions import accounts, passwords, practice
from users.history.recording import Actor
from users.models import AuditEntry, User

NEW, RESET = "/practica/nueva/", "/practica/inicio/"
ADMIN_LIST = "/admin/operators/operator/"
ADMIN_NEW = f"{ADMIN_LIST}practica/"
FORM = {"types": ["AGENTE_ADUANA"], "days": "7"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def catalog(small_catalog, staff):
    """The types that a company may have."""


@pytest.fixture
def company() -> practice.PracticeCompany:
    return practice.create(actor=Actor.server(), operator_types=["AGENTE_ADUANA"])


@pytest.fixture
def admin(client_of, staff):
    return client_of(staff)


# The page -----------------------------------------------------------------------------------------


def test_ingreso_leads_to_a_company_and_the_company_back_to_ingreso_filled_in(client):
    sign_in = soup(client.get("/ingresar/"))
    assert NEW in [link["href"] for link in sign_in.select(".sign-in-side a")]
    page = soup(client.post(NEW, FORM))
    operator = Operator.objects.get()
    ruc, username, password, *_ = [fact.text for fact in page.select(".facts dd")]
    assert (ruc, username) == (operator.ruc, "TITULAR1")
    filled = soup(client.get(page.select_one("main .btn-primary")["href"]))
    assert filled.select_one("#txtRuc")["value"] == ruc
    assert filled.select_one("#txtUsuario")["value"] == username
    signing_in = {"ruc": ruc, "username": username, "password": password}
    assert client.post("/ingresar/", signing_in, follow=True).status_code == 200
    assert operator.name in soup(client.get("/")).select_one(".company").text


def test_the_history_names_the_server_and_the_address_of_the_visitor(client):
    client.post(NEW, FORM, REMOTE_ADDR="192.0.2.7")
    entry = AuditEntry.objects.get(action="operator.created")
    assert (entry.actor.username, entry.channel, entry.address) == ("servidor", "web", "192.0.2.7")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("types", [], "Marque al menos un tipo de operador"),
        ("types", ["NADIE"], "No hay un tipo de operador «NADIE»"),
        *[("days", days, "Escriba de 1 a 30 días") for days in ("", "0", "31", "siete", "1.5")],
    ],
)
def test_a_wrong_value_is_said_beside_its_field_and_creates_nothing(client, field, value, sentence):
    response = client.post(NEW, {**FORM, field: value})
    assert response.status_code == 200
    summary = [item.text for item in soup(response).select(".error-summary li")]
    assert summary == [sentence]
    if field == "days":
        assert field_errors(response) == {"days": sentence}
    assert not Operator.objects.exists()


def test_the_same_form_sent_twice_creates_one_company_and_shows_it_twice(client):
    form = {**FORM, "creation_key": str(uuid4())}
    first, again = (soup(client.post(NEW, form)).select_one(".facts").text for _ in range(2))
    assert first == again
    assert Operator.objects.count() == 1


def test_the_same_form_shows_no_clave_once_the_company_has_another(client, client_of, staff):
    form = {**FORM, "creation_key": str(uuid4())}
    clave = soup(client.post(NEW, form)).select_one("#generated-password").text
    principal = User.objects.get(is_principal=True)
    passwords.reset_password(actor=acting(staff), user=principal, password="Otra20260")
    for answer in (client.post(NEW, form), client_of(staff).post(ADMIN_NEW, form)):
        assert answer.status_code == 200
        assert clave not in answer.content.decode()
        assert practice.CLAVE_CHANGED in answer.content.decode()
    assert Operator.objects.count() == 1


def test_a_hundred_companies_from_one_address_are_limited_and_other_addresses_are_not(
    client, settings, clock
):
    settings.PRACTICE_COMPANIES_PER_ADDRESS = 4
    key = str(uuid4())
    for number in range(4):
        assert client.post(NEW, {**FORM, "creation_key": key if number == 3 else ""}).context
    refused = client.post(NEW, FORM)
    assert refused.status_code == 429
    assert refused["Retry-After"] == str(15 * 60)
    (sentence,) = [item.text for item in soup(refused).select(".error-summary li")]
    assert sentence.endswith("Intente de nuevo en 15 minutos.")
    assert Operator.objects.count() == 4
    # What was created already is shown again, and a wrong form is not counted.
    assert client.post(NEW, {**FORM, "creation_key": key}).status_code == 200
    assert client.post(NEW, {**FORM, "days": "31"}).status_code == 200
    assert client.post(NEW, FORM, REMOTE_ADDR="192.0.2.8").status_code == 200
    clock.advance(minutes=15)
    assert client.post(NEW, FORM).status_code == 200


# The reset by its principal -----------------------------------------------------------------------


def test_the_principal_resets_the_company_after_a_page_that_says_what_goes(client_of, company):
    principal = company.principal
    accounts.create_secondary_user(
        actor=acting(principal), username="USADO001", password="Practica9", **person(90000012)
    )
    client, other = client_of(principal), client_of(principal)
    assert RESET in [link["href"] for link in soup(client.get("/")).select(".site-menu a")]
    assert "Se elimina su usuario secundario" in soup(client.get(RESET)).select_one("main").text
    response = client.post(RESET, follow=True)
    assert "La empresa está como al crearla" in soup(response).select_one("main").text
    assert company.operator.users.existing().get() == principal
    assert other.get("/").status_code == 302
    assert principal.check_password(company.password)


def test_the_principal_of_another_company_has_no_reset(client_of, principal):
    client = client_of(principal)
    assert RESET not in client.get("/").text
    for response in (client.get(RESET), client.post(RESET)):
        assert response.status_code == 403
        assert "Esta empresa no es de práctica propia: cree la suya en Ingreso." in response.text


# The administration -------------------------------------------------------------------------------


def test_staff_creates_a_practice_company_and_is_shown_its_clave(admin, client):
    tools = [link["href"] for link in soup(admin.get(ADMIN_LIST)).select(".object-tools a")]
    assert ADMIN_NEW in tools
    page = soup(admin.post(ADMIN_NEW, FORM))
    operator = Operator.objects.get()
    ruc, username, password, *_ = [fact.text for fact in page.select(".facts dd")]
    assert (ruc, username) == (operator.ruc, "TITULAR1")
    assert operator.users.get().check_password(password)
    entry = AuditEntry.objects.get(action="operator.created")
    assert (entry.actor.username, entry.channel) == ("admin", "admin")
    assert errors(admin.post(ADMIN_NEW, {**FORM, "days": "31"})) == {
        "days": ["Escriba de 1 a 30 días"]
    }


def last_days(admin) -> dict[str, str]:
    """Return what the list says of each operator, by its RUC: the first word."""
    rows = soup(admin.get(ADMIN_LIST)).select("#result_list tbody tr")
    return {
        row.select_one(".field-ruc").text: row.select_one(".field-practice").text.split()[0]
        for row in rows
    }


def test_staff_sees_the_last_day_and_resets_a_practice_company(
    client_of, staff, company, principal, clock
):
    admin = client_of(staff)
    change = f"{ADMIN_LIST}{company.operator.pk}/change/"
    reset = f"{ADMIN_LIST}{company.operator.pk}/inicio/"
    page = soup(admin.get(change))
    assert page.select_one(".field-practice .readonly").text.startswith("Hasta el ")
    assert reset in [link["href"] for link in page.select(".object-tools a")]
    accounts.create_secondary_user(
        actor=acting(company.principal),
        username="USADO001",
        password="Practica9",
        **person(90000012),
    )
    assert admin.get(reset).status_code == 200
    assert admin.post(reset).status_code == 302
    assert company.operator.users.existing().get() == company.principal
    others = f"{ADMIN_LIST}{principal.operator.pk}"
    assert "inicio/" not in admin.get(f"{others}/change/").text
    assert admin.post(f"{others}/inicio/").status_code == 403
    assert last_days(admin) == {company.operator.ruc: "Hasta", principal.operator.ruc: "No"}
    clock.advance(days=7)
    assert last_days(client_of(staff))[company.operator.ruc] == "Terminó"
    page = soup(client_of(staff).get(change))
    assert page.select_one(".field-practice .readonly").text.startswith("Terminó el ")
    assert page.select(".object-tools a[href*=estado], .object-tools a[href*=inicio]") == []


def test_each_page_of_staff_needs_its_permission(client_of, company):
    clerk = User.objects.create_user("clerk", is_staff=True)
    client = client_of(allow(clerk, "view_operator"))
    assert client.post(ADMIN_NEW, FORM).status_code == 403
    assert client.post(f"{ADMIN_LIST}{company.operator.pk}/inicio/").status_code == 403
    assert Operator.objects.count() == 1


# The command --------------------------------------------------------------------------------------


@pytest.fixture
def run(capsys):
    """run(*arguments) runs the command and returns its output."""

    def call(*arguments: str) -> str:
        call_command("practice_company", *arguments)
        return capsys.readouterr().out

    return call


def test_the_command_creates_a_company_and_prints_it_in_words_or_as_json(run):
    printed = json.loads(
        run("create", "--type", "TRANSPORTISTA", "--type", "AGENTE_ADUANA", "--days", "1", "--json")
    )
    operator = Operator.objects.get()
    assert operator.users.get().check_password(printed.pop("password"))
    assert printed == {
        "ruc": operator.ruc,
        "name": operator.name,
        "types": ["AGENTE_ADUANA", "TRANSPORTISTA"],
        "username": "TITULAR1",
        "expires_on": timezone.localdate().isoformat(),
    }
    words = run("create", "--type", "AGENTE_ADUANA")
    assert f"RUC {Operator.objects.latest('pk').ruc}, usuario TITULAR1, clave " in words
    assert AuditEntry.objects.filter(action="operator.created", channel="command").count() == 2


def test_the_command_says_what_is_wrong_and_creates_nothing(run):
    for arguments, sentence in {
        ("--type", "NADIE"): "No hay un tipo de operador «NADIE»",
        (): "Marque al menos un tipo de operador",
        ("--type", "AGENTE_ADUANA", "--days", "0"): "Escriba de 1 a 30 días",
        ("--type", "AGENTE_ADUANA", "--days", "siete"): "Escriba de 1 a 30 días",
    }.items():
        with pytest.raises(CommandError, match=sentence):
            run("create", *arguments)
    assert not Operator.objects.exists()


def test_the_command_resets_a_company_and_gives_another_clave_when_asked(run, company):
    def principal():
        return company.operator.users.get()

    assert "está como al crearla" in run("reset", "--ruc", company.operator.ruc)
    assert principal().check_password(company.password)
    clave = run("reset", "--ruc", company.operator.ruc, "--new-password").split()[-1]
    assert principal().check_password(clave)
    assert not principal().must_change_password


def test_the_command_closes_what_has_ended_or_the_company_that_it_names(run, company, clock):
    practice.create(actor=Actor.server(), operator_types=["AGENTE_ADUANA"], days=1)
    clock.advance(days=2)
    assert run("close") == "Empresas de práctica cerradas: 1.\n"
    assert run("close", "--ruc", company.operator.ruc).endswith("se cerró.\n")
    assert run("close", "--ruc", company.operator.ruc).endswith("ya estaba cerrada.\n")
    assert run("close") == "Empresas de práctica cerradas: 0.\n"


def test_the_command_refuses_a_ruc_that_is_of_no_practice_company(run, principal):
    for act in ("reset", "close"):
        with pytest.raises(CommandError, match="no es de práctica propia"):
            run(act, "--ruc", principal.operator.ruc)
        with pytest.raises(CommandError, match="No hay un operador con RUC"):
            run(act, "--ruc", draw_practice_ruc())


# A real installation ------------------------------------------------------------------------------


def test_the_administration_of_a_real_installation_answers_404(admin, company, settings):
    settings.DEMO = False
    for address in (ADMIN_NEW, f"{ADMIN_LIST}{company.operator.pk}/inicio/"):
        for response in (admin.get(address), admin.post(address, FORM)):
            assert response.status_code == 404


def test_a_real_installation_creates_no_company_by_page_or_command(settings, client, run, company):
    settings.DEMO = False
    assert NEW not in client.get("/ingresar/").text
    for arguments in (["create", "--type", "AGENTE_ADUANA"], ["close"]):
        with pytest.raises(CommandError, match="DEMO=true"):
            run(*arguments)
    assert Operator.objects.count() == 1
