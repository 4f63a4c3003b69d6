"""Assign options and roles to one account, or to many accounts at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from operators.models import Operator
from profiles.models import Option, OptionGrant, Role, RoleGrant
from users import tenancy
from users.history.recording import Actor, entry, record, record_all
from users.models import User
from users.stale import StaleError


@dataclass(frozen=True)
class Change:
    """The codes added and removed; false when there are none."""

    added: frozenset[str]
    removed: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class NotOfferedError(Exception):
    """The operator is not offered these ``codes``: unknown, a folder, retired, of another type."""

    def __init__(self, codes: frozenset[str]) -> None:
        super().__init__(", ".join(sorted(codes)))
        self.codes = codes


def assign_options(
    *, actor: Actor, user: User, codes: Iterable[str], seen: Iterable[str]
) -> Change:
    """Make ``codes`` the options of the user, all or none.

    ``seen`` are the options that the screen of the choice showed. Raises StaleError with the
    present codes if they have changed since, unless the present codes are already the wanted ones:
    the same form sent twice is idempotent. Raises NotOfferedError for a code that the operator is
    not offered, and PermissionDenied for an actor without power over the user.
    """
    offered = Option.objects.offered_to(user.operator)
    return _assign(OptionGrant, "option_id", "options.assigned", actor, user, codes, seen, offered)


def assign_roles(*, actor: Actor, user: User, codes: Iterable[str], seen: Iterable[str]) -> Change:
    """Make ``codes`` the roles of the user; arguments and errors as in ``assign_options``."""
    offered = Role.objects.offered_to(user.operator)
    return _assign(RoleGrant, "role_id", "roles.assigned", actor, user, codes, seen, offered)


@transaction.atomic
def _assign(grant_model, code_field, action, actor, user, codes, seen, offered) -> Change:
    tenancy.require_power_over(actor.user, user)
    tenancy.lock_account(user)
    wanted, seen = frozenset(codes), frozenset(seen)
    if not_offered := wanted - offered.codes():
        raise NotOfferedError(not_offered)
    grants = grant_model.objects.filter(user=user)
    current = frozenset(grants.values_list(code_field, flat=True))
    if current == wanted:
        return Change(added=wanted - seen, removed=seen - wanted)
    if current != seen:
        raise StaleError(current)
    change = Change(added=wanted - current, removed=current - wanted)
    grants.filter(**{f"{code_field}__in": change.removed}).delete()
    grant_model.objects.bulk_create(
        _new_grants(grant_model, code_field, actor, user, change.added, user.operator.now())
    )
    record(action, **_assigned(actor, user, current, wanted))
    return change


def _new_grants(
    grant_model, code_field: str, actor: Actor, user: User, codes: Iterable[str], now: datetime
) -> list:
    """Return unsaved grants of these codes, granted at one instant."""
    return [
        grant_model(
            user=user,
            granted_by=actor.user,
            granted_at=now,
            effective_at=now + user.operator.activation_delay,
            **{code_field: code},
        )
        for code in sorted(codes)
    ]


def _assigned(actor: Actor, user: User, before: Iterable[str], after: Iterable[str]) -> dict:
    """Return the fields of the history entry of an assignment."""
    return {
        "actor": actor,
        "operator": user.operator,
        "subject": user,
        "before": {"codes": sorted(before)},
        "after": {"codes": sorted(after)},
    }


# A user, the codes that the user has, and the codes that the user shall have.
Assignment = tuple[User, Iterable[str], Iterable[str]]


@transaction.atomic
def load_access(
    *, actor: Actor, operator: Operator, options: list[Assignment], roles: list[Assignment]
) -> None:
    """Assign the options and the roles of many users of one operator, all or none.

    The caller holds the lock on the users, and passes what they have now. Raises NotOfferedError
    for a code that the operator is not offered, and PermissionDenied for an actor without power
    over a user.
    """
    tenancy.require_administrator_of(actor.user, operator)
    offered = Option.objects.offered_to(operator).codes()
    _load(OptionGrant, "option_id", "options.assigned", actor, operator, options, offered)
    offered = Role.objects.offered_to(operator).codes()
    _load(RoleGrant, "role_id", "roles.assigned", actor, operator, roles, offered)


def _load(grant_model, code_field, action, actor, operator, assignments, offered) -> None:
    now, grants, entries = operator.now(), [], []
    for user, before, after in assignments:
        tenancy.require_power_over(actor.user, user)
        before, after = frozenset(before), frozenset(after)
        if not_offered := after - offered:
            raise NotOfferedError(not_offered)
        if removed := before - after:
            grant_model.objects.filter(user=user, **{f"{code_field}__in": removed}).delete()
        grants += _new_grants(grant_model, code_field, actor, user, after - before, now)
        entries.append(entry(action, **_assigned(actor, user, before, after)))
    grant_model.objects.bulk_create(grants)
    record_all(entries)


@transaction.atomic
def assign_access(
    *,
    actor: Actor,
    user: User,
    options: Iterable[str],
    roles: Iterable[str],
    seen_options: Iterable[str],
    seen_roles: Iterable[str],
) -> tuple[Change, Change]:
    """Assign the options and the roles of the user, both or neither.

    Errors as in ``assign_options``.
    """
    common = {"actor": actor, "user": user}
    return (
        assign_options(codes=options, seen=seen_options, **common),
        assign_roles(codes=roles, seen=seen_roles, **common),
    )
