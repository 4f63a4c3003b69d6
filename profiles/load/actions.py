"""Make plans of a load, make them again and discard them; ``applying`` applies them."""

from django.db import transaction
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.load.planning import ROWS_AT_ONCE, PlannedRow, Planner
from profiles.load.plans import locked_plan, stale_rows
from profiles.load.rows import Row, Sheet
from profiles.load.seal import seal_of_claves
from profiles.models import LoadPlan, LoadRow, Outcome
from users import tenancy
from users.history.recording import Actor
from users.signin.password_rules import generate_password

# Of one operator: whoever corrects his file until it is right leaves a plan each time.
MOST_PENDING = 5


@sensitive_variables()
def make_plan(*, actor: Actor, operator: Operator, sheet: Sheet, file_name: str) -> LoadPlan:
    """Keep what the rows of a file would do; nothing is done yet.

    Takes away plans that are too old, whoever made them, and of this operator those that were not
    applied but for the last MOST_PENDING. A plan with errors keeps no clave.
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
            cells=_without_clave(typed) if is_sound else {},
            **_result(row),
        )
        for typed, row in zip(sheet.rows, planned, strict=True)
    ]
    if is_sound:
        _seal_claves([(row, of.password) for row, of in zip(rows, planned, strict=True)])
    with transaction.atomic():
        plan.save()
        LoadRow.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)
        pending = LoadPlan.objects.exclude(state=LoadPlan.State.APPLIED)
        further = pending.filter(operator=operator).values_list("pk", flat=True)[MOST_PENDING:]
        _take_away(LoadPlan.objects.too_old())
        _take_away(pending.filter(pk__in=[*further]))
    return plan


def _take_away(plans: QuerySet) -> None:
    """Delete plans, but for those that somebody is busy with."""
    free = plans.select_for_update(skip_locked=True).values_list("pk", flat=True)
    LoadPlan.objects.filter(pk__in=[*free]).delete()


@transaction.atomic
def discard(*, actor: Actor, plan: LoadPlan) -> bool:
    """Throw a plan away, and what was hashed for it; false for one that was applied, which stays."""
    plan = locked_plan(actor, plan)
    if plan.state == LoadPlan.State.APPLIED:
        return False
    plan.delete()
    return True


@sensitive_variables()
@transaction.atomic
def make_plan_again(*, actor: Actor, plan: LoadPlan) -> None:
    """Bring a stale plan to what its file would do now. With errors, it keeps no clave any more."""
    plan = locked_plan(actor, plan)
    if plan.state != LoadPlan.State.STALE:
        return
    stale = list(stale_rows(plan))
    for row, planned in stale:
        for name, value in _result(planned).items():
            setattr(row, name, value)
        if row.outcome != Outcome.CREATE:
            row.sealed, row.password, row.is_generated = "", "", False
    # Of somebody who was there when the file was read, no clave was kept.
    _seal_claves([(row, "") for row, _ in stale if not row.sealed and not row.password])
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
def _seal_claves(rows: list[tuple[LoadRow, str]]) -> None:
    """Seal the clave of each new user, a generated one where none is given."""
    seal = seal_of_claves()
    for row, password in rows:
        if row.outcome == Outcome.CREATE:
            row.sealed = seal.close(password or generate_password())
            row.is_generated = not password


def _without_clave(row: Row) -> dict[str, str]:
    return {name: text for name, text in row.cells.items() if name != "password"}


# What a row of a plan says of whom.
RESULT = ("account", "outcome", "before", "after", "problems", "notices")


def _result(planned: PlannedRow) -> dict:
    return {name: getattr(planned, name) for name in RESULT}
