"""Deshacer: take back the last change of an account's state, options or roles."""

from django.db import transaction

from profiles.actions.grants import assign_options, assign_roles
from users import tenancy
from users.actions import accounts
from users.history.recording import Actor
from users.models import AuditEntry, User
from users.stale import StaleError

STATES = {"user.suspended", "user.reactivated"}
GRANTS = {"options.assigned": assign_options, "roles.assigned": assign_roles}


def last_change(user: User) -> AuditEntry | None:
    """Return the entry that can be taken back: the last one about the user, if it is of that kind.

    Whatever was done to the user afterwards, were it a new validity, would be lost with it.
    """
    latest = AuditEntry.objects.filter(subject=user).order_by("-at", "-pk").first()
    return latest if latest and latest.action in STATES | {*GRANTS} else None


@transaction.atomic
def undo(*, actor: Actor, user: User, seen: int) -> AuditEntry:
    """Take back the change of that entry, which the screen showed, and return the entry.

    What comes back is granted anew: from now on, without days of validity. Raises StaleError if
    anything was done to the user since; NotOfferedError for a code that is no longer offered;
    PermissionDenied for an actor without power over the user.
    """
    tenancy.require_power_over(actor.user, user)
    tenancy.lock_account(user)
    entry = last_change(user)
    if entry is None or entry.pk != seen:
        raise StaleError(entry)
    if entry.action in STATES:
        state = User.State(entry.before["state"])
        accounts.change_states(actor=actor, users=[user], state=state)
    else:
        before, after = entry.before["codes"], entry.after["codes"]
        GRANTS[entry.action](actor=actor, user=user, codes=before, seen=after)
    return entry
