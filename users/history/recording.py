"""The actor of an action, and the audit entry that the action leaves."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Self

from django.db import transaction

from operators.models import Operator
from users.address import client_address
from users.models import AuditEntry, User

logger = logging.getLogger("users.audit")


@dataclass(frozen=True)
class Actor:
    """The account that acts, through which channel and from which address."""

    user: User
    channel: AuditEntry.Channel
    address: str | None = None

    @classmethod
    def server(cls) -> Self:
        """Return the actor of a command: running one needs the server itself, and no account."""
        return cls(User.objects.server(), AuditEntry.Channel.COMMAND)

    @classmethod
    def from_request(cls, request, channel=AuditEntry.Channel.WEB) -> Self:
        """Return the request's user as the actor."""
        return cls(request.user, channel, client_address(request))


def record(action: str, **facts) -> AuditEntry:
    """Save the ``entry`` of an action; call it inside the action's transaction."""
    written = entry(action, **facts)
    written.save(force_insert=True)
    _tell_the_log(written)
    return written


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Save many entries at once; call it inside the action's transaction."""
    for written in AuditEntry.objects.bulk_create(entries):
        _tell_the_log(written)


def entry(
    action: str,
    *,
    actor: Actor,
    operator: Operator | None = None,
    subject: User | None = None,
    before: dict | None = None,
    after: dict | None = None,
) -> AuditEntry:
    """Return the unsaved audit entry of an action."""
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


def _tell_the_log(written: AuditEntry) -> None:
    facts = {
        "action": written.action,
        "channel": written.channel,
        "user": written.actor.username,
        "ruc": written.operator and written.operator.ruc,
        "subject": written.subject and written.subject.username,
    }
    transaction.on_commit(partial(logger.info, written.action, extra={"facts": facts}))
