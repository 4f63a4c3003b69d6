"""Kept plans: lock one, and compare it with what its file would do now."""

from collections.abc import Iterator
from itertools import islice

from django.shortcuts import get_object_or_404

from profiles.load.planning import ROWS_AT_ONCE, PlannedRow, Planner
from profiles.models import LoadPlan, LoadRow
from profiles.tables.rows import Row
from users import tenancy
from users.history.recording import Actor


class OldPlanError(Exception):
    """The plan is older than plans are kept: load the file again."""


def locked_plan(actor: Actor, plan: LoadPlan) -> LoadPlan:
    """Return the plan with its row locked until the transaction ends.

    Raises PermissionDenied for an actor that does not administer its operator, Http404 for a plan
    that another request discarded, and OldPlanError.
    """
    tenancy.require_administrator_of(actor.user, plan.operator)
    plans = LoadPlan.objects.select_for_update(no_key=True, of=("self",)).select_related("operator")
    plan = get_object_or_404(plans, pk=plan.pk)
    if plan.is_too_old:
        raise OldPlanError
    return plan


def planned_again(plan: LoadPlan) -> Iterator[tuple[LoadRow, PlannedRow]]:
    """Yield each row with what it would do now."""
    rows = plan.rows.iterator(chunk_size=ROWS_AT_ONCE)
    planner = Planner(plan.operator, plan.columns)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield from zip(
            some,
            planner.plan(Row(row.number, row.cells, notes=row.notes) for row in some),
            strict=True,
        )


def matches(row: LoadRow, planned: PlannedRow) -> bool:
    """Return whether the row would still do the same, to the same account."""
    return (row.account_id, row.outcome, row.before, row.after) == (
        planned.account and planned.account.pk,
        planned.outcome,
        planned.before,
        planned.after,
    )


def stale_rows(plan: LoadPlan) -> Iterator[tuple[LoadRow, PlannedRow]]:
    """Yield the rows that would do something else now, with what they would do."""
    return ((row, planned) for row, planned in planned_again(plan) if not matches(row, planned))
