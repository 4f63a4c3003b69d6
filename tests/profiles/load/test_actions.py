"""Plans are applied whole, once, and as they were shown."""

import json
from datetime import date, timedelta
from functools import partial
from operator import attrgetter

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from profiles.actions.grants import assign_options, assign_roles
from profiles.load import actions, applying, plans
from profiles.load.planning import Planner
from profiles.load.seal import seal_of_passwords
from profiles.models import LoadPlan, LoadRow, OptionGrant, Outcome, RoleGrant
from tests.conftest import PASSWORD, acting, person
from tests.profiles.load.conftest import as_csv, new_user, read, table
from users import seal
from users.actions import accounts, bulk, operators
from users.history.recording import Actor
from users.models import AuditEntry, User
from users.seal import BrokenSealError, Seal
from users.stale import StaleError


def keep_applying(**arguments):
    return applying.keep_applying(seconds=60, **arguments)


# The actions on a kept plan.
ON_A_PLAN = [
    applying.start_applying,
    keep_applying,
    applying.hand_over,
    actions.discard,
    actions.make_plan_again,
    actions.accept_corrections,
]

LEAF, OTHER_LEAF = "90.1.1.1.1", "11.9.1.1.1"
ROLE = "NSIGAD.AGENTEADUANA.DESPACHO"


def story() -> list[tuple]:
    """Return the entries without actor and channel, and without the entry of the load itself."""
    return sorted(
        (entry.action, str(entry.subject), json.dumps([entry.before, entry.after], sort_keys=True))
        for entry in AuditEntry.objects.exclude(action="users.loaded").select_related("subject")
    )


def people() -> list[tuple]:
    users = User.objects.secondary().order_by("username")
    fields = [
        "username",
        *accounts.EDITABLE_FIELDS,
        "state",
        "search_text",
        "must_change_password",
    ]
    return [
        (
            *[getattr(user, field) for field in fields],
            sorted(user.option_grants.values_list("option_id", flat=True)),
            sorted(user.role_grants.values_list("role_id", flat=True)),
        )
        for user in users
    ]


def test_a_load_writes_what_the_single_actions_write(
    plan, apply, principal, secondary, make_secondary, client_of
):
    """The single actions are done and rolled back; a file then leaves the same rows and entries."""
    actor = acting(principal)
    quiet = make_secondary("QUIETO01", 90000010)
    accounts.suspend_user(actor=actor, user=quiet)
    leaving = make_secondary("SEVA0001", 90000011)
    assign_options(actor=actor, user=secondary, codes=[LEAF], seen=[])
    client_of(secondary)
    client_of(leaving)
    file = [
        new_user(1, Opciones=f"{LEAF} {OTHER_LEAF}", Roles=ROLE, Desde="2026-01-01"),
        new_user(2, Estado="Suspendido"),
        {
            "Usuario": "JPEREZ01",
            "Nombres": "Juana",
            "Apellidos": "Pérez Ñaupari",
            "Tipo de documento": "DNI",
            "Número de documento": "90000002",
            "Estado": "Suspendido",
            "Opciones": OTHER_LEAF,
        },
        {
            "Usuario": "QUIETO01",
            "Estado": "Activo",
            "Tipo de documento": "DNI",
            "Número de documento": "90000010",
            "Nombres": "Ana",
            "Apellidos": "Ficticia",
            "Roles": ROLE,
        },
        {"Usuario": "SEVA0001", "Estado": "Eliminado"},
    ]
    made = plan(*file)
    assert made.counts() == {"error": 0, "create": 2, "change": 3, "unchanged": 0}

    def one_by_one():
        def create(number):
            return accounts.create_secondary_user(
                actor=actor,
                username=f"NUEVO00{number}",
                password=PASSWORD,
                **person(90001000 + number),
            )

        first, second = create(1), create(2)
        accounts.change_user(
            actor=actor,
            user=first,
            seen=accounts.editable_facts(first),
            **{
                **accounts.editable_facts(first),
                "valid_from": date(2026, 1, 1),
                "valid_until": None,
            },
        )
        assign_options(actor=actor, user=first, codes=[LEAF, OTHER_LEAF], seen=[])
        assign_roles(actor=actor, user=first, codes=[ROLE], seen=[])
        accounts.suspend_user(actor=actor, user=second)
        facts = accounts.editable_facts(secondary)
        accounts.change_user(
            actor=actor,
            user=secondary,
            seen=facts,
            **{**facts, "first_name": "Juana", "valid_from": None, "valid_until": None},
        )
        accounts.suspend_user(actor=actor, user=secondary)
        assign_options(actor=actor, user=secondary, codes=[OTHER_LEAF], seen=[LEAF])
        accounts.reactivate_user(actor=actor, user=quiet)
        assign_roles(actor=actor, user=quiet, codes=[ROLE], seen=[])
        accounts.eliminate_user(actor=actor, user=leaving)

    expected = undone(one_by_one)
    apply(made)
    assert people() == expected[0]
    assert story() == expected[1]
    assert not secondary.sessions.exists()
    assert not leaving.sessions.exists()


