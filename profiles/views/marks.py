"""Options marked in step 2 and not saved yet: a signed text in the address (docs/decisions/0073).

So that every state of the step is a page of its own, and nothing waits on the server.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Self

from django.core import signing

from profiles.models import Option
from users.models import User


@dataclass(frozen=True)
class Marks:
    """The codes that are marked, and those that were granted when the screen was first shown."""

    marked: frozenset[str]
    seen: frozenset[str]

    def dumps(self, account: User) -> str:
        """Return the marks as text: one bit for each option of the catalogue."""
        every = _every_code()
        bits = [f"{_bits(codes, every):x}" for codes in (self.marked, self.seen)]
        return _signer(account, every).sign_object(bits, compress=True)

    @classmethod
    def loads(cls, text: str, account: User) -> Self | None:
        """Return what ``dumps`` wrote; None if it did not, or if the catalogue has grown since."""
        every = _every_code()
        try:
            bits = _signer(account, every).unsign_object(text)
        except signing.BadSignature:
            return None
        return cls(*(_codes(int(number, 16), every) for number in bits))


def _every_code() -> list[str]:
    """The code of every option, retired ones included: a bit keeps its place while it lasts."""
    return sorted(Option.objects.filter(is_folder=False).values_list("code", flat=True))


def _signer(account: User, every: list[str]) -> signing.Signer:
    """A signature that holds for this account and for the catalogue as it is."""
    catalog = zlib.crc32(" ".join(every).encode())
    return signing.Signer(salt=f"profiles.marks {account.pk} {catalog}")


def _bits(codes: Collection[str], every: list[str]) -> int:
    return sum(1 << place for place, code in enumerate(every) if code in codes)


def _codes(bits: int, every: list[str]) -> frozenset[str]:
    return frozenset(code for place, code in enumerate(every) if bits >> place & 1)
