"""The limits on guesses: by which rule failures lock, and against which keys they are counted."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.conf import settings
from django.utils.crypto import salted_hmac

from operators.validators import normalise_ruc
from users.models import FailureCount, User

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


def device_key(account: Key, name: str) -> Key:
    """Of an account in one browser that it used."""
    own = digest("device", account.digest, name)
    return Key(f"{account.rule.prefix}device", own, account.rule, account.digest)


def ruc_key(ruc: str) -> Key:
    pool = Pool(settings.SIGN_IN_FAILURES_PER_RUC, timedelta(hours=1))
    return Key("ruc", digest("ruc", normalise_ruc(ruc)), pool)


def address_key(address: str) -> Key:
    # Whoever has one IPv6 address has the 2**64 of its network.
    network = ip_network((address, 64 if ":" in address else 32), strict=False)
    pool = Pool(settings.SIGN_IN_FAILURES_PER_ADDRESS, timedelta(minutes=1))
    return Key("address", digest("address", str(network)), pool)


def keys_that_lock(user: User, key_of_ruc: Callable[[str], Key] = ruc_key) -> list[Key]:
    claves = key_of(user)
    codes = replace(claves, kind=f"{CODES.prefix}account", rule=CODES)
    return [claves, codes, *([key_of_ruc(user.operator.ruc)] if user.operator else [])]
