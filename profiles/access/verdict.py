"""Whether an account may open an option now, and if not, why: one pure function for all screens."""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple, Self

from django.db.models import Q
from django.utils import timezone

from profiles.access.reasons import OF_THE_ACCOUNT, OF_THE_ROLE, ORDER, Reason
from profiles.models import Option, OptionGrant, RoleGrant
from users.models import User, has_ended, has_started


@dataclass(frozen=True)
class Holdings:
    """What an account is and holds at one instant. It is read once; a verdict then costs no query.

    ``options`` and ``roles`` map each granted code to the reason why the grant has no effect, or
    to None when it has effect. ``account`` holds the reasons about the account itself.
    """

    is_principal: bool
    operator_types: frozenset[str]
    options: Mapping[str, Reason | None]
    roles: Mapping[str, Reason | None]
    account: frozenset[Reason] = frozenset()

    @classmethod
    def of(cls, user: User, *, locked: Container[User] = ()) -> Self:
        """Read what one user holds; ``locked`` as in ``of_each``."""
        return cls.of_each([user], locked=locked)[user]

    @classmethod
    def of_each(cls, users: Collection[User], *, locked: Container[User] = ()) -> dict[User, Self]:
        """Read what several users of one operator hold, with as many queries as for one user.

        ``locked`` holds the users who cannot sign in because of failed attempts
        (``users.signin.throttle.locks_of``). A lock stops sign-ins only, so a verdict on an open
        session, or on the grants alone, is made without it.
        """
        if not users:
            return {}
        now = next(iter(users)).operator.now()
        return {
            user: timeline.at(now, is_locked=user in locked)
            for user, timeline in Timeline.of_each(users).items()
        }

    def with_options(self, codes: Iterable[str]) -> Self:
        """Return the same holdings with these options in effect instead of the granted ones."""
        return replace(self, options=dict.fromkeys(codes))


class GrantRow(NamedTuple):
    """A granted option or role, as far as a verdict weighs it."""

    code: str
    effective_at: datetime
    valid_from: date | None = None
    valid_until: date | None = None
    # Whether a role can permit anything in this operator.
    is_usable: bool = True


@dataclass(frozen=True)
class Timeline:
    """What is stored about an account. What the account holds at any instant then costs no query."""

    user: User
    operator_types: frozenset[str]
    # A page reads a thousand: models would cost three times as much.
    options: Sequence[GrantRow]
    roles: Sequence[GrantRow]

    @classmethod
    def of_each(cls, users: Collection[User]) -> dict[User, Self]:
        """Read what is stored about users of one operator, with as many queries as for one user."""
        if not users:
            return {}
        options: dict[int, list] = {user.pk: [] for user in users}
        roles: dict[int, list] = {user.pk: [] for user in users}
        operator = next(iter(users)).operator
        types = frozenset(operator.operator_types.order_by().values_list("code", flat=True))
        columns = "effective_at", "valid_from", "valid_until"
        granted = OptionGrant.objects.filter(user__in=users)
        for user, *row in granted.values_list("user_id", "option_id", *columns):
            options[user].append(GrantRow(*row))
        # A role of a type that the operator no longer has permits nothing.
        is_usable = Q(role__is_retired=False, role__operator_type__in=types)
        granted = RoleGrant.objects.filter(user__in=users).annotate(is_usable=is_usable)
        for user, *row in granted.values_list("user_id", "role_id", *columns, "is_usable"):
            roles[user].append(GrantRow(*row))
        return {user: cls(user, types, options[user.pk], roles[user.pk]) for user in users}

    def at(self, now: datetime, *, is_locked: bool = False) -> Holdings:
        """Return what the account is and holds at an instant of its operator's clock."""
        today = timezone.localdate(now)
        return Holdings(
            is_principal=self.user.is_principal,
            operator_types=self.operator_types,
            options={
                grant.code: without_effect(
                    grant, now, today, Reason.OPTION_NOT_YET_IN_EFFECT, Reason.OPTION_EXPIRED
                )
                for grant in self.options
            },
            roles={
                grant.code: without_effect(
                    grant, now, today, Reason.ROLE_NOT_YET_IN_EFFECT, Reason.ROLE_EXPIRED
                )
                for grant in self.roles
                if grant.is_usable
            },
            account=_account_reasons(self.user, today, is_locked=is_locked),
        )


def _account_reasons(user: User, today: date, *, is_locked: bool) -> frozenset[Reason]:
    """Return the reasons about the account itself, which refuse every option."""
    others = {Reason.LOCKED: is_locked, Reason.CLAVE_TO_BE_CHANGED: user.must_change_password}
    blocks = {Reason[block.value.upper()] for block in user.blocks_on(today)}
    return frozenset(blocks | {reason for reason, holds in others.items() if holds})


def without_effect(
    grant: GrantRow, now: datetime, today: date, pending: Reason, over: Reason
) -> Reason | None:
    """Return why the grant has no effect: ``over`` or ``pending``; None when it has effect."""
    if has_ended(grant.valid_until, today):
        return over
    is_pending = grant.effective_at > now or not has_started(grant.valid_from, today)
    return pending if is_pending else None


@dataclass(frozen=True)
class Verdict:
    """Every reason against, the deepest first; with no reason the option is permitted."""

    reasons: tuple[Reason, ...] = ()

    @property
    def permitted(self) -> bool:
        return not self.reasons

    @property
    def in_menu(self) -> bool:
        """Whether the option is in the account's menu once the account can sign in.

        A granted option is there even while its role is missing: as in the real portal, the
        application refuses, not the menu.
        """
        return set(self.reasons) <= OF_THE_ACCOUNT | OF_THE_ROLE

    @property
    def sentence(self) -> str:
        return self.reasons[0].for_user if self.reasons else ""


def verdict(holdings: Holdings, option: Option) -> Verdict:
    """Decide whether the option may be opened, and return every reason against.

    The option is a leaf that ``Option.objects.for_verdicts`` read, so that no query is needed. A
    principal may open whatever is offered to its operator and needs no role. A secondary user needs
    the option and, if roles act in it, one of them, both in effect (docs/fidelity.md, «Roles»).
    """
    reasons = set(holdings.account)
    if option.is_retired or option.profile.is_retired:
        reasons.add(Reason.RETIRED)
    if not option.type_codes & holdings.operator_types:
        reasons.add(Reason.NOT_OFFERED)
    if not holdings.is_principal:
        reasons.add(holdings.options.get(option.code, Reason.OPTION_NOT_GRANTED))
        if option.role_codes:
            reasons.add(_role_reason(option.role_codes, holdings))
    return Verdict(tuple(sorted(reasons - {None}, key=ORDER.__getitem__)))


def reasons_about_grants(holdings: Holdings, option: Option) -> list[Reason]:
    """Return the reasons about the grants. Screens show the account's own reasons once, apart."""
    return [reason for reason in verdict(holdings, option).reasons if reason not in OF_THE_ACCOUNT]


def _role_reason(acting_roles: frozenset[str], holdings: Holdings) -> Reason | None:
    """Return why no acting role of the option has effect; None when one has."""
    held = {holdings.roles[code] for code in acting_roles & holdings.roles.keys()}
    if None in held:
        return None
    # A role that will take effect comes first: it only needs time.
    nearest = (Reason.ROLE_NOT_YET_IN_EFFECT, Reason.ROLE_EXPIRED)
    return next((reason for reason in nearest if reason in held), Reason.ROLE_MISSING)
