"""Who acts and from where, and the entry that each action leaves."""

import logging
from dataclasses import dataclass
from functools import partial
from typing import Self

from django.db import transaction

from operators.models import Operator
from users.address import client_address
from users.models import AuditEntry, User

logger = logging.getLogger(__name__)


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
    facts = {
        "action": action,
        "channel": actor.channel,
        "user": actor.user.username,
        "ruc": operator and operator.ruc,
        "subject": subject and subject.username,
    }
    transaction.on_commit(partial(logger.info, action, extra={"facts": facts}))
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
