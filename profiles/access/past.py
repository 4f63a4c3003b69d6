"""What each account held at an instant gone by, put together from the history.

Only what was recorded can be told: the state, the options and the roles and their days. Whether an
option worked then depended on the catalogue of that day too, of which there is no history.
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

# From which day to which day, as text, by code; an empty end is open.
Days = dict[str, tuple[str, str]]


@dataclass
class PastAccess:
    """What one account was and held; without a state it was not there yet."""

    state: User.State | None = None
    options: Days = field(default_factory=dict)
    roles: Days = field(default_factory=dict)

    def follow(self, entry: AuditEntry) -> Self:
        """Bring it to what it was after this entry."""
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
    """The instant at which a day of the site's time zone is over, in real time as the history."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def access_at(users: Collection[User], instant: datetime) -> dict[User, PastAccess]:
    """What these accounts held just before the instant, by one query however many they are."""
    past = {user.pk: PastAccess() for user in users}
    for entry in _entries_before(instant).filter(subject__in=users):
        past[entry.subject_id].follow(entry)
    return {user: past[user.pk] for user in users}


def users_at(operator: Operator, instant: datetime):
    """The operator's secondary users who were there just before the instant."""
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
