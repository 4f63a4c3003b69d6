"""The limits on guesses: the rules by which failures lock, and the keys that failures count for."""

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.conf import settings
from django.utils.crypto import salted_hmac

from operators.validators import normalise_ruc
from users.models import FailureCount, User

# The two rules -------------------------------------------------------------------------------------


class Lockout:
    """For an account and for its known browsers: a wait after every few failures, longer each time.

    After ``settings.SIGN_IN_MEMORY`` without a failure the counter resets.
    """

    prefix = ""

    @property
    def waits(self) -> list[timedelta]:
        return settings.SIGN_IN_WAITS

    def settle(self, count: FailureCount, now: datetime) -> None:
        """Bring the count up to date with the time that has passed."""
        if now - count.since >= settings.SIGN_IN_MEMORY:
            count.failures = 0

    def opens_at(self, count: FailureCount) -> datetime | None:
        """When the next guess is allowed; None if the count does not lock."""
        step, rest = divmod(count.failures, settings.SIGN_IN_FAILURES)
        if rest or not step:
            return None
        return count.since + self.waits[min(step, len(self.waits)) - 1]

    def add(self, count: FailureCount, now: datetime) -> None:
        """Increment the count."""
        count.failures += 1
        count.since = now


class CodeLockout(Lockout):
    """For wrong codes, which have counters of their own: a correct password does not reset them.

    An attacker who guesses codes has the password already. So only a right code resets the
    counter, time does not, and the waits grow to a day (docs/decisions/0039).
    """

    prefix = "code-"

    @property
    def waits(self) -> list[timedelta]:
        return settings.SECOND_FACTOR_WAITS

    def settle(self, count: FailureCount, now: datetime) -> None:
        pass


PASSWORDS, CODES = Lockout(), CodeLockout()


@dataclass(frozen=True)
class LeakyBucket:
    """For an address and a RUC, which many users share: ``size`` failures in each period.

    The counter decrements evenly over the period, so that a wait is never long.
    """

    size: int
    period: timedelta

    @property
    def share(self) -> timedelta:
        """The time in which the counter decrements by one."""
        return self.period / self.size

    def settle(self, count: FailureCount, now: datetime) -> None:
        leaked = max(0, (now - count.since) // self.share)
        if leaked >= count.failures:
            count.failures, count.since = 0, now
        else:
            count.failures -= leaked
            count.since += leaked * self.share

    def opens_at(self, count: FailureCount) -> datetime | None:
        return count.since + self.share if count.failures >= self.size else None

    def add(self, count: FailureCount, now: datetime) -> None:
        count.failures += 1


# What is counted -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """What a failure counts for: the key of a FailureCount row, and the rule for that row.

    ``account`` is the digest of the account whose lock the row is part of; empty if it is shared.
    """

    kind: str
    digest: str
    rule: Lockout | LeakyBucket
    account: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.digest}"

    def opens_at(self, count: FailureCount, now: datetime) -> datetime | None:
        """When the next guess is allowed; None if it is now. Updates the count to ``now``."""
        self.rule.settle(count, now)
        opens_at = self.rule.opens_at(count)
        return opens_at if opens_at and opens_at > now else None


def digest(*parts: str) -> str:
    """A MAC of bounded length: the table reveals nothing of what was typed."""
    return salted_hmac("users.throttle", repr(parts), algorithm="sha256").hexdigest()[:32]


def account_key(ruc: str, username: str, lockout: Lockout = PASSWORDS) -> Key:
    """The key of an account, the same for all spellings of its name. Staff have an empty RUC."""
    # Longer than any existing name, and short enough to fold.
    typed = username.strip()[:200]
    name = unicodedata.normalize("NFKC", typed).casefold().strip()
    account = digest("account", normalise_ruc(ruc), name)
    return Key(f"{lockout.prefix}account", account, lockout, account)


def key_of(user: User) -> Key:
    """The key for wrong passwords of an existing account."""
    return account_key(user.operator.ruc if user.operator else "", user.username)


def device_key(account: Key, name: str) -> Key:
    """The key of an account in a known browser (``users.signin.devices``)."""
    own = digest("device", account.digest, name)
    return Key(f"{account.rule.prefix}device", own, account.rule, account.digest)


def ruc_key(ruc: str) -> Key:
    """The key that all accounts of an operator share."""
    bucket = LeakyBucket(settings.SIGN_IN_FAILURES_PER_RUC, timedelta(hours=1))
    return Key("ruc", digest("ruc", normalise_ruc(ruc)), bucket)


def address_key(address: str) -> Key:
    """The key of the failures of an address."""
    bucket = LeakyBucket(settings.SIGN_IN_FAILURES_PER_ADDRESS, timedelta(minutes=1))
    return Key("address", digest("address", _network(address)), bucket)


def practice_key(address: str) -> Key:
    """The key of the practice companies that an address creates (``users.actions.practice``)."""
    bucket = LeakyBucket(settings.PRACTICE_COMPANIES_PER_ADDRESS, timedelta(hours=1))
    return Key("practice", digest("practice", _network(address)), bucket)


def _network(address: str) -> str:
    """An IPv4 address, or the /64 network of an IPv6 address.

    A client with one IPv6 address can use the 2**64 of its network.
    """
    return str(ip_network((address, 64 if ":" in address else 32), strict=False))


def refusals(
    keys: Iterable[Key], counts: dict[str, FailureCount], now: datetime
) -> dict[Key, datetime]:
    """The keys that refuse the next guess, and when each allows it. Updates the counts to ``now``.

    A RUC at its limit refuses only the accounts that have failures of their own: a stranger who
    guesses at one name must not keep a whole operator out (docs/decisions/0010).
    """
    opens_at = {key: key.opens_at(counts[str(key)], now) for key in keys if str(key) in counts}
    has_failures = any(key.account and counts[str(key)].failures for key in opens_at)
    return {key: at for key, at in opens_at.items() if at and (has_failures or key.kind != "ruc")}


def keys_that_lock(user: User, key_of_ruc: Callable[[str], Key] = ruc_key) -> list[Key]:
    """The keys that lock an account in a new browser: its passwords, its codes and its RUC."""
    passwords = key_of(user)
    codes = replace(passwords, kind=f"{CODES.prefix}account", rule=CODES)
    return [passwords, codes, *([key_of_ruc(user.operator.ruc)] if user.operator else [])]
