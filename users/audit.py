"""Who acts and from where, and the entry that each action leaves."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from operators.models import Operator
from users.models import AuditEntry, User


@dataclass(frozen=True)
class Actor:
    """The account that acts, through which channel and from which address."""

    user: User
    channel: AuditEntry.Channel
    address: str | None = None

    @classmethod
    def from_request(cls, request, channel=AuditEntry.Channel.WEB) -> Self:
        return cls(request.user, channel, request.META.get("REMOTE_ADDR") or None)


def record(action: str, **facts) -> AuditEntry:
    """Write the ``entry`` of an action; call it inside the action's own transaction."""
    written = entry(action, **facts)
    written.save(force_insert=True)
    return written


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Write many at once, under the same terms."""
    AuditEntry.objects.bulk_create(entries)


def entry(
    action: str,
    *,
    actor: Actor,
    operator: Operator,
    subject: User | None = None,
    before: dict | None = None,
    after: dict | None = None,
) -> AuditEntry:
    """What an action leaves in the history, not yet written."""
    return AuditEntry(
        action=action,
        actor=actor.user,
        channel=actor.channel,
        address=actor.address,
        operator=operator,
        subject=subject,
        before=before or {},
        after=after or {},
    )
