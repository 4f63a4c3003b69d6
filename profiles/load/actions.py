"""Make plans of a load, make a stale plan again, discard plans; ``applying`` applies them."""

from django.db import transaction
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.load.planning import ROWS_AT_ONCE, PlannedRow, Planner
from profiles.load.plans import locked_plan, stale_rows
from profiles.load.rows import Row, Sheet
from profiles.load.seal import seal_of_passwords
from profiles.models import LoadPlan, LoadRow, Outcome
from users import tenancy
from users.history.recording import Actor
from users.signin.password_rules import generate_password

# Plans of one operator that are not applied: each correction of a file leaves one.
MOST_PENDING = 5


@sensitive_variables()
def make_plan(*, actor: Actor, operator: Operator, sheet: Sheet, file_name: str) -> LoadPlan:
    """Store what the rows of a file would do; no account is changed.

    Deletes the plans of all operators that are too old, and the plans of this operator that were
    not applied, except the last MOST_PENDING. A plan with errors stores no password. Raises
    PermissionDenied for an actor that does not administer the operator.
    """
    tenancy.require_administrator_of(actor.user, operator)
    planned = list(Planner(operator, sheet.columns).plan(sheet.rows))
    is_sound = not any(row.problems for row in planned)
    plan = LoadPlan(
        operator=operator,
        made_by=actor.user,
        file_name="".join(filter(str.isprintable, file_name))[:100],
        columns=[*sheet.columns],
    )
    rows = [
        LoadRow(
            plan=plan,
            number=row.number,
            username=row.username[:150],
            cells=_without_password(typed) if is_sound else {},
            **_result(row),
        )
        for typed, row in zip(sheet.rows, planned, strict=True)
    ]
    if is_sound:
        _seal_passwords([(row, of.password) for row, of in zip(rows, planned, strict=True)])
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


@sensitive_variables()
@transaction.atomic
def make_plan_again(*, actor: Actor, plan: LoadPlan) -> None:
    """Update a stale plan to what its file would do now. With errors it keeps no password.

    Raises OldPlanError.
    """
    plan = locked_plan(actor, plan)
    if plan.state != LoadPlan.State.STALE:
        return
    stale = list(stale_rows(plan))
    for row, planned in stale:
        for name, value in _result(planned).items():
            setattr(row, name, value)
        if row.outcome != Outcome.CREATE:
            row.sealed, row.password, row.is_generated = "", "", False
    # No password was stored for a user that existed when the file was read: generate one.
    _seal_passwords([(row, "") for row, _ in stale if not row.sealed and not row.password])
    LoadRow.objects.bulk_update(
        [row for row, _ in stale],
        [*RESULT, "sealed", "password", "is_generated"],
        batch_size=100,
    )
    if plan.has_errors:
        plan.rows.update(cells={}, sealed="", password="", is_generated=False)
    plan.state = LoadPlan.State.READY
    plan.save(update_fields=["state"])


@sensitive_variables()
def _seal_passwords(rows: list[tuple[LoadRow, str]]) -> None:
    """Seal the password of each new user; generate one where the file has none."""
    seal = seal_of_passwords()
    for row, password in rows:
        if row.outcome == Outcome.CREATE:
            row.sealed = seal.close(password or generate_password())
            row.is_generated = not password


def _without_password(row: Row) -> dict[str, str]:
    return {name: text for name, text in row.cells.items() if name != "password"}


# LoadRow fields copied from PlannedRow.
RESULT = ("account", "outcome", "before", "after", "problems", "notices")


def _result(planned: PlannedRow) -> dict:
    return {name: getattr(planned, name) for name in RESULT}
