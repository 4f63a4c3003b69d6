"""Make plans of a load, accept their corrections, make a stale plan again, discard plans."""

from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.load.columns import TITLES
from profiles.load.planning import ROWS_AT_ONCE, PlannedRow, Planner
from profiles.load.plans import locked_plan, matches
from profiles.load.seal import seal_of_passwords
from profiles.models import LoadPlan, LoadRow, Outcome
from profiles.tables.rows import Row, Sheet
from users import tenancy
from users.history.recording import Actor
from users.seal import Seal
from users.signin.password_rules import generate_password

# Plans of one operator that are not applied: each correction of a file leaves one.
MOST_PENDING = 5


@sensitive_variables()
def make_plan(*, actor: Actor, operator: Operator, sheet: Sheet, file_name: str) -> LoadPlan:
    """Store what the rows of a file would do; no account is changed.

    Deletes the plans of all operators that are too old, and the plans of this operator that were
    not applied, except the last MOST_PENDING. A plan with errors stores no cell and no password,
    unless accepting its corrections would leave none. Raises PermissionDenied for an actor that does
    not administer the operator.
    """
    tenancy.require_administrator_of(actor.user, operator)
    planned = list(Planner(operator, sheet.columns).plan(sheet.rows))
    corrections = _corrections_of(row.problems for row in planned)
    is_kept = bool(corrections) or not any(row.problems for row in planned)
    plan = LoadPlan(
        operator=operator,
        made_by=actor.user,
        file_name="".join(filter(str.isprintable, file_name))[:100],
        columns=[*sheet.columns],
        notes=[*sheet.notes],
        corrections=corrections,
    )
    rows = [
        LoadRow(
            plan=plan,
            number=row.number,
            username=row.username[:150],
            cells=_without_password(typed) if is_kept else {},
            notes=typed.notes,
            **_result(row),
        )
        for typed, row in zip(sheet.rows, planned, strict=True)
    ]
    if is_kept:
        _seal_passwords(
            [
                (row, typed.cells.get("password", ""))
                for row, typed in zip(rows, sheet.rows, strict=True)
            ]
        )
    with transaction.atomic():
        plan.save()
        LoadRow.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        pending = LoadPlan.objects.exclude(state=LoadPlan.State.APPLIED)
        further = pending.filter(operator=operator).values_list("pk", flat=True)[MOST_PENDING:]
        _delete_unlocked(LoadPlan.objects.too_old())
        _delete_unlocked(pending.filter(pk__in=[*further]))
    return plan


def _delete_unlocked(plans: QuerySet) -> None:
    """Delete plans, except those that another request has locked."""
    free = plans.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True)
    LoadPlan.objects.filter(pk__in=[*free]).delete()


@transaction.atomic
def discard(*, actor: Actor, plan: LoadPlan) -> bool:
    """Delete a plan with its passwords and hashes; return False for an applied plan, which stays.

    Raises OldPlanError.
    """
    plan = locked_plan(actor, plan)
    if plan.state == LoadPlan.State.APPLIED:
        return False
    plan.delete()
    return True


def _corrections_of(problems: Iterable[list]) -> int:
    """Return how many corrections are offered; 0 if a problem has none, for they would not be enough.

    ``problems`` holds those of each row.
    """
    offered = [corrected for of_row in problems for *_, corrected in of_row]
    return len(offered) if all(offered) else 0


@sensitive_variables()
def accept_corrections(*, actor: Actor, plan: LoadPlan) -> None:
    """Put every offered correction into its cell, and plan the rows again.

    Does nothing to a plan whose corrections would not be enough. Raises OldPlanError, and
    BrokenSealError if the passwords of the file can no longer be read.
    """
    rows = _rows_of(actor, plan, _has_corrections)
    for row in rows:
        for heading, value, _, corrected in row.problems:
            name = TITLES.column(heading).name
            row.cells[name] = corrected
            row.notes.append([name, value, "Se aceptó la corrección", corrected])
    _plan_again(actor, plan, rows, _has_corrections)


@sensitive_variables()
def make_plan_again(*, actor: Actor, plan: LoadPlan) -> None:
    """Update a stale plan to what its file would do now. With errors it keeps no password.

    Raises OldPlanError, and BrokenSealError if the passwords of the file can no longer be read.
    """
    _plan_again(actor, plan, _rows_of(actor, plan, _is_stale), _is_stale)


def _has_corrections(plan: LoadPlan) -> bool:
    return plan.state == LoadPlan.State.READY and plan.corrections > 0


def _is_stale(plan: LoadPlan) -> bool:
    return plan.state == LoadPlan.State.STALE


@transaction.atomic
def _rows_of(actor: Actor, plan: LoadPlan, is_due: Callable[[LoadPlan], bool]) -> list[LoadRow]:
    """Return the rows of a plan that is due to be planned again; none for another plan."""
    return list(plan.rows.all()) if is_due(locked_plan(actor, plan)) else []


@sensitive_variables()
def _plan_again(
    actor: Actor, plan: LoadPlan, rows: list[LoadRow], is_due: Callable[[LoadPlan], bool]
) -> None:
    """Update the rows that would now do something else, and those that had an error.

    The rows are planned without a lock, for ten thousand take seconds, and then replaced at once.
    """
    if not rows:
        return
    seal = seal_of_passwords()
    typed = [
        Row(row.number, row.cells | _password_of_the_file(row, seal), notes=row.notes)
        for row in rows
    ]
    anew = []
    for row, planned in zip(rows, Planner(plan.operator, plan.columns).plan(typed), strict=True):
        if row.outcome != Outcome.ERROR and matches(row, planned):
            continue
        for name, value in _result(planned).items():
            setattr(row, name, value)
        if row.outcome != Outcome.CREATE:
            row.sealed, row.password, row.is_generated = "", "", False
        elif not row.sealed and not row.password:
            # No password was stored for a user that existed when the file was read: generate one.
            anew.append((row, ""))
    _seal_passwords(anew)
    if any(row.outcome == Outcome.ERROR for row in rows):
        for row in rows:
            row.cells, row.sealed, row.password, row.is_generated = {}, "", "", False
    with transaction.atomic():
        plan = locked_plan(actor, plan)
        # Another request may have planned it meanwhile.
        if not is_due(plan):
            return
        # Faster than an update of as many rows, and so is the time of the lock.
        plan.rows.all().delete()
        LoadRow.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        plan.corrections, plan.state = 0, LoadPlan.State.READY
        plan.save(update_fields=["corrections", "state"])


@sensitive_variables()
def _password_of_the_file(row: LoadRow, seal: Seal) -> dict[str, str]:
    has_own = row.sealed and not row.is_generated
    return {"password": seal.open(row.sealed)} if has_own else {}


@sensitive_variables()
def _seal_passwords(rows: list[tuple[LoadRow, str]]) -> None:
    """Seal the password of each new user; generate one where the file has none."""
    seal = seal_of_passwords()
    for row, password in rows:
        # A row whose correction is accepted may create a user.
        if row.outcome == Outcome.CREATE or (row.outcome == Outcome.ERROR and password):
            row.sealed = seal.close(password or generate_password())
            row.is_generated = not password


def _without_password(row: Row) -> dict[str, str]:
    return {name: text for name, text in row.cells.items() if name != "password"}


# LoadRow fields copied from PlannedRow.
RESULT = ("account", "outcome", "before", "after", "problems", "notices")


def _result(planned: PlannedRow) -> dict:
    return {name: getattr(planned, name) for name in RESULT}
