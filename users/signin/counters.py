"""The rows of the failure counters: lock, increment, decrement and delete them."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from users.models import FailureCount, User
from users.signin.limits import CODES, Key


def hold_or_create(keys: Iterable[Key], now: datetime) -> dict[str, FailureCount]:
    """The counts of these keys, locked for this transaction; missing rows are created.

    One statement creates or locks each row, in the order of ``hold``: a transaction never waits for
    a smaller key while it holds a larger one, so two of them cannot deadlock.
    """
    new = [FailureCount(key=str(key), account=key.account, since=now) for key in keys]
    FailureCount.objects.bulk_create(
        sorted(new, key=lambda count: count.key),
        update_conflicts=True,
        unique_fields=["key"],
        # A column that never changes: the update only locks the row.
        update_fields=["account"],
    )
    return {count.key: count for count in FailureCount.objects.filter(key__in=keys)}


def hold(keys: Iterable[Key]) -> dict[str, FailureCount]:
    """The existing counts of these keys, locked for this transaction.

    Always locked in the same order, so that two transactions cannot deadlock.
    """
    counts = (
        FailureCount.objects.filter(key__in=keys).order_by("key").select_for_update(no_key=True)
    )
    return {count.key: count for count in counts}


def save(counts: Iterable[FailureCount]) -> None:
    """Store counts that this transaction has locked, and no others: it would lock them out of turn."""
    FailureCount.objects.bulk_create(
        counts,
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["failures", "since"],
    )


def decrement(keys: list[Key], *, reset: Key | None = None) -> None:
    """Decrement the counts of these keys, not below zero; set the one of ``reset`` to zero.

    No row is deleted: a transaction that waits for it would have to create it again.
    """
    counts = hold(keys)
    for name, count in counts.items():
        count.failures = 0 if name == str(reset) else max(0, count.failures - 1)
    save(counts.values())


def delete_expired() -> None:
    """Delete counts that no longer matter to their rule, except those another transaction holds."""
    old = FailureCount.objects.filter(since__lt=timezone.now() - settings.SIGN_IN_MEMORY)
    old = old.exclude(key__startswith=CODES.prefix, failures__gt=0)
    keys = old.select_for_update(no_key=True, skip_locked=True).values_list("key", flat=True)
    FailureCount.objects.filter(key__in=list(keys[:1000])).delete()


# User.failed_sign_ins, which the next sign-in reports. For an unknown name (None) the statement runs on
# no row, so that known and unknown names cost the same ------------------------------------------------


def increment_failed_sign_ins(user: User | None) -> None:
    _row(user).update(failed_sign_ins=F("failed_sign_ins") + 1)


def decrement_failed_sign_ins(user: User | None) -> None:
    _row(user).filter(failed_sign_ins__gt=0).update(failed_sign_ins=F("failed_sign_ins") - 1)


def reset_failed_sign_ins(user: User) -> None:
    _row(user).update(failed_sign_ins=0)


def _row(user: User | None):
    return User.objects.filter(pk=user.pk if user else 0)