def undone(do):
    """Return what ``do`` leaves, and roll it back."""
    with transaction.atomic():
        do()
        left = people(), story()
        transaction.set_rollback(True)
    return left


def test_the_load_has_one_entry_of_its_own(plan, apply, principal):
    apply(plan(new_user(1), new_user(2)))
    (entry,) = AuditEntry.objects.filter(action="users.loaded")
    assert (entry.subject, entry.operator, entry.actor) == (None, principal.operator, principal)
    assert entry.after == {"file": "usuarios.csv", "created": 2, "changed": 0}
    assert set(AuditEntry.objects.filter(subject__username__startswith="NUEVO").values_list("channel", "address")) == {("load", "192.0.2.1")}  # fmt: skip


def test_grants_take_effect_with_the_delay_of_the_operator(plan, apply, principal, staff):
    operators.set_activation_delay(
        actor=acting(staff), operator=principal.operator, delay=timedelta(hours=24)
    )
    apply(plan(new_user(1, Opciones=LEAF)))
    grant = OptionGrant.objects.get()
    assert grant.effective_at - grant.granted_at == timedelta(hours=24)
    assert grant.granted_by == principal


def test_a_password_of_the_file_signs_in_and_need_not_be_changed(plan, apply):
    apply(plan(new_user(1, Clave="Distinta1")))
    user = User.objects.get(username="NUEVO001")
    assert user.check_password("Distinta1")
    assert not user.must_change_password


def test_a_generated_password_is_handed_over_once_and_is_temporary(plan, apply, loader):
    made = plan(new_user(1, Clave=""), new_user(2, Clave="Distinta1"))
    assert applying.hand_over(actor=loader, plan=made) == []  # not applied yet
    apply(made)
    ((username, password),) = applying.hand_over(actor=loader, plan=made)
    user = User.objects.get(username=username)
    assert user.check_password(password)
    assert user.must_change_password
    entry = AuditEntry.objects.first()
    assert (entry.action, entry.after["claves"]) == ("users.claves_handed_over", 1)
    assert applying.hand_over(actor=loader, plan=made) == []
    assert AuditEntry.objects.first() == entry


@pytest.mark.parametrize("moment", ["planned", "applied", "handed over"])
def test_no_password_is_in_the_database_in_plain_text(plan, apply, loader, moment):
    made = plan(new_user(1, Clave="Distinta1"), new_user(2, Clave=""))
    claves = ["Distinta1"]
    if moment != "planned":
        apply(made)
        # Only a generated password is still sealed, to be handed over.
        sealed = made.rows.exclude(sealed="").values_list("number", "is_generated")
        assert list(sealed) == [(3, True)]
    if moment == "handed over":
        claves += [password for _, password in applying.hand_over(actor=loader, plan=made)]
        assert not LoadRow.objects.exclude(sealed="", password="").exists()
    stored = repr([list(model._base_manager.values_list()) for model in apps.get_models()])
    assert not [clave for clave in claves if clave in stored]


def test_a_plan_with_errors_keeps_no_password_and_is_not_applied(plan, loader):
    made = plan(*(new_user(number) for number in range(1, 500)), new_user(500, Nombres=""))
    assert made.counts()["error"] == 1
    assert made.rows.get(outcome=Outcome.ERROR).number == 501
    assert not made.rows.exclude(sealed="").exists()
    with pytest.raises(applying.PlanWithErrorsError):
        applying.start_applying(actor=loader, plan=made)
    assert not User.objects.filter(username__startswith="NUEVO").exists()


