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
from django.utils import timezone

import profiles.actions
import users.actions
from operators.models import Classroom, Operator
from profiles.actions import exercises, grants, templates, undo, validity
from profiles.catalog import loading, rows
from profiles.load import actions as load_actions
from profiles.load import applying
from profiles.load.seal import seal_of_passwords
from profiles.models import LoadPlan
from tests.calls import (
    CALLS,
    EXERCISES,
    OPTION,
    OTHER_OPTION,
    RECOVERY_CODES,
    ROLE,
    file_of,
    plan,
    sheet,
    sheet_to_correct,
)
from tests.conftest import (
    Telephone,
    acting,
    fail_to_sign_in,
)
from tests.walking import modules_of, rows_of, undone, writes
from users.actions import accounts, operators, practice, staff
from users.history.recording import record
from users.models import AuditEntry
from users.signin import second_factor

pytestmark = pytest.mark.django_db

# Public functions that only read.
QUERIES = {
    accounts.editable_facts,
    accounts.user_facts,
    # Parts of actions, which other rooms of users/actions/ share.
    accounts.create_account,
    accounts.prepare_account,
    accounts.insert_account,
    operators.prepare_principal,
    operators.open_operator,
    accounts.data_change,
    accounts.refuse_state,
    accounts.state_change,
    undo.last_change,
    validity.validity_facts,
    staff.staff_facts,
    staff.group_facts,
    # It loads, and takes back what it loaded.
    loading.preview,
    rows.in_order,
    rows.column_facts,
    rows.row_facts,
    rows.row_entry,
    practice.lock_open,
    practice.require_open,
    practice.require_practice_mode,
    practice.last_day,
    practice.made_with,
    # Parts of the actions that open and close practice companies.
    practice.prepare,
    practice.insert,
    practice.close_all,
    practice.open_all,
    # It counts the visitor, as a guess is counted, and then creates.
    practice.create_for_visitor,
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
    # A practice company that is open, and one that has ended.
    last_day = timezone.localdate() + timedelta(days=7)
    classroom = Classroom.objects.create(name="Turno mañana", practice_until=last_day)
    classroom.operator_types.set(principal.operator.operator_types.all())
    Operator.objects.filter(pk=principal.operator_id).update(
        practice_until=last_day, classroom=classroom
    )
    Operator.objects.filter(pk=stranger.operator_id).update(
        clock_offset=timedelta(hours=1), practice_until=last_day - timedelta(days=8)
    )
    with monkeypatch.context() as patched:
        patched.setattr(second_factor, "new_recovery_codes", lambda: RECOVERY_CODES)
        Telephone(principal)
    exercises.load_exercises(actor=actor, file=file_of(EXERCISES))
    # The exercise is on, and its people are not there.
    facts = {"exercise": "de-prueba", "title": "De prueba"}
    record("practice.started", actor=actor, operator=principal.operator, after=facts)
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


def all_rows() -> list[list[tuple]]:
    """Every row of every table, the ones between two tables included.

    Which request works on a plan, and how fast, is no part of what an action writes.
    """
    return [
        rows_of(model, "worked_until", "rate")
        for model in apps.get_models(include_auto_created=True)
    ]


class Fault:
    """The database fails at the statement of that number, once."""

    def __init__(self, number: int) -> None:
        self.number = self.left = number
        self.happened = False

    def __call__(self, execute, sql, params, many, context):
        self.left -= 1
        if self.left == 0:
            self.happened = True
            raise OperationalError(f"the database failed at: {sql}")
        return execute(sql, params, many, context)


@pytest.mark.usefixtures("world")
def test_wherever_the_database_fails_the_action_leaves_everything_as_it_was(monkeypatch):
    # full_clean tries each constraint by a statement whose failure Django takes for a yes.
    monkeypatch.setattr(Q, "check", lambda *args, **kwargs: True)
    before = all_rows()
    for action in CALLS:
        with undone():
            faults = 0
            while True:
                fault = Fault(faults + 1)
                try:
                    with connection.execute_wrapper(fault):
                        CALLS[action](action)
                except OperationalError:
                    assert fault.happened, action
                    assert all_rows() == before, (action, fault.number)
                    faults += 1
                else:
                    break
            assert not fault.happened, action  # no failure is taken for a success
            assert faults >= 3, action
            assert all_rows() != before, action


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
    """killed_after(n, action) does it in another process, killed after that many writes; 0: never.

    It returns how that one ended. Nobody else has the database open meanwhile.
    """

    def do(writes: int, action) -> int:
        connection.close()
        database = connection.settings_dict["NAME"]
        print(action.__name__, writes, database, file=others.stdin, flush=True)
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
def test_a_process_killed_in_an_action_has_written_nothing_and_the_action_can_be_repeated(
    killed_after,
):
    before, entries = all_rows(), AuditEntry.objects.count()
    for action in CALLS:
        with undone(), writes() as written:
            CALLS[action](action)
            assert all_rows() != before, action
            assert AuditEntry.objects.count() > entries or action in UNRECORDED
        assert written, action
        for number in range(1, len(written) + 1):
            assert killed_after(number, action) == -signal.SIGKILL
            assert all_rows() == before, f"{action} killed after {written[:number]}"
            assert is_sound()
    # Told that it is done: it is.
    assert killed_after(0, accounts.suspend_user) == 0
    assert all_rows() != before
    assert is_sound()


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
