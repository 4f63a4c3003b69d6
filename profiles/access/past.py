"""What each account held at a past instant, computed from the history.

Only recorded facts are known: the state, the options, the roles and their days. Whether an option
worked also depended on the catalogue of that day, and the catalogue has no history.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Self

from django.db.models import Exists, OuterRef
from django.utils import timezone

from operators.models import Operator
from users.models import AuditEntry, User

GRANTS = {"options.assigned": "options", "roles.assigned": "roles"}
STATES = ("user.created", "user.suspended", "user.reactivated", "user.eliminated")
VALIDITY = "grants.validity_changed"

# By code: the first and the last day of validity, as text; an empty text is an open end.
Days = dict[str, tuple[str, str]]


@dataclass
class PastAccess:
    """The state and the grants of one account; without a state it did not exist yet."""

    state: User.State | None = None
    options: Days = field(default_factory=dict)
    roles: Days = field(default_factory=dict)

    def follow(self, entry: AuditEntry) -> Self:
        """Apply one entry of the history, in place, and return the same object."""
        if entry.action in STATES:
            self.state = User.State(entry.after["state"])
        elif entry.action in GRANTS:
            held = getattr(self, GRANTS[entry.action])
            days = {code: held.get(code, ("", "")) for code in entry.after["codes"]}
            setattr(self, GRANTS[entry.action], days)
        else:
            for kind, days in entry.after.items():
                getattr(self, kind).update({code: tuple(ends) for code, ends in days.items()})
        return self


def end_of(day: date) -> datetime:
    """Return the end of a day of the site's time zone, in real time, as the history uses."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def access_at(users: Collection[User], instant: datetime) -> dict[User, PastAccess]:
    """Return what these accounts held just before the instant, with one query for all."""
    past = {user.pk: PastAccess() for user in users}
    for entry in _entries_before(instant).filter(subject__in=users):
        past[entry.subject_id].follow(entry)
    return {user: past[user.pk] for user in users}


def users_at(operator: Operator, instant: datetime):
    """Return the operator's secondary users that existed just before the instant.

    Users eliminated by then are left out.
    """
    entries = AuditEntry.objects.filter(subject=OuterRef("pk"), at__lt=instant)
    return User.objects.secondary().filter(
        Exists(entries.filter(action="user.created")),
        ~Exists(entries.filter(action="user.eliminated")),
        operator=operator,
    )


def _entries_before(instant: datetime) -> Iterator[AuditEntry]:
    return AuditEntry.objects.filter(
        action__in=[*STATES, *GRANTS, VALIDITY], at__lt=instant
    ).order_by("at", "pk")