TO_CORRECT = [
    new_user(1) | {"Número de documento": "12345"},
    new_user(2) | {"Número de documento": "123456"},
    new_user(3) | {"Número de documento": "12347", "Clave": ""},
    new_user(4),
]


def test_all_corrections_of_a_file_are_accepted_at_once(plan, apply, loader):
    made = plan(*TO_CORRECT)
    assert (made.corrections, made.counts()[Outcome.ERROR]) == (3, 3)
    actions.accept_corrections(actor=loader, plan=made)
    made.refresh_from_db()
    assert (made.corrections, made.counts()[Outcome.CREATE]) == (0, 4)
    assert [row.notices for row in made.rows.all()] == [
        [["Número de documento", "12345", "Se aceptó la corrección", "00012345"]],
        [["Número de documento", "123456", "Se aceptó la corrección", "00123456"]],
        [["Número de documento", "12347", "Se aceptó la corrección", "00012347"]],
        [],
    ]
    apply(made)
    users = User.objects.filter(username__startswith="NUEVO").order_by("username")
    assert [user.document_number for user in users] == [
        *("00012345", "00123456", "00012347", "90001004")
    ]
    assert [user.check_password(PASSWORD) for user in users] == [True, True, False, True]
    assert [row.username for row in made.to_hand_over] == ["NUEVO003"]


def test_accepted_corrections_keep_what_was_told_of_the_passwords(plan, loader, secondary):
    made = plan(
        new_user(1) | {"Número de documento": "12345", "Clave": " Zorzal77"},
        new_user(2) | {"Usuario": "JPEREZ01", "Número de documento": "123456"},
    )
    before = [row.notices for row in made.rows.all()]
    actions.accept_corrections(actor=loader, plan=made)
    assert [
        [notice for notice in row.notices if notice[0] == "Clave"] for row in made.rows.all()
    ] == before
    assert ["espacio" in before[0][0][2], "conserva" in before[1][0][2]] == [True, True]


def test_corrections_are_planned_without_a_lock(plan, loader, monkeypatch):
    made, depths = plan(*TO_CORRECT), []
    planned = Planner.plan
    monkeypatch.setattr(
        Planner,
        "plan",
        lambda *given: depths.append(len(connection.savepoint_ids)) or planned(*given),
    )
    actions.accept_corrections(actor=loader, plan=made)
    assert depths == [len(connection.savepoint_ids)]


def test_corrections_that_leave_another_error_are_not_offered(plan, loader):
    made = plan(*TO_CORRECT, new_user(5, Nombres=""))
    assert made.corrections == 0
    assert set(made.rows.values_list("sealed", flat=True)) == {""}
    actions.accept_corrections(actor=loader, plan=made)
    assert made.counts()[Outcome.ERROR] == 4


def test_a_corrected_row_that_is_refused_keeps_no_password(plan, loader, make_secondary):
    make_secondary("CEROS001", "00012345")
    made = plan(*TO_CORRECT)
    actions.accept_corrections(actor=loader, plan=made)
    made.refresh_from_db()
    ((_, value, sentence, _),) = made.rows.get(username="NUEVO001").problems
    assert (value, sentence) == ("00012345", "Este documento ya lo usa CEROS001 en su empresa")
    assert made.corrections == 0
    assert {row.sealed for row in made.rows.all()} == {""}


def test_what_reading_a_file_changed_is_told_again_in_a_plan_made_again(
    plan, loader, make_secondary
):
    made = plan(new_user(1, Clave="'Practica26"), new_user(2))
    notices = made.rows.get(number=2).notices
    assert notices == [["Clave", "", "Empieza con un apóstrofo, que es parte de la clave", ""]]
    make_secondary("NUEVO001", 90001001)
    with pytest.raises(StaleError):
        applying.start_applying(actor=loader, plan=made)
    actions.make_plan_again(actor=loader, plan=made)
    assert made.rows.get(number=2).notices[0] == notices[0]


def test_applying_a_plan_twice_changes_nothing(plan, apply, loader):
    made = apply(plan(new_user(1), new_user(2, Clave="")))
    before = people(), story(), AuditEntry.objects.count()
    applying.start_applying(actor=loader, plan=made)
    applying.keep_applying(actor=loader, plan=made, seconds=1)
    assert (people(), story(), AuditEntry.objects.count()) == before


