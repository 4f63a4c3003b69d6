"""Create a secondary user together with its validity, options and roles."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from profiles.actions.grants import assign_access
from users import tenancy
from users.actions import accounts
from users.history.recording import Actor
from users.models import User


@sensitive_variables()
def create_user_with_access(
    *,
    actor: Actor,
    username: str,
    password: str,
    creation_key: UUID | None = None,
    valid_from: date | None = None,
    valid_until: date | None = None,
    options: Iterable[str] = (),
    roles: Iterable[str] = (),
    **person: str,
) -> User:
    """Create a secondary user of the actor's operator with all of this, or nothing.

    Raises as ``create_secondary_user``, ``change_user`` and ``assign_access``.
    """
    tenancy.require_principal(actor.user)
    user = User(operator=actor.user.operator, username=username, creation_key=creation_key)
    # It hashes, which no transaction waits for.
    accounts.prepare_account(user, password, person)
    days = {"valid_from": valid_from, "valid_until": valid_until}
    try:
        with transaction.atomic():
            accounts.insert_account(user, actor=actor)
            if any(days.values()):
                seen = accounts.editable_facts(user)
                facts = {field: getattr(user, field) for field in accounts.PERSON_FIELDS}
                accounts.change_user(actor=actor, user=user, seen=seen, **facts, **days)
            access = {"options": options, "roles": roles, "seen_options": (), "seen_roles": ()}
            assign_access(actor=actor, user=user, **access)
    except IntegrityError:
        # Another transaction took the usuario or the document after full_clean: ask it again.
        user.pk = None
        user.full_clean(exclude=["password"], validate_constraints=False)
        raise
    # They were written to the locked row.
    user.valid_from, user.valid_until = valid_from, valid_until
    return user
