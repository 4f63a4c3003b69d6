"""How many guesses at a clave are heard, at both doors and wherever else one can be made.

A guess is counted before the clave is compared, in a transaction of its own: however many arrive at
once, no more are compared than the limit says. It is counted as a failure, and taken back when it
was none. What is refused is not counted, so that nobody prolongs a lock by knocking.

Names that do not exist are counted like all others. docs/decisions/0010 has the figures.
"""

import logging
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_network

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from operators.models import spoken
from operators.validators import normalise_ruc
from users.address import client_address
from users.models import FailureCount, User
from users.signin import devices

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


# The two rules -------------------------------------------------------------------------------------


class Steps:
    """After every so many failures a wait, longer each time; all forgotten some time after the last.

    Of an account, and of a browser that it used.
    """

    prefix = ""

    @property
    def waits(self) -> list[timedelta]:
        return settings.SIGN_IN_WAITS

    def settle(self, count: FailureCount, now: datetime) -> None:
        if now - count.since >= settings.SIGN_IN_MEMORY:
            count.failures = 0

    def opens_at(self, count: FailureCount) -> datetime | None:
        step, rest = divmod(count.failures, settings.SIGN_IN_FAILURES)
        if rest or not step:
            return None
        return count.since + self.waits[min(step, len(self.waits)) - 1]

    def add(self, count: FailureCount, now: datetime) -> None:
        count.failures += 1
        count.since = now


class CodeSteps(Steps):
    """Of the codes that follow the clave, counted apart: the right clave forgives none of them.

    Whoever guesses at codes has the clave, so only a right code makes them forgotten, and waits
    grow until the years to guess one are many.
    """

    prefix = "code-"

    @property
    def waits(self) -> list[timedelta]:
        return settings.SECOND_FACTOR_WAITS

    def settle(self, count: FailureCount, now: datetime) -> None:
        pass


CLAVES, CODES = Steps(), CodeSteps()


@dataclass(frozen=True)
class Pool:
    """So many failures at once; one is forgotten each time a share of the period has passed.

    Of an address and of a RUC, which many people share: nobody among them waits long.
    """

    size: int
    period: timedelta

    @property
    def share(self) -> timedelta:
        return self.period / self.size

    def settle(self, count: FailureCount, now: datetime) -> None:
        forgotten = max(0, (now - count.since) // self.share)
        if forgotten >= count.failures:
            count.failures, count.since = 0, now
        else:
            count.failures -= forgotten
            count.since += forgotten * self.share

    def opens_at(self, count: FailureCount) -> datetime | None:
        return count.since + self.share if count.failures >= self.size else None

    def add(self, count: FailureCount, now: datetime) -> None:
        count.failures += 1


# What is counted -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """What failures are counted against: a row of the table, and the rule for it."""

    kind: str
    digest: str
    rule: Steps | Pool
    account: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.digest}"

    def opens_at(self, count: FailureCount, now: datetime) -> datetime | None:
        """When a guess is heard again; None if one is now."""
        self.rule.settle(count, now)
        opens_at = self.rule.opens_at(count)
        return opens_at if opens_at and opens_at > now else None


def digest(*parts: str) -> str:
    """Bounded in length whatever was typed, and of no use to whoever reads the table."""
    return salted_hmac("users.throttle", repr(parts), algorithm="sha256").hexdigest()[:32]


def account_key(ruc: str, username: str, steps: Steps = CLAVES) -> Key:
    """One for all spellings of a name; of staff with an empty RUC."""
    # Longer than any name that exists, and short enough to fold.
    typed = username.strip()[:200]
    name = unicodedata.normalize("NFKC", typed).casefold().strip()
    account = digest("account", normalise_ruc(ruc), name)
    return Key(f"{steps.prefix}account", account, steps, account)


def key_of(user: User) -> Key:
    return account_key(user.operator.ruc if user.operator else "", user.username)


def name_of(user: User) -> dict:
    """The account as the keyword arguments of ``guess``."""
    ruc = user.operator.ruc if user.operator else ""
    return {"ruc": ruc, "username": user.username, "user": user}


def ruc_key(ruc: str) -> Key:
    pool = Pool(settings.SIGN_IN_FAILURES_PER_RUC, timedelta(hours=1))
    return Key("ruc", digest("ruc", normalise_ruc(ruc)), pool)


def address_key(address: str) -> Key:
    # Whoever has one IPv6 address has the 2**64 of its network.
    network = ip_network((address, 64 if ":" in address else 32), strict=False)
    pool = Pool(settings.SIGN_IN_FAILURES_PER_ADDRESS, timedelta(minutes=1))
    return Key("address", digest("address", str(network)), pool)


