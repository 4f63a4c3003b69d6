"""Set from which day to which day each grant of an account is valid."""

from collections.abc import Mapping
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction

from users import tenancy
from users.history.recording import Actor, record
from users.models import User
from users.stale import StaleError

# By code: the first and the last day of validity; None is an open end.
Days = Mapping[str, tuple[date | None, date | None]]


@transaction.atomic
def set_validity(*, actor: Actor, user: User, options: Days, roles: Days, seen: dict) -> int:
    """Set the days of validity of each grant of the user; return how many grants changed.

    ``options`` and ``roles`` name every grant of the user. ``seen`` is what the screen showed
    (``validity_facts``). Raises StaleError with the present facts if the grants or their days have
    changed since, and ValidationError keyed by code if an end is before its start.
    """
    tenancy.require_power_over(actor.user, user)
    tenancy.lock_account(user)
    before, after = _validity_of(user), {"options": dict(options), "roles": dict(roles)}
    for shown in (seen, after):
        if {kind: set(shown.get(kind, ())) for kind in before} != {
            kind: set(codes) for kind, codes in before.items()
        }:
            raise StaleError(validity_facts(user))
    if before == after:
        return 0
    if (current := validity_facts(user)) != seen:
        raise StaleError(current)
    changed = {
        kind: [code for code in after[kind] if after[kind][code] != before[kind][code]]
        for kind in before
    }
    problems, grants = {}, {"options": user.option_grants, "roles": user.role_grants}
    for kind, field in (("options", "option_id"), ("roles", "role_id")):
        for grant in grants[kind].filter(**{f"{field}__in": changed[kind]}):
            code = getattr(grant, field)
            grant.valid_from, grant.valid_until = after[kind][code]
            if grant.ends_before_it_starts:
                problems[code] = grant.ENDS_BEFORE_IT_STARTS
                continue
            grant.save(update_fields=["valid_from", "valid_until"])
    if problems:
        raise ValidationError(problems)
    record(
        "grants.validity_changed",
        actor=actor,
        operator=user.operator,
        subject=user,
        before={kind: _as_text(before[kind], changed[kind]) for kind in changed if changed[kind]},
        after={kind: _as_text(after[kind], changed[kind]) for kind in changed if changed[kind]},
    )
    return sum(map(len, changed.values()))


def validity_facts(user: User) -> dict[str, dict[str, list[str]]]:
    """Return the days of each grant of the user as text, as the form sends them back."""
    return {kind: _as_text(days, [*days]) for kind, days in _validity_of(user).items()}


def _validity_of(user: User) -> dict[str, Days]:
    days = ("valid_from", "valid_until")
    return {
        "options": {
            code: (start, end)
            for code, start, end in user.option_grants.values_list("option_id", *days)
        },
        "roles": {
            code: (start, end)
            for code, start, end in user.role_grants.values_list("role_id", *days)
        },
    }


def _as_text(days: Days, codes: list[str]) -> dict[str, list[str]]:
    return {code: [str(day or "") for day in days[code]] for code in codes}
