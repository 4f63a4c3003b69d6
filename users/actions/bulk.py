"""Create and correct many accounts in one transaction: what the single actions do."""

from django.contrib.auth.hashers import identify_hasher
from django.core.exceptions import PermissionDenied
from django.db import transaction

from operators.models import Operator
from users import tenancy
from users.actions.accounts import (
    EDITABLE_FIELDS,
    STATE_ACTIONS,
    data_change,
    editable_facts,
    refuse_state,
    state_change,
    user_facts,
)
from users.history.recording import Actor, entry, record_all
from users.models import AuditEntry, KnownAccounts, Session, User


@transaction.atomic
def load_accounts(
    *, actor: Actor, operator: Operator, new: list[User], changed: list[tuple[User, dict]]
) -> None:
    """Make and correct many secondary users of one operator: what the single actions would do.

    ``new`` are accounts not yet saved, their claves already hashed by whoever checked them;
    ``changed`` are under the caller's lock, as they stand there, each with what shall be other of
    its EDITABLE_FIELDS and state. Each leaves the entries of the single actions. Raises
    PermissionDenied for a principal, ValidationError for the first account that breaks a rule, and
    IntegrityError for one that somebody else made meanwhile.
    """
    tenancy.require_administrator_of(actor.user, operator)
    uniqueness = KnownAccounts(
        operator,
        [user.username for user in new],
        [user.document_number for user in new]
        + [facts.get("document_number", user.document_number) for user, facts in changed],
    )
    entries = _load_new(actor, operator, new, uniqueness)
    for user, facts in changed:
        tenancy.require_power_over(actor.user, user)
        if user.is_principal:
            raise PermissionDenied("La carga es de usuarios secundarios.")
        entries += _load_change(actor, operator, user, facts, uniqueness)
    closing = [user for user, _ in changed if user.state != User.State.ACTIVE]
    Session.objects.filter(user__in=closing).delete()
    record_all(entries)


def _load_new(
    actor: Actor, operator: Operator, new: list[User], uniqueness: KnownAccounts
) -> list[AuditEntry]:
    """Write the new accounts; returns their entries, the ones of the single actions in turn."""
    for user in new:
        user.operator, user.uniqueness = operator, uniqueness
        user.full_clean(exclude=["password", "operator"], validate_constraints=False)
        # A clave that nobody hashed must not get into the table.
        identify_hasher(user.password)
        user.index()
    User.objects.bulk_create(new)
    entries = []
    for user in new:
        made = {**user_facts(user), "state": User.State.ACTIVE}
        entries.append(
            entry("user.created", actor=actor, operator=operator, subject=user, after=made)
        )
        facts = editable_facts(user)
        always = {**facts, "valid_from": "", "valid_until": ""}
        entries += _entries_of_change(actor, user, always, User.State.ACTIVE)
    return entries


def _load_change(
    actor: Actor, operator: Operator, user: User, facts: dict, uniqueness: KnownAccounts
) -> list[AuditEntry]:
    before, state = editable_facts(user), user.state
    refuse_state(user, facts.get("state", state))
    for field, value in facts.items():
        setattr(user, field, value)
    user.operator, user.uniqueness = operator, uniqueness
    if not facts.keys().isdisjoint(EDITABLE_FIELDS):
        user.full_clean(exclude=["password", "operator"], validate_constraints=False)
    user.save(update_fields=[*facts])
    return _entries_of_change(actor, user, before, state)


def _entries_of_change(actor: Actor, user: User, before: dict, state: str) -> list[AuditEntry]:
    """The entries of what became other than these facts and this state."""
    entries = []
    if (change := data_change(actor, user, before, editable_facts(user)))["after"]:
        entries.append(entry("user.changed", **change))
    if user.state != state:
        entries.append(entry(STATE_ACTIONS[user.state], **state_change(actor, user, state)))
    return entries