def test_the_same_file_planned_again_has_nothing_to_do(plan, apply):
    file = [new_user(1, Opciones=LEAF, Roles=ROLE), new_user(2, Estado="Suspendido")]
    apply(plan(*file))
    assert plan(*file).counts() == {"error": 0, "create": 0, "change": 0, "unchanged": 2}


def change_a_name(secondary, principal):
    facts = accounts.editable_facts(secondary)
    changed = {**facts, "first_name": "Otro", "valid_from": None, "valid_until": None}
    accounts.change_user(actor=acting(principal), user=secondary, seen=facts, **changed)


MEANWHILE = {
    "the user was changed": change_a_name,
    "an option was granted": lambda secondary, principal: assign_options(
        actor=acting(principal), user=secondary, codes=[OTHER_LEAF], seen=[]
    ),
    "the usuario was taken": lambda secondary, principal: accounts.create_secondary_user(
        actor=acting(principal),
        username="NUEVO001",
        password=PASSWORD,
        **person(90000077),
    ),
    "the document was taken": lambda secondary, principal: accounts.create_secondary_user(
        actor=acting(principal),
        username="DISTINTO",
        password=PASSWORD,
        **person(90001001),
    ),
    "the user was eliminated": lambda secondary, principal: accounts.eliminate_user(
        actor=acting(principal), user=secondary
    ),
    "the option is no longer offered": lambda secondary, principal: (
        principal.operator.operator_types.set(["TRANSPORTISTA"])
    ),
}


@pytest.mark.parametrize("started", [False, True], ids=["before it starts", "while it hashes"])
@pytest.mark.parametrize("meanwhile", MEANWHILE.values(), ids=MEANWHILE)
def test_a_stale_plan_is_refused(plan, loader, principal, secondary, meanwhile, started):
    made = plan(
        new_user(1, Opciones=LEAF),
        {
            "Usuario": "JPEREZ01",
            "Nombres": "Juana",
            "Apellidos": "Pérez Ñaupari",
            "Tipo de documento": "DNI",
            "Número de documento": "90000002",
        },
    )
    if started:
        applying.start_applying(actor=loader, plan=made)
        made.refresh_from_db()
    meanwhile(secondary, principal)
    before = people(), story()
    step = applying.keep_applying if started else applying.start_applying
    with pytest.raises(StaleError):
        step(actor=loader, plan=made, **({"seconds": 60} if started else {}))
    assert (people(), story()) == before
    made.refresh_from_db()
    assert made.state == LoadPlan.State.STALE


def test_a_stale_plan_is_made_again_from_the_same_file(plan, apply, loader, principal, secondary):
    made = plan(new_user(1), {"Usuario": "JPEREZ01", "Nombres": "Juana", "Apellidos": "Pérez Ñaupari", "Tipo de documento": "DNI", "Número de documento": "90000002"})  # fmt: skip
    change_a_name(secondary, principal)
    with pytest.raises(StaleError):
        applying.start_applying(actor=loader, plan=made)
    actions.make_plan_again(actor=loader, plan=made)
    made.refresh_from_db()
    assert made.rows.get(number=3).before == {"first_name": "Otro"}
    apply(made)
    secondary.refresh_from_db()
    assert secondary.first_name == "Juana"
    assert User.objects.get(username="NUEVO001").check_password("Practica2026")


def test_a_user_eliminated_meanwhile_is_created_again_with_a_generated_password(
    plan, apply, loader, principal, secondary
):
    row = new_user(1, Usuario="JPEREZ01") | {"Número de documento": "90000002"}
    made = plan(row, new_user(2))
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    with pytest.raises(StaleError):
        applying.start_applying(actor=loader, plan=made)
    actions.make_plan_again(actor=loader, plan=made)
    made.refresh_from_db()
    apply(made)
    assert [username for username, _ in applying.hand_over(actor=loader, plan=made)] == ["JPEREZ01"]


def age(plan, hours: float, field="made_at") -> None:
    LoadPlan.objects.filter(pk=plan.pk).update(**{field: timezone.now() - timedelta(hours=hours)})
    plan.refresh_from_db()


