"""May this account open this option now, and if not, why: one pure function, used everywhere."""

from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from profiles.access.reasons import OF_THE_ACCOUNT, OF_THE_ROLE, ORDER, Reason
from profiles.models import Grant, Option, OptionGrant, RoleGrant
from users.models import User


@dataclass(frozen=True)
class Holdings:
    """What an account is and holds at one instant, read once: a verdict then costs no query.

    ``options`` and ``roles`` say of each code why it has no effect, or None when it has.
    """

    is_principal: bool
    operator_types: frozenset[str]
    options: Mapping[str, Reason | None]
    roles: Mapping[str, Reason | None]
    account: frozenset[Reason] = frozenset()

    @classmethod
    def of(cls, user: User, *, locked: Container[User] = ()) -> Self:
        return cls.of_each([user], locked=locked)[user]

    @classmethod
    def of_each(cls, users: Collection[User], *, locked: Container[User] = ()) -> dict[User, Self]:
        """Of several users of one operator, by as many queries as of one.

        ``locked`` holds the users who cannot sign in because of failed attempts
        (``users.signin.throttle.locks_of``). A lock stops sign-ins only, so a verdict on an open
        session, or on the grants alone, is made without it.
        """
        options: dict[int, dict] = {user.pk: {} for user in users}
        roles: dict[int, dict] = {user.pk: {} for user in users}
        if not users:
            return {}
        operator = next(iter(users)).operator
        now = operator.now()
        types = frozenset(operator.operator_types.values_list("code", flat=True))
        for grant in OptionGrant.objects.filter(user__in=users):
            options[grant.user_id][grant.option_id] = without_effect(
                grant, now, Reason.OPTION_NOT_YET_IN_EFFECT, Reason.OPTION_EXPIRED
            )
        # A role of a type that the operator no longer has permits nothing.
        for grant in RoleGrant.objects.filter(
            user__in=users, role__is_retired=False, role__operator_type__in=types
        ):
            roles[grant.user_id][grant.role_id] = without_effect(
                grant, now, Reason.ROLE_NOT_YET_IN_EFFECT, Reason.ROLE_EXPIRED
            )
        return {
            user: cls(
                is_principal=user.is_principal,
                operator_types=types,
                options=options[user.pk],
                roles=roles[user.pk],
                account=_obstacles(user, is_locked=user in locked),
            )
            for user in users
        }

    def with_options(self, codes: Iterable[str]) -> Self:
        """The same account as it would be with these options in effect instead of its own."""
        return replace(self, options=dict.fromkeys(codes))


def _obstacles(user: User, *, is_locked: bool) -> frozenset[Reason]:
    """What keeps the account from anything at all."""
    others = {Reason.LOCKED: is_locked, Reason.CLAVE_TO_BE_CHANGED: user.must_change_password}
    blocks = {Reason[block.value.upper()] for block in user.blocks}
    return frozenset(blocks | {reason for reason, holds in others.items() if holds})


def without_effect(grant: Grant, now: datetime, pending: Reason, over: Reason) -> Reason | None:
    if grant.is_over(now):
        return over
    return pending if grant.is_pending(now) else None


@dataclass(frozen=True)
class Verdict:
    """Permitted when there is no reason against it; else every reason, the deepest first."""

    reasons: tuple[Reason, ...] = ()

    @property
    def permitted(self) -> bool:
        return not self.reasons

    @property
    def in_menu(self) -> bool:
        """Whether the option stands in the account's menu, once it can sign in.

        A granted option does even while its role is missing, as in the real portal: the
        application is what refuses.
        """
        return set(self.reasons) <= OF_THE_ACCOUNT | OF_THE_ROLE

    @property
    def sentence(self) -> str:
        return self.reasons[0].for_user if self.reasons else ""


def verdict(holdings: Holdings, option: Option) -> Verdict:
    """Decide on a leaf whose profile, operator types and roles are at hand.

    A principal holds whatever is offered to its operator and needs no role; a secondary user needs
    the option and, where roles act in it, one of them (docs/fidelity.md, «Roles»), both in effect.
    """
    reasons = set(holdings.account)
    offered_to = {operator_type.code for operator_type in option.operator_types.all()}
    if option.is_retired or option.profile.is_retired:
        reasons.add(Reason.RETIRED)
    if not offered_to & holdings.operator_types:
        reasons.add(Reason.NOT_OFFERED)
    if not holdings.is_principal:
        reasons.add(holdings.options.get(option.code, Reason.OPTION_NOT_GRANTED))
        if acting_roles := {role.code for role in option.roles.all()}:
            reasons.add(_role_obstacle(acting_roles, holdings))
    return Verdict(tuple(sorted(reasons - {None}, key=ORDER.__getitem__)))


def obstacles_of_the_grants(holdings: Holdings, option: Option) -> list[Reason]:
    """The reasons but for what keeps the account out altogether: that is said once."""
    return [reason for reason in verdict(holdings, option).reasons if reason not in OF_THE_ACCOUNT]


def _role_obstacle(acting_roles: set[str], holdings: Holdings) -> Reason | None:
    """Why none of the roles that act in an option helps; None when one does."""
    held = {holdings.roles[code] for code in acting_roles & holdings.roles.keys()}
    if None in held:
        return None
    # What is about to take effect needs no more than patience.
    nearest = (Reason.ROLE_NOT_YET_IN_EFFECT, Reason.ROLE_EXPIRED)
    return next((reason for reason in nearest if reason in held), Reason.ROLE_MISSING)
