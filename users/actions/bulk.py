"""Create and correct many accounts in one transaction, by the rules of the single actions."""

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
from users.models import AuditEntry, KnownAccounts, Session, User, delete_in_order


@transaction.atomic
def load_accounts(
    *, actor: Actor, operator: Operator, new: list[User], changed: list[tuple[User, dict]]
) -> None:
    """Create and correct many secondary users of one operator.

    ``new`` are unsaved accounts whose passwords the caller has checked and hashed; ``changed`` are
    rows that the caller has locked, each with the new values of its EDITABLE_FIELDS and state.
    Each leaves the audit entries of the single actions. Raises PermissionDenied for an actor
    without power over the operator and for a changed account that is not a secondary user of it,
    ValidationError for the first account that breaks a rule, and IntegrityError for one that
    another transaction created.
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
        if user.is_principal or user.operator_id != operator.pk:
            raise PermissionDenied("La carga es de usuarios secundarios de la empresa.")
        entries += _load_change(actor, operator, user, facts, uniqueness)
    closing = [user for user, _ in changed if user.state != User.State.ACTIVE]
    delete_in_order(Session.objects.filter(user__in=closing))
    record_all(entries)


def _load_new(
    actor: Actor, operator: Operator, new: list[User], uniqueness: KnownAccounts
) -> list[AuditEntry]:
    """Insert the new accounts; return their audit entries in the order of the single actions."""
    for user in new:
        user.operator, user.uniqueness = operator, uniqueness
        user.full_clean(exclude=["password", "operator"], validate_constraints=False)
        # Raise ValueError for a password that is not hashed.
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
    """Write the changes of one account; return their audit entries."""
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
    """Return the audit entries of the account's changes since those facts and that state."""
    entries = []
    if (change := data_change(actor, user, before, editable_facts(user)))["after"]:
        entries.append(entry("user.changed", **change))
    if user.state != state:
        entries.append(entry(STATE_ACTIONS[user.state], **state_change(actor, user, state)))
    return entries