@pytest.mark.parametrize("state", [LoadPlan.State.READY, LoadPlan.State.APPLYING])
@pytest.mark.parametrize("action", ON_A_PLAN, ids=attrgetter("__name__"))
def test_a_plan_that_is_too_old_is_refused_by_every_action(plan, loader, action, state):
    made = plan(new_user(1))
    LoadPlan.objects.filter(pk=made.pk).update(state=state)
    age(made, 24.1)
    with pytest.raises(plans.OldPlanError):
        action(actor=loader, plan=made)
    assert not User.objects.filter(username="NUEVO001").exists()


def sealed_before(hours: float, clave: str) -> str:
    then = int((timezone.now() - timedelta(hours=hours)).timestamp())
    box = seal_of_passwords().boxes[seal.VERSION]
    return f"{seal.VERSION}:{box.encrypt_at_time(clave.encode(), then).decode()}"


def test_the_age_of_a_generated_password_counts_from_when_the_plan_was_applied(plan, apply, loader):
    made = plan(new_user(1, Clave=""))
    made.rows.update(sealed=sealed_before(23, "Generada1"))
    apply(made)
    age(made, 47)
    age(made, 23.9, "applied_at")
    fresh = Seal("profiles.load.seal", age=timedelta(minutes=10))
    assert fresh.open(made.rows.get().sealed) == "Generada1"
    assert applying.hand_over(actor=loader, plan=made) == [("NUEVO001", "Generada1")]


def test_a_plan_whose_passwords_cannot_be_read_is_released(plan, loader):
    made = plan(new_user(1))
    made.rows.update(sealed=sealed_before(25, "Generada1"))
    applying.start_applying(actor=loader, plan=made)
    with pytest.raises(BrokenSealError):
        applying.keep_applying(actor=loader, plan=made, seconds=1)
    made.refresh_from_db()
    assert made.state == LoadPlan.State.READY


def test_an_old_key_opens_a_seal_and_a_foreign_key_does_not(plan, apply, settings):
    made = plan(new_user(1))
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "otra" * 20
    apply(made)
    assert User.objects.get(username="NUEVO001").check_password("Practica2026")


def test_the_next_plan_deletes_the_old_plans(plan, apply):
    old, late = plan(new_user(1)), apply(plan(new_user(2, Clave="")))
    age(old, 24.1)
    # Applied in its last hour: its passwords may still be handed over.
    age(late, 47)
    age(late, 23, "applied_at")
    new = plan(new_user(3))
    assert set(LoadPlan.objects.all()) == {late, new}
    assert set(LoadPlan.objects.kept()) == {late, new}
    assert not LoadRow.objects.filter(plan_id=old.pk).exists()


def test_making_a_plan_does_not_wait_for_a_locked_plan(plan):
    with CaptureQueriesContext(connection) as queries:
        plan(new_user(1))
    skipped = any("SKIP LOCKED" in query["sql"] for query in queries)
    assert skipped == connection.features.has_select_for_update_skip_locked


def test_the_last_five_plans_that_are_not_applied_are_kept(plan, apply):
    applied = apply(plan(new_user(0)))
    made = [plan(new_user(number)) for number in range(1, 8)]
    assert set(LoadPlan.objects.all()) == {applied, *made[-5:]}


def test_discarding_deletes_a_plan_but_not_an_applied_one(plan, apply, loader):
    assert actions.discard(actor=loader, plan=plan(new_user(1)))
    assert not LoadRow.objects.exists()
    made = apply(seen := plan(new_user(1)))
    assert not actions.discard(actor=loader, plan=seen)
    assert LoadPlan.objects.filter(pk=made.pk).exists()


def test_a_row_does_not_apply_to_a_later_user_of_the_same_usuario(
    plan, apply, loader, principal, secondary
):
    made = plan({"Usuario": "JPEREZ01", "Estado": "Suspendido"})
    accounts.eliminate_user(actor=acting(principal), user=secondary)
    another = accounts.create_secondary_user(
        actor=acting(principal), username="JPEREZ01", password=PASSWORD, **person(90000078)
    )
    with pytest.raises(StaleError):
        applying.start_applying(actor=loader, plan=made)
    # Made again, the plan is about the present user and is applied.
    actions.make_plan_again(actor=loader, plan=made)
    apply(made)
    another.refresh_from_db()
    assert another.state == User.State.SUSPENDED


@pytest.fixture
def from_before(operator):
    """An account that breaks today's rules."""
    return User.objects.create(
        operator=operator,
        username="CORTO1",
        document_type="1",
        document_number="90000079",
        first_name="Ana",
        last_name="R2D2",
    )


