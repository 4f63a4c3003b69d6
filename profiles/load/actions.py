"""Makes plans and applies them: the only code that writes them.

Applying is three things. Claves are hashed some at a time, outside of any long transaction, and
each hash is kept as soon as there is one: whoever is stopped, or dies, goes on where he was. Then
one transaction computes the plan once more and, if it still says the same, does all of it. A plan
that was applied stays applied.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from itertools import islice
from time import monotonic

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.actions.grants import NotOfferedError, load_access
from profiles.load.planning import DAYS, GRANTS, ROWS_AT_ONCE, PlannedRow, Planner
from profiles.load.rows import Row, Sheet
from profiles.load.seal import seal_of_claves
from profiles.models import LoadPlan, LoadRow, Outcome
from users import tenancy
from users.actions.bulk import load_accounts
from users.history.recording import Actor, record
from users.models import User
from users.seal import BrokenSealError
from users.signin.password_rules import generate_password
from users.stale import StaleError

# Hashed together and kept together: half a second's work of two cores.
HASHED_AT_ONCE = 32 * (os.cpu_count() or 1)
# Of one operator: whoever corrects his file until it is right leaves a plan each time.
MOST_PENDING = 5


class PlanWithErrorsError(Exception):
    """A plan is applied whole, so one with errors is not applied."""


class OldPlanError(Exception):
    """The plan is kept no longer: the file is loaded again."""


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
    plan = _locked(actor, plan)
    if plan.state == LoadPlan.State.APPLIED:
        return False
    plan.delete()
    return True


@sensitive_variables()
@transaction.atomic
def make_plan_again(*, actor: Actor, plan: LoadPlan) -> None:
    """Bring a stale plan to what its file would do now. With errors, it keeps no clave any more."""
    plan = _locked(actor, plan)
    if plan.state != LoadPlan.State.STALE:
        return
    stale = list(_stale_rows(plan))
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


def start_applying(*, actor: Actor, plan: LoadPlan) -> None:
    """Say that the plan shall be applied: ``keep_applying`` does it.

    Raises PlanWithErrorsError, OldPlanError, and StaleError when it says something else by now.
    """
    tenancy.require_administrator_of(actor.user, plan.operator)
    is_stale = next(_stale_rows(plan), None) is not None
    with transaction.atomic():
        plan = _locked(actor, plan)
        if plan.state in (LoadPlan.State.APPLYING, LoadPlan.State.APPLIED):
            return
        if plan.has_errors:
            raise PlanWithErrorsError
        plan.state = LoadPlan.State.STALE if is_stale else LoadPlan.State.APPLYING
        plan.save(update_fields=["state"])
    if is_stale:
        raise StaleError(plan.state)


@dataclass(frozen=True)
class Progress:
    """How many claves are hashed of how many, and at which rate now, in rows a second."""

    done: int
    total: int
    rate: float = 0

    @property
    def is_over(self) -> bool:
        return self.done == self.total

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100

    @property
    def seconds_left(self) -> int:
        return round((self.total - self.done) / self.rate) if self.rate else 0


@sensitive_variables()
def keep_applying(*, actor: Actor, plan: LoadPlan, seconds: float) -> Progress:
    """Hash claves for about so many seconds; once all are, apply the plan.

    For a plan that started, as often as it takes. Raises StaleError, ValidationError for a rule
    that refuses an account by now, PlanWithErrorsError, OldPlanError, and BrokenSealError when its
    claves can no longer be read: then nothing of the plan is done, and it is not being applied any
    more.
    """
    tenancy.require_administrator_of(actor.user, plan.operator)
    started, hashed = monotonic(), 0
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while some := _hash_some(actor, plan, pool):
                hashed += some
                # At the end, so that however short a stretch is it gets on.
                if monotonic() - started >= seconds:
                    break
        rate = hashed / (monotonic() - started)
        total, left = plan.rows.filter(outcome=Outcome.CREATE).count(), plan.unhashed.count()
        return Progress(total if _apply(actor, plan) else total - left, total, rate)
    except (PlanWithErrorsError, BrokenSealError):
        _release(plan, LoadPlan.State.READY)
        raise


@sensitive_variables()
@transaction.atomic
def hand_over(*, actor: Actor, plan: LoadPlan) -> list[tuple[str, str]]:
    """Each usuario with its generated clave, once: they are erased with this.

    Raises OldPlanError, and BrokenSealError when they can no longer be read.
    """
    plan = _locked(actor, plan)
    if plan.state != LoadPlan.State.APPLIED:
        return []
    rows = list(plan.to_hand_over.values_list("username", "sealed"))
    seal = seal_of_claves()
    claves = [(username, seal.open(sealed)) for username, sealed in rows]
    plan.rows.update(sealed="")
    if rows:
        record(
            "users.claves_handed_over",
            actor=actor,
            operator=plan.operator,
            after={"file": plan.file_name, "claves": len(rows)},
        )
    return claves


def _locked(actor: Actor, plan: LoadPlan) -> LoadPlan:
    tenancy.require_administrator_of(actor.user, plan.operator)
    plans = LoadPlan.objects.select_for_update(of=("self",)).select_related("operator")
    # Somebody may have thrown it away.
    plan = get_object_or_404(plans, pk=plan.pk)
    if plan.is_too_old:
        raise OldPlanError
    return plan


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


def _planned_again(plan: LoadPlan, *, locked: bool = False) -> Iterator[tuple[LoadRow, PlannedRow]]:
    rows = plan.rows.iterator(chunk_size=ROWS_AT_ONCE)
    planner = Planner(plan.operator, plan.columns, locked=locked)
    while some := list(islice(rows, ROWS_AT_ONCE)):
        yield from zip(some, planner.plan(Row(row.number, row.cells) for row in some), strict=True)


def _matches(row: LoadRow, planned: PlannedRow) -> bool:
    """The same, of the same account."""
    return (row.account_id, row.outcome, row.before, row.after) == (
        planned.account and planned.account.pk,
        planned.outcome,
        planned.before,
        planned.after,
    )


def _stale_rows(plan: LoadPlan) -> Iterator[tuple[LoadRow, PlannedRow]]:
    return ((row, planned) for row, planned in _planned_again(plan) if not _matches(row, planned))


def _release(plan: LoadPlan, state: LoadPlan.State) -> None:
    """Unless somebody in another window got further with it."""
    LoadPlan.objects.filter(pk=plan.pk, state=LoadPlan.State.APPLYING).update(state=state)


@sensitive_variables()
def _hash_some(actor: Actor, plan: LoadPlan, pool: ThreadPoolExecutor) -> int:
    """How many were hashed: none once all are, and none of a plan that is not being applied.

    Argon2 lets other threads run meanwhile, so the pool uses every core.
    """
    # The lock is not held while they are hashed. In another window the plan may be applied
    # before, or meanwhile, and its claves erased.
    with transaction.atomic():
        if _locked(actor, plan).state != LoadPlan.State.APPLYING:
            return 0
        rows = list(plan.unhashed.only("sealed", "is_generated")[:HASHED_AT_ONCE])
    passwords = map(seal_of_claves().open, [row.sealed for row in rows])
    for row, password in zip(rows, pool.map(make_password, passwords), strict=True):
        row.password = password
        if not row.is_generated:
            row.sealed = ""
    with transaction.atomic():
        if _locked(actor, plan).state != LoadPlan.State.APPLYING:
            return 0
        LoadRow.objects.bulk_update(rows, ["password", "sealed"])
    return len(rows)


def _apply(actor: Actor, plan: LoadPlan) -> bool:
    """Do all of a plan once every clave is hashed; true if there is nothing left to do."""
    try:
        with transaction.atomic():
            plan = _locked(actor, plan)
            if plan.state != LoadPlan.State.APPLYING:
                return True
            if plan.unhashed.exists():
                return False
            if plan.has_errors:
                raise PlanWithErrorsError
            counts = plan.counts()
            pairs = _planned_again(plan, locked=True)
            while some := list(islice(pairs, ROWS_AT_ONCE)):
                if not all(_matches(row, planned) for row, planned in some):
                    raise StaleError(LoadPlan.State.STALE)
                _write(actor, plan.operator, some)
            plan.state, plan.applied_at = LoadPlan.State.APPLIED, timezone.now()
            plan.save(update_fields=["state", "applied_at"])
            # Its hashes stand in the accounts now.
            plan.rows.update(password="", cells={})
            _seal_anew(plan)
            if counts[Outcome.CREATE] or counts[Outcome.CHANGE]:
                record(
                    "users.loaded",
                    actor=actor,
                    operator=plan.operator,
                    after={
                        "file": plan.file_name,
                        "created": counts[Outcome.CREATE],
                        "changed": counts[Outcome.CHANGE],
                    },
                )
    except ValidationError:
        _release(plan, LoadPlan.State.STALE)
        raise
    except (StaleError, IntegrityError, NotOfferedError) as error:
        # Another request wrote between the computation and the writing: the plan is stale, too.
        _release(plan, LoadPlan.State.STALE)
        raise StaleError(LoadPlan.State.STALE) from error
    return True


@sensitive_variables()
def _seal_anew(plan: LoadPlan) -> None:
    """The age of a clave that is to be fetched runs from when it let somebody in."""
    rows, seal = list(plan.to_hand_over.only("sealed")), seal_of_claves()
    for row in rows:
        row.sealed = seal.close(seal.open(row.sealed))
    LoadRow.objects.bulk_update(rows, ["sealed"], batch_size=100)


def _write(actor: Actor, operator: Operator, pairs: list[tuple[LoadRow, PlannedRow]]) -> None:
    """Do what these rows say, on users who stay as they are until it is done."""
    rows = [
        (row, planned.account or _new_user(row))
        for row, planned in pairs
        if row.outcome in (Outcome.CREATE, Outcome.CHANGE)
    ]
    load_accounts(
        actor=actor,
        operator=operator,
        new=[user for row, user in rows if row.outcome == Outcome.CREATE],
        changed=[
            (user, facts)
            for row, user in rows
            if row.outcome == Outcome.CHANGE and (facts := _account_facts(row.after))
        ],
    )
    assignments = {
        kind: [
            (user, row.before.get(kind, []), row.after[kind])
            for row, user in rows
            if row.after.get(kind, []) != row.before.get(kind, [])
        ]
        for kind in GRANTS
    }
    load_access(actor=actor, operator=operator, **assignments)


def _new_user(row: LoadRow) -> User:
    return User(
        username=row.username,
        password=row.password,
        # Whoever hands it over has read it.
        must_change_password=row.is_generated,
        **_account_facts(row.after),
    )


def _account_facts(facts: dict) -> dict:
    """Those of the account itself, as the model holds them."""
    return {
        name: value if name not in DAYS else date.fromisoformat(value) if value else None
        for name, value in facts.items()
        if name not in GRANTS
    }
