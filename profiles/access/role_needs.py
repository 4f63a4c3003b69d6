"""Which roles the options of a user ask for: what each role opens, and the smallest set of roles."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from profiles.access.reasons import OF_THE_ROLE, Reason
from profiles.access.verdict import Holdings, reasons_about_grants
from profiles.models import Option, Role

# An option with no other reason than these works as soon as one of its roles has effect.
ANSWERED_BY_A_ROLE = OF_THE_ROLE | {Reason.OPTION_NOT_YET_IN_EFFECT}


@dataclass
class RoleNeed:
    """Options that ask for the same roles, and those roles, in catalogue order."""

    options: list[Option]
    roles: list[Role]
    # Whether one of the roles that a screen shows as marked opens the options.
    is_met: bool = False

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(role.code for role in self.roles)


def needs_of(
    holdings: Holdings, granted: Iterable[Option], offered: Collection[Role]
) -> list[RoleNeed]:
    """Return the granted options that ask for a role, by those of ``offered`` that act in them.

    Whether the account itself is suspended, or has a temporary password, does not matter here.
    """
    needs = {}
    for option in granted:
        acting = option.role_codes
        if acting and set(reasons_about_grants(holdings, option)) <= ANSWERED_BY_A_ROLE:
            roles = [role for role in offered if role.code in acting]
            need = needs.setdefault(tuple(role.code for role in roles), RoleNeed([], roles))
            need.options.append(option)
    return [*needs.values()]


def expired_roles(holdings: Holdings) -> frozenset[str]:
    """Return the held roles that open nothing any more, though they are still marked."""
    return frozenset(
        code for code, reason in holdings.roles.items() if reason is Reason.ROLE_EXPIRED
    )


def smallest_roles(
    needs: Iterable[RoleNeed], *, without: Collection[str], reach: Mapping[str, int]
) -> frozenset[str]:
    """Return the fewest roles by which every option works that an offered role can open.

    ``without`` are roles that open nothing. Of the sets that are equally small, the one with the
    least ``reach``, the number of options that each role opens in the catalogue: the least power.
    """
    return _smallest_of({need.codes - frozenset(without) for need in needs}, reach)


def roles_for(options: Iterable[Option], reach: Mapping[str, int]) -> frozenset[str]:
    """Return the fewest roles by which all these options work, of the roles that ``reach`` names."""
    return _smallest_of({frozenset(option.role_codes & reach.keys()) for option in options}, reach)


def _smallest_of(needs: set[frozenset[str]], reach: Mapping[str, int]) -> frozenset[str]:
    unmet = needs - {frozenset()}
    # What meets a need meets every need that contains it.
    narrowest = {codes for codes in unmet if not any(other < codes for other in unmet)}
    return frozenset().union(*(_smallest(group, reach) for group in _groups(narrowest)))


def _groups(needs: Iterable[frozenset[str]]) -> list[list[frozenset[str]]]:
    """Return the needs in groups without a common role: each group is met on its own."""
    groups = []
    for need in needs:
        touched = [group for group in groups if any(need & other for other in group)]
        groups = [group for group in groups if group not in touched]
        groups.append([need, *chain.from_iterable(touched)])
    return groups


def _smallest(needs: Iterable[frozenset[str]], reach: Mapping[str, int]) -> frozenset[str]:
    in_order, size = sorted(needs, key=lambda codes: (len(codes), sorted(codes))), 0
    while not (sets := set(_sets(in_order, frozenset(), size))):
        size += 1
    return min(sets, key=lambda codes: (sum(reach[code] for code in codes), sorted(codes)))


def _sets(
    needs: list[frozenset[str]], chosen: frozenset[str], left: int
) -> Iterator[frozenset[str]]:
    """Yield the sets of ``left`` more codes that meet all needs: one code for the first unmet."""
    unmet = next((need for need in needs if not need & chosen), None)
    if unmet is None:
        yield chosen
    elif left:
        for code in sorted(unmet):
            yield from _sets(needs, chosen | {code}, left - 1)
