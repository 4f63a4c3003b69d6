"""Who acts and from where, and the entry that each action leaves."""

from dataclasses import dataclass
from typing import Self

from operators.models import Operator
from users.address import client_address
from users.models import AuditEntry, User


@dataclass(frozen=True)
class Actor:
    """The account that acts, through which channel and from which address."""

    user: User
    channel: AuditEntry.Channel
    address: str | None = None

    @classmethod
    def from_request(cls, request, channel=AuditEntry.Channel.WEB) -> Self:
        return cls(request.user, channel, client_address(request))


def record(
    action: str,
    *,
    actor: Actor,
    operator: Operator | None,
    subject: User | None = None,
    before: dict | None = None,
    after: dict | None = None,
) -> AuditEntry:
    """Write the entry of an action; call it inside the action's own transaction."""
    return AuditEntry.objects.create(
        action=action,
        actor=actor.user,
        channel=actor.channel,
        address=actor.address,
        operator=operator,
        subject=subject,
        before=before or {},
        after=after or {},
    )
