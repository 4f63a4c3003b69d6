"""Every action writes all of it or nothing, wherever the database fails in the middle."""

import inspect
import signal
import subprocess
import sys
from datetime import timedelta
from operator import attrgetter

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import OperationalError, connection
from django.db.models import Q

import profiles.actions
import users.actions
from operators.models import Operator
from profiles.actions import grants, templates, undo, validity
from profiles.catalog import loading, rows
from profiles.load import actions as load_actions
from profiles.load import applying
from profiles.load.seal import seal_of_passwords
from profiles.models import LoadPlan
from tests.calls import (
    CALLS,
    OPTION,
    OTHER_OPTION,
    RECOVERY_CODES,
    ROLE,
    plan,
    sheet,
    sheet_to_correct,
)
from tests.conftest import (
    Telephone,
    acting,
    fail_to_sign_in,
)
from tests.walking import modules_of
from users.actions import accounts, staff
from users.models import AuditEntry
from users.signin import second_factor

pytestmark = pytest.mark.django_db

# Public functions that only read.
QUERIES = {
    accounts.editable_facts,
    accounts.user_facts,
    # Parts of actions, which other rooms of users/actions/ share.
    accounts.create_account,
    accounts.data_change,
    accounts.refuse_state,
    accounts.state_change,
    undo.last_change,
    validity.validity_facts,
    staff.staff_facts,
    staff.group_facts,
    rows.column_facts,
    rows.row_facts,
    rows.row_entry,
}


@pytest.fixture
def world(principal, secondary, make_secondary, stranger, client_of, monkeypatch):
    actor = acting(principal)
    grants.assign_options(actor=actor, user=secondary, codes=[OPTION], seen=[])
    grants.assign_roles(actor=actor, user=secondary, codes=[ROLE], seen=[])
    accounts.suspend_user(actor=actor, user=make_secondary("QUIETO01", 90000010))
    templates.save_template(
        actor=actor, name="De siempre", options=[OPTION, OTHER_OPTION], roles=[ROLE]
    )
    Group.objects.create(name="Mesa de ayuda")
    Operator.objects.filter(pk=stranger.operator_id).update(clock_offset=timedelta(hours=1))
    with monkeypatch.context() as patched:
        patched.setattr(second_factor, "new_recovery_codes", lambda: RECOVERY_CODES)
        Telephone(principal)
    client_of(secondary)
    fail_to_sign_in(secondary)
    for state in LoadPlan.State:
        made = load_actions.make_plan(
            actor=actor, operator=principal.operator, sheet=sheet(), file_name=state
        )
        LoadPlan.objects.filter(pk=made.pk).update(state=state)
    load_actions.make_plan(
        actor=actor, operator=principal.operator, sheet=sheet_to_correct(), file_name="a corregir"
    )
    plan("applied").rows.update(is_generated=True, sealed=seal_of_passwords().close("Generada1"))


def all_rows() -> dict[str, list[tuple]]:
    """Every row of every table, the ones between two tables included.

    Which request works on a plan, and how fast, is no part of what an action writes.
    """
    return {
        model._meta.label: list(
            model._base_manager.order_by("pk").values_list(
                *(
                    field.attname
                    for field in model._meta.concrete_fields
                    if field.name not in ("worked_until", "rate")
                )
            )
        )
        for model in apps.get_models(include_auto_created=True)
    }


class Fault:
    """The database fails at the statement of that number, once."""

    def __init__(self, number: int) -> None:
        self.left, self.happened = number, False

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left == 0:
            self.happened = True
            raise OperationalError(f"the database failed at: {sql}")
        return execute(sql, params, many, context)


@pytest.mark.parametrize("action", CALLS, ids=lambda action: action.__name__)
@pytest.mark.usefixtures("world")
def test_wherever_the_database_fails_the_action_leaves_everything_as_it_was(monkeypatch, action):
    # full_clean tries each constraint by a statement whose failure Django takes for a yes.
    monkeypatch.setattr(Q, "check", lambda *args, **kwargs: True)
    before, faults = all_rows(), 0
    while True:
        fault = Fault(faults + 1)
        try:
            with connection.execute_wrapper(fault):
                CALLS[action](action)
        except OperationalError:
            assert fault.happened
            assert all_rows() == before
            faults += 1
        else:
            break
    assert not fault.happened  # no failure is taken for a success
    assert faults >= 3
    assert all_rows() != before


# Killed in the middle -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def others():
    """The process in whose children it is done (``tests.crashing``); one, for it starts slowly."""
    run = "import django; django.setup(); from tests import crashing; crashing.main()"
    command = [sys.executable, "-c", run]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def killed_after(shared_database, others):
    """killed_after(n, action) does it in another process, killed after so many statements.

    It returns how that one ended. Nobody else has the database open meanwhile.
    """

    def do(statements: int, action) -> int:
        connection.close()
        database = connection.settings_dict["NAME"]
        print(action.__name__, statements, database, file=others.stdin, flush=True)
        return int(others.stdout.readline())

    return do


def is_sound() -> bool:
    if connection.vendor != "sqlite":
        # PostgreSQL says itself, by failing, what it finds broken.
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        sound = cursor.fetchone() == ("ok",)
        cursor.execute("PRAGMA foreign_key_check")
        return sound and not cursor.fetchall()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("action", CALLS, ids=lambda action: action.__name__)
def test_a_process_killed_in_an_action_has_written_nothing_and_the_action_can_be_repeated(
    action, killed_after
):
    before, cycles = all_rows(), 0
    entries = AuditEntry.objects.count()
    while (ended := killed_after(cycles + 1, action)) == -signal.SIGKILL:
        cycles += 1
        assert all_rows() == before, f"killed after {cycles} statements"
        assert is_sound()
    # Told that it is done: it is, and recorded.
    assert ended == 0
    assert cycles >= 2
    assert all_rows() != before
    assert is_sound()
    assert AuditEntry.objects.count() > entries or action in UNRECORDED


UNRECORDED = {
    # A plan is a draft: what it does leaves its entries when it is done.
    load_actions.make_plan,
    load_actions.accept_corrections,
    load_actions.make_plan_again,
    load_actions.discard,
    applying.start_applying,
}


@pytest.mark.parametrize(
    "module",
    [
        *modules_of(users.actions),
        *modules_of(profiles.actions),
        loading,
        rows,
        load_actions,
        applying,
    ],
    ids=attrgetter("__name__"),
)
def test_every_action_is_tried(module):
    public = {
        function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not name.startswith("_")
    }
    assert public - QUERIES - CALLS.keys() == set()
