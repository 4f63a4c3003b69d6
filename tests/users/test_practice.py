"""Practice companies: created on demand, reset to the state of their birth, closed after their end."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from operators import validators
from operators.models import Operator
from operators.validators import draw_practice_ruc, validate_ruc
from portal import demo
from profiles.access.reasons import Reason
from profiles.access.verdict import Holdings
from profiles.actions.grants import assign_options
from profiles.actions.templates import save_template
from profiles.models import LoadPlan
from tests.conftest import PASSWORD, Telephone, acting, fail_to_sign_in, person
from tests.walking import writes
from users.actions import accounts, operators, practice, signing_in
from users.history.recording import Actor
from users.history.wording import action_label, changes
from users.models import AccountBlock, AuditEntry, Session, User
from users.signin import throttle

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(small_catalog, staff) -> Actor:
    return Actor.server()


@pytest.fixture
def make(server):
    """make(days) creates a practice company of a customs agent."""

    def call(days: int = 7, **arguments) -> practice.PracticeCompany:
        return practice.create(
            actor=server, operator_types=["AGENTE_ADUANA"], days=days, **arguments
        )

    return call


def stored(operator: Operator) -> Operator:
    return Operator.objects.get(pk=operator.pk)


def principal_of(operator: Operator) -> User:
    return User.objects.select_related("operator").get(operator=operator, is_principal=True)


# Created ------------------------------------------------------------------------------------------


def test_a_practice_company_has_a_principal_who_signs_in_with_the_password_shown(make, client):
    company = make()
    operator = stored(company.operator)
    assert operator.name == f"Empresa de Práctica {operator.ruc[5:10]}"
    assert operator.practice_until == timezone.localdate() + timedelta(days=6)
    assert [kind.code for kind in operator.operator_types.all()] == ["AGENTE_ADUANA"]
    principal = operator.users.get()
    assert (principal.username, principal.is_principal) == ("TITULAR1", True)
    assert not principal.must_change_password
    form = {"ruc": operator.ruc, "username": "TITULAR1", "password": company.password}
    client.post("/ingresar/", form)
    assert client.get("/").status_code == 200


def test_the_history_begins_with_the_company_its_last_day_and_its_principal(make):
    company = make()
    created, principal = AuditEntry.objects.filter(operator=company.operator).order_by("pk")
    assert (created.action, principal.action) == ("operator.created", "user.created")
    assert created.actor.username == "servidor"
    (day,) = [line.text for line in changes(created, {}) if "práctica:" in line.text]
    assert day.startswith("Último día de práctica: ")


def test_a_drawn_ruc_is_valid_and_of_no_company_of_the_demo_data(monkeypatch):
    known = {operator["ruc"] for operator in demo.operators()}
    for number in (*range(0, validators.DRAWN_NUMBERS, 97), validators.DRAWN_NUMBERS - 1):
        monkeypatch.setattr(validators.secrets, "randbelow", lambda below, number=number: number)
        ruc = draw_practice_ruc()
        validate_ruc(ruc)
        assert "20999000000" <= ruc <= "20999998999"
        assert ruc not in known
    assert len([ruc for ruc in known if ruc.startswith("20999")]) == 5


def test_a_ruc_that_another_company_has_is_drawn_again(make, monkeypatch):
    first = make()
    free = "20999000011"
    validate_ruc(free)
    drawn = iter([first.operator.ruc, first.operator.ruc, free])
    monkeypatch.setattr(practice, "draw_practice_ruc", lambda: next(drawn))
    assert make().operator.ruc == free
    assert Operator.objects.count() == 2


def test_without_a_free_ruc_nothing_is_created(make, monkeypatch):
    first = make()
    monkeypatch.setattr(practice, "draw_practice_ruc", lambda: first.operator.ruc)
    with pytest.raises(ValidationError, match="RUC libre"):
        make()
    assert (Operator.objects.count(), User.objects.of_operators().count()) == (1, 1)


def test_the_same_key_returns_the_same_company_and_writes_nothing(make):
    key = uuid4()
    first = make(key=key)
    with writes() as written:
        again = make(key=key)
    assert (again.operator, again.password) == (first.operator, first.password)
    assert written == []
    assert make(key=uuid4()).password != first.password


def test_of_two_requests_with_one_key_the_later_returns_the_company_of_the_first(make, monkeypatch):
    key = uuid4()
    look, first = practice.made_with, []

    def look_before_the_other_request_is_done(*arguments):
        if first:
            return look(*arguments)
        first.append(None)
        first[0] = make(key=key)
        return None

    monkeypatch.setattr(practice, "made_with", look_before_the_other_request_is_done)
    assert make(key=key) == first[0]
    assert Operator.objects.count() == 1


@pytest.mark.parametrize("days", [-1, 0, 31])
def test_a_practice_company_lasts_1_to_30_days(make, days):
    with pytest.raises(ValidationError) as refused:
        make(days)
    assert refused.value.message_dict == {"days": ["Escriba de 1 a 30 días"]}
    assert not Operator.objects.exists()
    assert make(1).operator.practice_until == timezone.localdate()
    assert make(30).operator.practice_until == timezone.localdate() + timedelta(days=29)


def test_the_database_refuses_a_last_day_for_a_ruc_that_is_not_of_practice(make_operator):
    operator = make_operator("20000000001", "TRANSPORTISTA")
    with pytest.raises(IntegrityError), transaction.atomic():
        Operator.objects.filter(pk=operator.pk).update(practice_until=timezone.localdate())


def test_a_real_installation_creates_and_resets_no_practice_company(make, server, settings):
    operator = make().operator
    settings.DEMO = False
    with pytest.raises(PermissionDenied):
        make()
    with pytest.raises(PermissionDenied):
        practice.reset(actor=server, operator=operator)


def test_a_real_installation_lets_no_account_of_a_practice_company_in(make, client, settings):
    company = make()
    form = {"ruc": company.operator.ruc, "username": "TITULAR1", "password": company.password}
    session = Client()
    session.post("/ingresar/", form)
    settings.DEMO = False
    assert principal_of(company.operator).blocks == (AccountBlock.OPERATOR_INACTIVE,)
    assert session.get("/").status_code == 302
    assert "incorrectos" in client.post("/ingresar/", form).text


# Ended --------------------------------------------------------------------------------------------


def test_after_its_last_day_the_company_is_inactive_for_sign_in_session_and_verdict(
    make, client_of, client, clock
):
    company = make(2)
    user, form = principal_of(company.operator), {"ruc": company.operator.ruc}
    form |= {"username": "TITULAR1", "password": company.password}
    session = client_of(user)
    clock.now = clock.now.replace(hour=15)
    clock.advance(days=1)
    assert not stored(company.operator).practice_has_ended
    client.post("/ingresar/", form)
    assert client.get("/").status_code == 200
    clock.advance(days=1)
    user = principal_of(company.operator)
    assert user.blocks == (AccountBlock.OPERATOR_INACTIVE,)
    assert Reason.OPERATOR_INACTIVE in Holdings.of(user).account
    assert session.get("/").url.startswith("/ingresar/")
    refused = client_of(None).post("/ingresar/", form)
    assert "Esta empresa de práctica está cerrada: ya nadie ingresa en ella." in refused.text


def test_a_clock_that_was_moved_forward_ends_no_practice_company(make):
    operator = make(1).operator
    operators.advance_clock(
        actor=acting(principal_of(operator)), operator=operator, by=timedelta(days=300)
    )
    assert principal_of(operator).blocks == ()


def test_the_night_closes_the_companies_that_have_ended_and_no_other(
    make, server, clock, principal
):
    ended, lasting = make(1).operator, make(30).operator
    clock.advance(days=3)
    assert practice.close_ended(actor=server) == 1
    assert practice.close_ended(actor=server) == 0
    assert not stored(ended).is_active
    assert stored(lasting).is_active
    assert stored(principal.operator).is_active
    entry = AuditEntry.objects.get(action="operator.closed")
    assert entry.operator == ended
    assert action_label(entry) == "Empresa de práctica cerrada"
    assert [line.text for line in changes(entry, {})] == ["Activo: Sí → No"]


def test_a_practice_company_is_closed_before_its_end_and_no_other_company(make, server, principal):
    operator = make().operator
    own = acting(principal_of(operator))
    with pytest.raises(PermissionDenied):
        practice.close(actor=own, operator=make().operator)
    assert practice.close(actor=own, operator=operator)
    assert not practice.close(actor=server, operator=operator)
    assert principal_of(operator).blocks == (AccountBlock.OPERATOR_INACTIVE,)
    with pytest.raises(PermissionDenied):
        practice.close(actor=server, operator=principal.operator)


# Reset --------------------------------------------------------------------------------------------


@pytest.fixture
def used(make, client_of):
    """A practice company in which everything was used."""
    operator = make().operator
    principal = principal_of(operator)
    actor = acting(principal)
    for number in range(2):
        user = accounts.create_secondary_user(
            actor=actor, username=f"USADO00{number}", password=PASSWORD, **person(90000010 + number)
        )
        assign_options(actor=actor, user=user, codes=["90.1.1.1.1"], seen=[])
        client_of(user)
        Telephone(user)
        fail_to_sign_in(user)
    save_template(actor=actor, name="De siempre", options=["90.1.1.1.1"], roles=[])
    LoadPlan.objects.create(operator=operator, made_by=principal, file_name="a.csv", columns=[])
    operators.advance_clock(actor=actor, operator=operator, by=timedelta(days=2))
    operators.set_activation_delay(actor=actor, operator=operator, delay=timedelta(hours=24))
    Telephone(principal)
    fail_to_sign_in(principal)
    for _ in range(2):
        client_of(principal)
    return operator


def test_a_reset_returns_a_practice_company_to_the_state_of_its_birth(used, server, stranger):
    others = User.objects.exclude(operator=used).count()
    principal, entries = principal_of(used), AuditEntry.objects.filter(operator=used)
    kept, count = Session.objects.filter(user=principal).first(), entries.count()
    practice.reset(actor=acting(principal), operator=stored(used), session_key=kept.session_key)
    assert used.users.existing().get() == principal
    assert principal_of(used).password == principal.password
    assert not used.access_templates.exists()
    assert not used.load_plans.exists()
    operator = stored(used)
    assert (operator.clock_offset, operator.activation_delay) == (timedelta(), timedelta())
    assert not User.objects.filter(operator=used, second_factor__isnull=False).exists()
    assert throttle.locks_of(User.objects.filter(operator=used).select_related("operator")) == {}
    assert [*Session.objects.filter(user__operator=used)] == [kept]
    assert User.objects.exclude(operator=used).count() == others
    assert entries.count() > count
    assert action_label(entries.latest("pk")) == "Empresa de práctica devuelta a su inicio"


def test_a_reset_usuario_is_free_again_and_not_locked(used, server):
    practice.reset(actor=server, operator=used)
    user = accounts.create_secondary_user(
        actor=acting(principal_of(used)),
        username="USADO000",
        password=PASSWORD,
        **person(90000010),
    )
    assert throttle.locks_of([user]) == {}
    assert not user.option_grants.exists()


def test_a_reset_twice_leaves_the_same_state(used, server):
    practice.reset(actor=server, operator=used)
    before = stored(used), [*used.users.values_list().order_by("pk")]
    practice.reset(actor=server, operator=used)
    assert (stored(used), [*used.users.values_list().order_by("pk")]) == before


def test_a_reset_costs_one_statement_for_each_user(make, server):
    counts = []
    for number in (1, 9):
        operator = make().operator
        for index in range(number):
            accounts.create_secondary_user(
                actor=acting(principal_of(operator)),
                username=f"USADO00{index}",
                password=PASSWORD,
                **person(90000010 + index),
            )
        with CaptureQueriesContext(connection) as queries:
            practice.reset(actor=server, operator=stored(operator))
        counts.append(len(queries))
    assert counts[1] - counts[0] == 8


def test_only_its_principal_and_staff_reset_an_open_practice_company(
    used, server, make, principal, clock
):
    secondary = User.objects.get(operator=used, username="USADO000")
    for actor in (acting(secondary), acting(principal_of(make().operator)), acting(principal)):
        with pytest.raises(PermissionDenied):
            practice.reset(actor=actor, operator=used)
    with pytest.raises(PermissionDenied, match="no es de práctica propia"):
        practice.reset(actor=acting(principal), operator=principal.operator)
    clock.advance(days=30)
    with pytest.raises(PermissionDenied, match="ya terminó"):
        practice.reset(actor=server, operator=stored(used))
    assert used.users.existing().count() == 3


def test_a_reset_leaves_another_sessions_principal_signed_out(used, server):
    practice.reset(actor=server, operator=used)
    assert not Session.objects.filter(user__operator=used).exists()
    assert signing_in.close_sessions(actor=server, user=principal_of(used)) == 0
