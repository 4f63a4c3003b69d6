"""How many guesses at a clave are heard, at both doors and wherever else one can be made.

A guess is counted before the clave is compared, in a transaction of its own: however many arrive at
once, no more are compared than the limit says. It is counted as a failure, and taken back when it
was none. What is refused is not counted, so that nobody prolongs a lock by knocking.

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
from users.models import FailureCount, User
from users.signin import counters, devices
from users.signin.limits import (
    CLAVES,
    CODES,
    Key,
    Steps,
    account_key,
    address_key,
    device_key,
    key_of,
    keys_that_lock,
    ruc_key,
)

logger = logging.getLogger("users.security")


class LockedError(Exception):
    """This guess is not heard; some will be again from ``opens_at``."""

    def __init__(self, opens_at: datetime) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at

    def sentence(self, helper: str) -> str:
        seconds = (self.opens_at - timezone.now()).total_seconds()
        wait = spoken(timedelta(minutes=max(1, math.ceil(seconds / 60))))
        return (
            f"Por seguridad, el acceso está bloqueado. Intente de nuevo en {wait} "
            f"o pida {helper} que lo desbloquee."
        )

    def said_to(self, user: User) -> str:
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


def _ways(request, ruc: str, username: str, user: User | None, steps: Steps) -> Iterator[list[Key]]:
    """The keys that a guess is counted against, the account's own first; the second way when the
    first is closed."""
    account = account_key(ruc, username, steps)
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
    is_right = False


@contextmanager
def guess(
    request,
    *,
    ruc: str,
    username: str,
    user: User | None,
    what: str = "sign_in",
    steps: Steps = CLAVES,
):
    """Count a guess at the clave of an account, then let the block compare it and set ``is_right``.

    With CODES as ``steps``, a guess at a code of its second factor.

    Raises LockedError without entering the block when it is not to be heard. What the block raises
    takes the count back: nothing was compared.
    """
    report = _facts(request, user)
    try:
        counted = _count(request, ruc, username, user, steps)
    except LockedError:
        _log(f"{what}_locked", report, logging.WARNING)
        raise
    made = Guess()
    try:
        yield made
    except BaseException:
        _take_back(counted, user)
        raise
    # A door may still ask for a code: an attempt has failed, as it was counted, until he is in.
    is_over = what != "sign_in"
    if made.is_right:
        with transaction.atomic():
            _forgive(counted)
            if is_over:
                counters.decrement_failed_sign_ins(user)
        if is_over:
            _log(f"{what}_ok", report, logging.INFO)
    else:
        _log(f"{what}_failed", report, logging.WARNING)


def _count(request, ruc: str, username: str, user: User | None, steps: Steps) -> list[Key]:
    refusals = []
    for keys in _ways(request, ruc, username, user, steps):
        try:
            _count_against(keys, user)
        except LockedError as refusal:
            refusals.append(refusal)
        else:
            return keys
    raise min(refusals, key=lambda refusal: refusal.opens_at)


# Durable: an outer transaction could take the count back.
@transaction.atomic(durable=True)
def _count_against(keys: list[Key], user: User | None) -> None:
    now = timezone.now()
    counts = counters.hold_or_create(keys, now)
    opens_at = [key.opens_at(counts[str(key)], now) for key in keys]
    if refused := list(filter(None, opens_at)):
        raise LockedError(max(refused))
    for key in keys:
        key.rule.add(counts[str(key)], now)
    counters.save(counts.values())
    counters.increment_failed_sign_ins(user)


@transaction.atomic
def _take_back(keys: list[Key], user: User | None) -> None:
    counters.hold(keys)
    counters.decrement(keys)
    counters.decrement_failed_sign_ins(user)


def _forgive(keys: list[Key]) -> None:
    """The right clave wipes out the failures of its account, and counts nowhere else.

    Call it inside a transaction.
    """
    counters.hold(keys)
    own, *shared = keys
    FailureCount.objects.filter(key=own).delete()
    counters.decrement(shared)
    counters.delete_expired()


def report_pending(request, user: User) -> None:
    """The right clave, with a code still to come."""
    _log("sign_in_half_way", _facts(request, user), logging.INFO)


def reset_failed_sign_ins(request, user: User) -> None:
    """Reset the account's count of failed sign-ins, and log the sign-in."""
    counters.reset_failed_sign_ins(user)
    _log("sign_in_ok", _facts(request, user), logging.INFO)


# Locks as the people who lift them see them ----------------------------------------------------------


def locks_of(users: Iterable[User]) -> dict[User, datetime]:
    """Those of the users who can not enter in a new browser now, and until when, by one query."""
    now = timezone.now()
    # They are of one company, mostly.
    key_of_ruc = cache(ruc_key)
    keys = {user: keys_that_lock(user, key_of_ruc) for user in users}
    wanted = {str(key) for own in keys.values() for key in own}
    counts = {count.key: count for count in FailureCount.objects.filter(key__in=wanted)}
    locks = {
        user: [
            opens_at
            for key in own
            if (count := counts.get(str(key))) and (opens_at := key.opens_at(count, now))
        ]
        for user, own in keys.items()
    }
    return {user: max(found) for user, found in locks.items() if found}


def lift(user: User) -> bool:
    """Forget the failures that keep an account out; true if they did.

    Call it inside a transaction, before the row of the account is locked in it: a guess locks its
    counts first.
    """
    was_locked = user in locks_of([user])
    keys = [str(key) for key in keys_that_lock(user)]
    counters.delete(FailureCount.objects.filter(Q(key__in=keys) | Q(account=key_of(user).digest)))
    if was_locked:
        ruc = user.operator.ruc if user.operator else ""
        _log("unlocked", {"ruc": ruc, "username": user.username}, logging.INFO)
    return was_locked


def forget_codes(user: User) -> None:
    """Forget the wrong codes of an account, wherever they were typed. Call it as ``lift``."""
    counts = FailureCount.objects.filter(account=key_of(user).digest)
    counters.delete(counts.filter(key__startswith=CODES.prefix))


def _facts(request, user: User | None) -> dict:
    facts = {"address": client_address(request) if request else None}
    if user is None:
        # Nothing of a name that nobody has: it may be a clave typed into the wrong field.
        return facts
    return {**facts, "ruc": user.operator.ruc if user.operator else "", "username": user.username}


def _log(event: str, facts: dict, level: int) -> None:
    logger.log(level, event, extra={"facts": facts})
