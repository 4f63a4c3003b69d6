"""Limit guesses of a password or a code, on every page that compares one.

A guess counts as a failure before it is compared, in a transaction of its own: of any number of
guesses at once, no more are compared than the limit allows. A right guess is then uncounted.
Refused guesses are not counted, so retrying does not extend a lock.

Names that do not exist are counted like all others. docs/decisions/0010 has the figures.
"""

import logging
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from operators.models import spoken
from users.address import client_address
from users.models import FailureCount, User, delete_in_order
from users.signin import counters, devices
from users.signin.limits import (
    CODES,
    PASSWORDS,
    Key,
    Lockout,
    account_key,
    address_key,
    device_key,
    key_of,
    keys_that_lock,
    refusals,
    ruc_key,
)

logger = logging.getLogger("users.security")


class LockedError(Exception):
    """A guess was refused without a comparison, or another counted act without being done.

    The next one is allowed at ``opens_at``.
    """

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at

    @property
    def seconds(self) -> int:
        """How many seconds to wait, at least one."""
        return max(1, math.ceil((self.opens_at - timezone.now()).total_seconds()))

    @property
    def wait(self) -> str:
        """How long to wait, in Spanish words."""
        return spoken(timedelta(minutes=math.ceil(self.seconds / 60)))

    def sentence(self, helper: str) -> str:
        """What the page says; ``helper`` is who can unlock the account, with its preposition."""
        return (
            f"Por seguridad, el acceso está bloqueado. Intente de nuevo en {self.wait} "
            f"o pida {helper} que lo desbloquee."
        )

    def said_to(self, user: User) -> str:
        """The sentence for a known user."""
        return self.for_operators if user.operator_id else self.for_staff

    @property
    def for_operators(self) -> str:
        return self.sentence("al usuario principal")

    @property
    def for_staff(self) -> str:
        return self.sentence("a otro miembro del personal")


def name_of(user: User) -> dict:
    """The account as the keyword arguments of ``guess``."""
    ruc = user.operator.ruc if user.operator else ""
    return {"ruc": ruc, "username": user.username, "user": user}


def _ways(
    request, ruc: str, username: str, user: User | None, lockout: Lockout
) -> Iterator[list[Key]]:
    """The keys that a guess counts for, the account's own key first.

    A known browser has keys of its own; the second list is for when those are locked.
    """
    account = account_key(ruc, username, lockout)
    if name := devices.name_of_known(request, user):
        yield [device_key(account, name)]
    address = client_address(request) if request else None
    yield [
        account,
        *([ruc_key(ruc)] if ruc else []),
        *([address_key(address)] if address else []),
    ]


# A guess -------------------------------------------------------------------------------------------


class Guess:
    """The result of a comparison, set inside the block of ``guess``."""

    is_right = False


@contextmanager
def guess(
    request,
    *,
    ruc: str,
    username: str,
    user: User | None,
    event: str = "sign_in",
    lockout: Lockout = PASSWORDS,
):
    """Count a guess, then enter the block, which compares it and sets ``is_right``.

    ``lockout`` is PASSWORDS, or CODES for a code of the second factor; ``event`` begins the names of
    the log events. Raises LockedError, without entering the block, while the account is locked. An
    exception from the block uncounts the guess: nothing was compared.
    """
    report = _facts(request, user)
    try:
        counted = _count(request, ruc, username, user, lockout)
    except LockedError:
        _log(f"{event}_locked", report, logging.WARNING)
        raise
    made = Guess()
    try:
        yield made
    except BaseException:
        _uncount(counted, user)
        raise
    # The attempt stays counted as failed until the second factor succeeds.
    is_over = event != "sign_in"
    if made.is_right:
        with transaction.atomic():
            # The account's count starts again; those of its RUC and its address lose this guess.
            counters.decrement(counted, reset=counted[0])
            counters.delete_expired()
            if is_over:
                counters.decrement_failed_sign_ins(user)
        if is_over:
            _log(f"{event}_ok", report, logging.INFO)
    else:
        _log(f"{event}_failed", report, logging.WARNING)


