"""Apply a plan, and hand over its generated passwords.

Passwords are hashed in batches, outside of any long transaction, and each batch is stored at once:
after an interruption the next request continues. Then one transaction computes the plan again and,
if nothing changed, writes all of it. An applied plan stays applied.

One request at a time works on a plan; the others see how far it is.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from time import monotonic

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from operators.models import Operator
from profiles.actions.grants import NotOfferedError, load_access
from profiles.load.planning import DAYS, GRANTS, ROWS_AT_ONCE, PlannedRow
from profiles.load.plans import OldPlanError, locked_plan, matches, planned_again, stale_rows
from profiles.load.seal import seal_of_passwords
from profiles.models import LoadPlan, LoadRow, Outcome
from users import tenancy
from users.actions.bulk import load_accounts
from users.history.recording import Actor, record
from users.models import User, lock_in_order
from users.seal import BrokenSealError
from users.stale import StaleError

# Passwords hashed and stored together: half a second's work of two cores.
HASHED_AT_ONCE = 32 * (os.cpu_count() or 1)
# After so long without a batch, the request that worked on a plan counts as killed.
LEASE = timedelta(seconds=30)


class PlanWithErrorsError(Exception):
    """The plan has errors. A plan is applied whole, so it is not applied."""


def start_applying(*, actor: Actor, plan: LoadPlan) -> None:
    """Mark the plan as being applied; ``keep_applying`` then applies it.

    Raises PlanWithErrorsError, OldPlanError, and StaleError if its file would now do something
    else.
    """
    tenancy.require_administrator_of(actor.user, plan.operator)
    is_stale = next(stale_rows(plan), None) is not None
    with transaction.atomic():
        plan = locked_plan(actor, plan)
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
    """How many passwords of the total are hashed, and the last rate in passwords a second."""

    done: int
    total: int
    rate: float = 0

    @classmethod
    def of(cls, plan: LoadPlan) -> "Progress":
        total = plan.rows.filter(outcome=Outcome.CREATE).count()
        return cls(total - plan.unhashed.count(), total, plan.rate)

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 100

    @property
    def seconds_left(self) -> int:
        return round((self.total - self.done) / self.rate) if self.rate else 0


@sensitive_variables()
def keep_applying(*, actor: Actor, plan: LoadPlan, seconds: float) -> bool:
    """Hash passwords for about so many seconds; once all are hashed, apply the plan.

    Call it on a started plan until its state is another. Returns False, without doing anything,
    while another request works on the plan or once it is no longer being applied. Raises StaleError; ValidationError if a rule now refuses an account;
    PlanWithErrorsError; OldPlanError; and BrokenSealError if its passwords can no longer be read.
    Then nothing was written and the plan is no longer being applied.
    """
    tenancy.require_administrator_of(actor.user, plan.operator)
    if plan.is_too_old:
        raise OldPlanError
    if not _claim(plan):
        return False
    started, hashed, rate = monotonic(), 0, plan.rate
    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            while some := _hash_some(actor, plan, pool):
                hashed += some
                rate = hashed / (monotonic() - started)
                # Checked after a batch, so that each call makes progress.
                if monotonic() - started >= seconds:
                    break
        if not _apply(actor, plan):
            _end_work(plan, rate)
    except (PlanWithErrorsError, BrokenSealError):
        _release(plan, LoadPlan.State.READY)
        raise
    return True


@transaction.atomic
def _claim(plan: LoadPlan) -> bool:
    """Return whether this request is now the one that works on the plan."""
    now = timezone.now()
    is_free = Q(worked_until=None) | Q(worked_until__lt=now)
    plans = LoadPlan.objects.filter(is_free, pk=plan.pk, state=LoadPlan.State.APPLYING)
    # Read first: an update would wait for the transaction that applies the plan.
    return plans.exists() and plans.update(worked_until=now + LEASE) == 1


@transaction.atomic
def _end_work(plan: LoadPlan, rate: float) -> None:
    LoadPlan.objects.filter(pk=plan.pk).update(worked_until=None, rate=rate)


@sensitive_variables()
@transaction.atomic
def hand_over(*, actor: Actor, plan: LoadPlan) -> list[tuple[str, str]]:
    """Return each usuario with its generated password, and erase the passwords.

    Empty for a plan that is not applied. Raises OldPlanError, and BrokenSealError if the passwords
    can no longer be read.
    """
    plan = locked_plan(actor, plan)
    if plan.state != LoadPlan.State.APPLIED:
        return []
    rows = list(plan.to_hand_over.values_list("username", "sealed"))
    seal = seal_of_passwords()
    passwords = [(username, seal.open(sealed)) for username, sealed in rows]
    plan.rows.update(sealed="")
    if rows:
        record(
            "users.claves_handed_over",
            actor=actor,
            operator=plan.operator,
            after={"file": plan.file_name, "claves": len(rows)},
        )
    return passwords


@sensitive_variables()
def _hash_some(actor: Actor, plan: LoadPlan, pool: ThreadPoolExecutor) -> int:
    """Hash one batch; return how many, which is 0 once all are hashed or the plan is not applying.

    Argon2 releases the interpreter's lock, so the pool uses every core.
    """
    # The lock is not held during hashing: another request may apply the plan and erase its
    # passwords before or meanwhile. So the state is checked twice.
    with transaction.atomic():
        if locked_plan(actor, plan).state != LoadPlan.State.APPLYING:
            return 0
        rows = list(plan.unhashed.only("sealed", "is_generated")[:HASHED_AT_ONCE])
    passwords = map(seal_of_passwords().open, [row.sealed for row in rows])
    for row, password in zip(rows, pool.map(make_password, passwords), strict=True):
        row.password = password
        if not row.is_generated:
            row.sealed = ""
    with transaction.atomic():
        if locked_plan(actor, plan).state != LoadPlan.State.APPLYING:
            return 0
        LoadRow.objects.bulk_update(rows, ["password", "sealed"])
        LoadPlan.objects.filter(pk=plan.pk).update(worked_until=timezone.now() + LEASE)
    return len(rows)


def _apply(actor: Actor, plan: LoadPlan) -> bool:
    """Write the whole plan if every password is hashed; return whether nothing is left to do."""
    try:
        with transaction.atomic():
            plan = locked_plan(actor, plan)
            if plan.state != LoadPlan.State.APPLYING:
                return True
            if plan.unhashed.exists():
                return False
            if plan.has_errors:
                raise PlanWithErrorsError
            counts = plan.counts()
            # Two loads of one operator take turns: their files may name the same users in any order.
            lock_in_order(Operator.objects.filter(pk=plan.operator_id))
            names = plan.rows.values("username")
            lock_in_order(User.objects.filter(operator=plan.operator, username__in=names))
            pairs = planned_again(plan)
            while some := list(islice(pairs, ROWS_AT_ONCE)):
                if not all(matches(row, planned) for row, planned in some):
                    raise StaleError(LoadPlan.State.STALE)
                _write(actor, plan.operator, some)
            plan.state, plan.applied_at = LoadPlan.State.APPLIED, timezone.now()
            plan.worked_until = None
            plan.save(update_fields=["state", "applied_at", "worked_until"])
            # The accounts hold the hashes now.
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


def _release(plan: LoadPlan, state: LoadPlan.State) -> None:
    """Release the plan, unless another request changed its state."""
    plans = LoadPlan.objects.filter(pk=plan.pk, state=LoadPlan.State.APPLYING)
    plans.update(state=state, worked_until=None)


@sensitive_variables()
def _seal_anew(plan: LoadPlan) -> None:
    """Seal the generated passwords again: their age counts from when the accounts exist."""
    rows, seal = list(plan.to_hand_over.only("sealed")), seal_of_passwords()
    for row in rows:
        row.sealed = seal.close(seal.open(row.sealed))
    LoadRow.objects.bulk_update(rows, ["sealed"], batch_size=100)


def _write(actor: Actor, operator: Operator, pairs: list[tuple[LoadRow, PlannedRow]]) -> None:
    """Write these rows. Their users are locked, so they have not changed since they were planned."""
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
        # The person who hands over a generated password has read it.
        must_change_password=row.is_generated,
        **_account_facts(row.after),
    )


def _account_facts(facts: dict) -> dict:
    """Return the facts of the account itself, as values of the model's fields."""
    return {
        name: value if name not in DAYS else date.fromisoformat(value) if value else None
        for name, value in facts.items()
        if name not in GRANTS
    }