@pytest.mark.parametrize("state", ["Suspendido", "Eliminado"])
def test_an_account_that_breaks_todays_rules_can_be_suspended_or_eliminated(
    plan, apply, from_before, state
):
    apply(plan({"Usuario": "CORTO1", "Estado": state}))
    from_before.refresh_from_db()
    assert from_before.get_state_display() == state


def test_a_rule_that_refuses_an_account_while_applying_is_raised(plan, loader, monkeypatch):
    made = plan(new_user(1))
    applying.start_applying(actor=loader, plan=made)

    def refuse(**arguments):
        raise ValidationError({"username": "Esta regla no estaba"})

    monkeypatch.setattr(applying, "load_accounts", refuse)
    with pytest.raises(ValidationError, match="Esta regla no estaba"):
        keep_applying(actor=loader, plan=made)


def test_a_load_by_staff_does_not_change_the_principal(staff, principal):
    for facts in ({"state": User.State.ELIMINATED}, {"state": User.State.SUSPENDED}):
        with pytest.raises(PermissionDenied):
            bulk.load_accounts(
                actor=acting(staff), operator=principal.operator, new=[], changed=[(principal, facts)]
            )  # fmt: skip


def test_a_document_type_that_makes_two_documents_equal_is_refused(
    loader, operator, secondary, make_secondary
):
    other = make_secondary("OTRODOC1", 90000080)
    User.objects.filter(pk=other.pk).update(document_type="7", document_number="90000002")
    other.refresh_from_db()
    with pytest.raises(ValidationError, match="ya lo usa JPEREZ01"):
        bulk.load_accounts(
            actor=loader, operator=operator, new=[], changed=[(other, {"document_type": "1"})]
        )


def test_errors_that_appear_during_the_check_keep_a_plan_from_starting(plan, loader, monkeypatch):
    made = plan(new_user(1))

    def again_meanwhile(plan):
        made.rows.update(outcome=Outcome.ERROR)
        return iter(())

    monkeypatch.setattr(applying, "stale_rows", again_meanwhile)
    with pytest.raises(applying.PlanWithErrorsError):
        applying.start_applying(actor=loader, plan=made)
    made.refresh_from_db()
    assert made.state == LoadPlan.State.READY


def test_a_started_plan_with_errors_is_not_applied(plan, loader):
    made = plan(new_user(1, Nombres=""))
    LoadPlan.objects.filter(pk=made.pk).update(state=LoadPlan.State.APPLYING)
    with pytest.raises(applying.PlanWithErrorsError):
        applying.keep_applying(actor=loader, plan=made, seconds=1)
    made.refresh_from_db()
    assert made.state == LoadPlan.State.READY


def overtaken(plan, loader) -> None:
    with pytest.raises(StaleError):
        applying.start_applying(actor=loader, plan=plan)
    actions.make_plan_again(actor=loader, plan=plan)
    plan.refresh_from_db()


def test_a_plan_made_again_has_no_password_for_a_user_created_meanwhile(
    plan, loader, principal, secondary
):
    made = plan(new_user(1, Clave=""))
    accounts.create_secondary_user(
        actor=acting(principal), username="NUEVO001", password=PASSWORD, **person(90001001)
    )
    overtaken(made, loader)
    row = made.rows.get()
    assert (row.outcome, row.is_generated, row.sealed) == (Outcome.UNCHANGED, False, "")


def test_a_plan_made_again_with_errors_keeps_no_password(plan, loader, principal):
    made = plan(new_user(1), new_user(2, Clave=""))
    accounts.create_secondary_user(
        actor=acting(principal), username="TIENEDOC", password=PASSWORD, **person(90001001)
    )
    overtaken(made, loader)
    assert made.has_errors
    assert set(made.rows.values_list("sealed", "password", "is_generated")) == {("", "", False)}
    assert all(row.cells == {} for row in made.rows.all())