def _count(request, ruc: str, username: str, user: User | None, lockout: Lockout) -> list[Key]:
    locks = []
    for keys in _ways(request, ruc, username, user, lockout):
        try:
            return _count_against(keys, user)
        except LockedError as locked:
            locks.append(locked)
    raise min(locks, key=lambda locked: locked.opens_at)


# Durable: the rollback of an outer transaction would undo the count.
@transaction.atomic(durable=True)
def _count_against(keys: list[Key], user: User | None) -> list[Key]:
    """Count a guess and return the keys that it counts for; raises LockedError.

    A RUC that is at its limit and refuses nothing is left as it is: the guess is none of its own.
    """
    now = timezone.now()
    counts = counters.hold_or_create(keys, now)
    if refused := refusals(keys, counts, now):
        raise LockedError(max(refused.values()))
    counted = [key for key in keys if not key.opens_at(counts[str(key)], now)]
    for key in counted:
        key.rule.add(counts[str(key)], now)
    counters.save(counts.values())
    counters.increment_failed_sign_ins(user)
    return counted


def count(key: Key) -> None:
    """Count an act that is limited as guesses are, such as a new company. Raises LockedError."""
    _count_against([key], None)


@transaction.atomic
def _uncount(keys: list[Key], user: User | None) -> None:
    counters.decrement(keys)
    counters.decrement_failed_sign_ins(user)


def report_pending(request, user: User) -> None:
    """Log a right password with the code still to come."""
    _log("sign_in_half_way", _facts(request, user), logging.INFO)


def report_refused(request, user: User) -> None:
    """Log a right password that was refused all the same; the attempt stays counted as failed."""
    _log("sign_in_failed", _facts(request, user), logging.WARNING)


def reset_failed_sign_ins(request, user: User) -> None:
    """Reset the account's count of failed sign-ins, and log the sign-in."""
    counters.reset_failed_sign_ins(user)
    _log("sign_in_ok", _facts(request, user), logging.INFO)


# Locks: listed and lifted ----------------------------------------------------------


def locks_of(users: Iterable[User]) -> dict[User, datetime]:
    """The users who are locked in a new browser, and until when. One query for all of them."""
    now = timezone.now()
    # Most of the users share a RUC.
    key_of_ruc = cache(ruc_key)
    keys = {user: keys_that_lock(user, key_of_ruc) for user in users}
    wanted = {str(key) for own in keys.values() for key in own}
    counts = {count.key: count for count in FailureCount.objects.filter(key__in=wanted)}
    locks = {user: refusals(own, counts, now).values() for user, own in keys.items()}
    return {user: max(found) for user, found in locks.items() if found}


def lift(*users: User) -> list[User]:
    """Delete the counts that lock accounts, also in their known browsers; return who was locked.

    Call it inside a transaction, before locking an account's row: a guess locks its counts first.
    """
    locked = list(locks_of(users))
    keys = [str(key) for user in users for key in keys_that_lock(user)]
    own = [key_of(user).digest for user in users]
    delete_in_order(FailureCount.objects.filter(Q(key__in=keys) | Q(account__in=own)))
    for user in locked:
        ruc = user.operator.ruc if user.operator else ""
        _log("unlocked", {"ruc": ruc, "username": user.username}, logging.INFO)
    return locked


def forget_codes(user: User) -> None:
    """Delete the counts of wrong codes of an account, in all browsers. Call it as ``lift``."""
    counts = FailureCount.objects.filter(account=key_of(user).digest)
    delete_in_order(counts.filter(key__startswith=CODES.prefix))


def _facts(request, user: User | None) -> dict:
    facts = {"address": client_address(request) if request else None}
    if user is None:
        # Do not log an unknown name: it may be a password typed into the wrong field.
        return facts
    return {**facts, "ruc": user.operator.ruc if user.operator else "", "username": user.username}


def _log(event: str, facts: dict, level: int) -> None:
    logger.log(level, event, extra={"facts": facts})
