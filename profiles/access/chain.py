"""The chain from an account to what it may do: Cuenta, Opción, Rol; and where it is broken."""

from collections.abc import Sequence
from dataclasses import dataclass

from profiles.access.reasons import OF_THE_ACCOUNT, OF_THE_ROLE, ORDER, Reason
from profiles.access.verdict import Verdict

NOT_OF_THE_OPTION = OF_THE_ACCOUNT | OF_THE_ROLE
OF_THE_OPTION = frozenset(reason for reason in Reason if reason not in NOT_OF_THE_OPTION)
LINKS = {"Cuenta": OF_THE_ACCOUNT, "Opción": OF_THE_OPTION, "Rol": OF_THE_ROLE}


@dataclass(frozen=True)
class Link:
    """A link of the chain, judged by the verdicts on some options."""

    name: str
    # What breaks the link for any of the options, the deepest reason first.
    reasons: tuple[Reason, ...]
    # For how many of the options the link is broken.
    broken: int
    options: int

    @property
    def state(self) -> str:
        """``holds``, ``broken`` for all options, or ``partial``."""
        if not self.broken:
            return "holds"
        return "broken" if self.broken == self.options else "partial"


def chain(verdicts: Sequence[Verdict]) -> list[Link]:
    """Return the links that these verdicts judge, at least one verdict, in the order of the chain."""
    links = []
    for name, kind in LINKS.items():
        found = [kind.intersection(decision.reasons) for decision in verdicts]
        reasons = sorted(frozenset().union(*found), key=ORDER.__getitem__)
        links.append(Link(name, tuple(reasons), sum(map(bool, found)), len(verdicts)))
    return links