def _ways(request, ruc: str, username: str, user: User | None, steps: Steps) -> Iterator[list[Key]]:
    """The keys that a guess is counted against, the account's own first; the second way when the
    first is closed."""
    account = account_key(ruc, username, steps)
    if name := devices.name_of_known(request, user):
        own = digest("device", account.digest, name)
        yield [Key(f"{steps.prefix}device", own, steps, account.digest)]
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
                _one_failed_less(user)
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
    counts = _begun(keys, now)
    opens_at = [key.opens_at(counts[str(key)], now) for key in keys]
    if refused := list(filter(None, opens_at)):
        raise LockedError(max(refused))
    for key in keys:
        key.rule.add(counts[str(key)], now)
    FailureCount.objects.bulk_create(
        counts.values(),
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["failures", "since"],
    )
    # One statement for a name that nobody has, too.
    _account(user).update(failed_sign_ins=F("failed_sign_ins") + 1)


def _begun(keys: list[Key], now: datetime) -> dict[str, FailureCount]:
    """The counts of these keys, made where there are none."""
    names = sorted((str(key), key.account) for key in keys)
    new = [FailureCount(key=name, account=account, since=now) for name, account in names]
    while True:
        FailureCount.objects.bulk_create(new, ignore_conflicts=True)
        counts = _held(keys)
        # Else one was there when it was to be made, and a right clave took it away since.
        if len(counts) == len(keys):
            return counts


def _held(keys: Iterable[Key]) -> dict[str, FailureCount]:
    """The counts that there are of these keys, for this transaction alone.

    Always in one order: two transactions that lock rows in different orders wait for each other.
    """
    counts = FailureCount.objects.filter(key__in=keys).order_by("key").select_for_update()
    return {count.key: count for count in counts}


@transaction.atomic
def _take_back(keys: list[Key], user: User | None) -> None:
    _held(keys)
    _count_one_less(keys)
    _one_failed_less(user)


def _forgive(keys: list[Key]) -> None:
    """The right clave wipes out the failures of its account, and counts nowhere else.

    Call it inside a transaction.
    """
    _held(keys)
    own, *shared = keys
    FailureCount.objects.filter(key=own).delete()
    _count_one_less(shared)
    _forget_old()


def _count_one_less(keys: list[Key]) -> None:
    counts = FailureCount.objects.filter(key__in=keys, failures__gt=0)
    counts.update(failures=F("failures") - 1)


def _one_failed_less(user: User | None) -> None:
    _account(user).filter(failed_sign_ins__gt=0).update(failed_sign_ins=F("failed_sign_ins") - 1)


def report_pending(request, user: User) -> None:
    """The right clave, with a code still to come."""
    _log("sign_in_half_way", _facts(request, user), logging.INFO)


def reset_failed_sign_ins(request, user: User) -> None:
    """Reset the account's count of failed sign-ins, and log the sign-in."""
    _account(user).update(failed_sign_ins=0)
    _log("sign_in_ok", _facts(request, user), logging.INFO)


def _account(user: User | None):
    return User.objects.filter(pk=user.pk if user else 0)


def _forget_old() -> None:
    """Take away what no rule remembers, leaving alone what somebody is counting at this moment."""
    old = FailureCount.objects.filter(since__lt=timezone.now() - settings.SIGN_IN_MEMORY)
    old = old.exclude(key__startswith=CODES.prefix)
    keys = old.select_for_update(skip_locked=True).values_list("key", flat=True)
    FailureCount.objects.filter(key__in=list(keys[:1000])).delete()


# Locks as the people who lift them see them ----------------------------------------------------------


def locks_of(users: Iterable[User]) -> dict[User, datetime]:
    """Those of the users who can not enter in a new browser now, and until when, by one query."""
    now = timezone.now()
    # They are of one company, mostly.
    key_of_ruc = cache(ruc_key)
    keys = {user: _keys_that_lock(user, key_of_ruc) for user in users}
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
    keys = [str(key) for key in _keys_that_lock(user)]
    _forget(FailureCount.objects.filter(Q(key__in=keys) | Q(account=key_of(user).digest)))
    if was_locked:
        ruc = user.operator.ruc if user.operator else ""
        _log("unlocked", {"ruc": ruc, "username": user.username}, logging.INFO)
    return was_locked


def forget_codes(user: User) -> None:
    """Forget the wrong codes of an account, wherever they were typed. Call it as ``lift``."""
    counts = FailureCount.objects.filter(account=key_of(user).digest)
    _forget(counts.filter(key__startswith=CODES.prefix))


def _forget(counts) -> None:
    held = counts.order_by("key").select_for_update().values_list("key", flat=True)
    FailureCount.objects.filter(key__in=list(held)).delete()


def _keys_that_lock(user: User, key_of_ruc: Callable[[str], Key] = ruc_key) -> list[Key]:
    claves = key_of(user)
    codes = replace(claves, kind=f"{CODES.prefix}account", rule=CODES)
    return [claves, codes, *([key_of_ruc(user.operator.ruc)] if user.operator else [])]


def _facts(request, user: User | None) -> dict:
    facts = {"address": client_address(request) if request else None}
    if user is None:
        # Nothing of a name that nobody has: it may be a clave typed into the wrong field.
        return facts
    return {**facts, "ruc": user.operator.ruc if user.operator else "", "username": user.username}


def _log(event: str, facts: dict, level: int) -> None:
    logger.log(level, event, extra={"facts": facts})