def test_a_plan_that_another_request_applies_first_is_over(plan, loader, monkeypatch):
    made = plan(new_user(1), new_user(2, Clave=""))
    applying.start_applying(actor=loader, plan=made)
    hash_some = applying._hash_some

    def second(*arguments):
        monkeypatch.setattr(applying, "_hash_some", hash_some)
        LoadPlan.objects.update(worked_until=None)  # as if the first had been too slow
        assert keep_applying(actor=loader, plan=made)
        return hash_some(*arguments)

    monkeypatch.setattr(applying, "_hash_some", second)
    assert keep_applying(actor=loader, plan=made)
    assert not keep_applying(actor=loader, plan=made)
    assert User.objects.filter(username__startswith="NUEVO").count() == 2
    assert len(applying.hand_over(actor=loader, plan=made)) == 1


def test_a_request_that_fails_late_leaves_an_applied_plan_applied(plan, apply, loader, monkeypatch):
    made = apply(plan(new_user(1)))
    locked = applying.locked_plan

    def as_it_was(*arguments):
        plan = locked(*arguments)
        plan.state = LoadPlan.State.APPLYING
        return plan

    monkeypatch.setattr(applying, "locked_plan", as_it_was)
    monkeypatch.setattr(applying, "_claim", lambda plan: True)
    made.rows.update(password="x")
    with pytest.raises(StaleError):
        applying.keep_applying(actor=loader, plan=made, seconds=1)
    made.refresh_from_db()
    assert made.state == LoadPlan.State.APPLIED


def test_hashing_continues_where_it_stopped(plan, loader, monkeypatch):
    monkeypatch.setattr(applying, "HASHED_AT_ONCE", 2)
    made = plan(*(new_user(number) for number in range(1, 6)))
    applying.start_applying(actor=loader, plan=made)
    made.refresh_from_db()
    done = []
    while made.state == LoadPlan.State.APPLYING:
        # With no time each call hashes one batch.
        done.append(applying.Progress.of(made).done)
        assert applying.keep_applying(actor=loader, plan=made, seconds=0)
        made.refresh_from_db()
    assert done == [0, 2, 4]
    assert User.objects.filter(username__startswith="NUEVO").count() == 5


def test_one_request_works_on_a_plan_and_another_once_that_was_killed(plan, loader, clock):
    made = plan(new_user(1))
    applying.start_applying(actor=loader, plan=made)
    LoadPlan.objects.update(worked_until=clock.now + applying.LEASE)
    assert not keep_applying(actor=loader, plan=made)
    assert LoadRow.objects.get().password == ""
    clock.advance(seconds=31)
    assert keep_applying(actor=loader, plan=made)
    assert User.objects.filter(username="NUEVO001").exists()


def test_only_staff_and_the_principal_of_the_operator_may_load(plan, loader, stranger, secondary):
    made = plan(new_user(1))
    sheet = read(as_csv(*table(new_user(2))))
    make = partial(actions.make_plan, operator=loader.user.operator, sheet=sheet, file_name="a")
    for action in (make, *(partial(each, plan=made) for each in ON_A_PLAN)):
        for user in (stranger, secondary):
            with pytest.raises(PermissionDenied):
                action(actor=acting(user))


def test_a_load_by_staff_names_the_staff_account(staff, operator):
    actor = Actor(staff, AuditEntry.Channel.LOAD)
    sheet = read(as_csv(*table(new_user(1, Opciones=LEAF, Roles=ROLE))))
    made = actions.make_plan(actor=actor, operator=operator, sheet=sheet, file_name="a.csv")
    applying.start_applying(actor=actor, plan=made)
    made.refresh_from_db()
    applying.keep_applying(actor=actor, plan=made, seconds=60)
    assert RoleGrant.objects.get().granted_by == staff
    assert User.objects.get(username="NUEVO001").creation.actor == staff


def test_an_unhashed_password_is_not_written(loader):
    user = User(username="NUEVO001", password="Practica2026", document_type="1", document_number="90001001", first_name="Ana", last_name="Ficticia")  # fmt: skip
    with pytest.raises(ValueError, match="hashing algorithm"):
        bulk.load_accounts(actor=loader, operator=loader.user.operator, new=[user], changed=[])


def test_nothing_is_loaded_if_the_history_fails(plan, loader, monkeypatch):
    made = plan(new_user(1))
    applying.start_applying(actor=loader, plan=made)
    made.refresh_from_db()

    def fail(*args, **kwargs):
        raise IntegrityError("the history failed")

    monkeypatch.setattr(bulk, "record_all", fail)
    with pytest.raises(StaleError):
        keep_applying(actor=loader, plan=made)
    assert not User.objects.filter(username="NUEVO001").exists()
